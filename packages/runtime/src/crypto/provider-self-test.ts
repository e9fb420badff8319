// What a native provider must show before it is used: published vectors, and agreement with the composed one.
import type { AeadCipher, AeadName } from "./aead-types.ts";
import type { RecordCryptoProvider } from "./provider-types.ts";
import { messageOf } from "../runtime-error.ts";

interface Vector {
  readonly name: AeadName;
  readonly key: string;
  readonly nonce: string;
  readonly additional: string;
  readonly plaintext: string;
  readonly sealed: string;
}

/** NIST SP 800-38C example 3 and test case 4 of the GCM specification. */
const VECTORS: readonly Vector[] = [
  {
    name: "aes-128-ccm-8",
    key: "404142434445464748494a4b4c4d4e4f",
    nonce: "101112131415161718191a1b",
    additional: "000102030405060708090a0b0c0d0e0f10111213",
    plaintext: "202122232425262728292a2b2c2d2e2f3031323334353637",
    sealed: "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951",
  },
  {
    name: "aes-128-gcm",
    key: "feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    plaintext:
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    sealed:
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47",
  },
];
const NAMES: readonly AeadName[] = [
  "aes-128-ccm-8",
  "aes-256-ccm-8",
  "aes-128-ccm",
  "aes-256-ccm",
  "aes-128-gcm",
  "aes-256-gcm",
];
/** More than is worked on byte by byte, nothing, parts of blocks. Few: this code is not compiled yet when a process starts. */
const SIZES: readonly number[] = [100, 0, 33];

/** What is wrong with `native`; `undefined` if it can be used. Takes a few milliseconds. */
export function providerFailure(native: RecordCryptoProvider, known: RecordCryptoProvider): string | undefined {
  try {
    for (const vector of VECTORS) {
      if (!matches(native, vector)) return `${native.description} does not reproduce the published ${vector.name}`;
    }
    for (const name of NAMES) {
      if (!agree(native, known, name)) return `${native.description} and ${known.description} differ in ${name}`;
    }
    if (!hashesAgree(native, known)) return `${native.description} and ${known.description} differ in HMAC-SHA256`;
    return undefined;
  } catch (error) {
    return `${native.description} fails its test: ${messageOf(error)}`;
  }
}

function matches(native: RecordCryptoProvider, vector: Vector): boolean {
  const cipher = native.aead(vector.name, bytesOf(vector.key));
  const plaintext = bytesOf(vector.plaintext);
  const [nonce, additional] = [bytesOf(vector.nonce), bytesOf(vector.additional)];
  const sealed = seal(cipher, { nonce, additional, plaintext });
  const opened = new Uint8Array(plaintext.length);
  const isOpened = cipher.open({ nonce, additional, bytes: sealed, start: 0, end: sealed.length }, opened);
  cipher.close();
  return isOpened && equal(sealed, bytesOf(vector.sealed)) && equal(opened, plaintext);
}

/** What each seals the other opens, and a forgery neither. One key for all sizes: a cipher's state must not show. */
function agree(native: RecordCryptoProvider, known: RecordCryptoProvider, name: AeadName): boolean {
  const key = counted(name.startsWith("aes-256") ? 32 : 16, 7);
  const [ours, theirs] = [native.aead(name, key), known.aead(name, key)];
  // The algorithms of a mode differ in the sizes of key and tag alone.
  const isAgreed = SIZES.slice(name === NAMES[0] ? 0 : -1).every((size) => {
    const [nonce, additional, plaintext] = [counted(12, size), counted(13 + (size % 23), 3), counted(size, 5)];
    const sealed = seal(ours, { nonce, additional, plaintext });
    if (!equal(sealed, seal(theirs, { nonce, additional, plaintext }))) return false;
    const opened = new Uint8Array(size);
    const message = { nonce, additional, bytes: sealed, start: 0, end: sealed.length };
    if (!ours.open(message, opened) || !equal(opened, plaintext)) return false;
    const at = (size * 3) % sealed.length;
    sealed[at] = (sealed[at] as number) ^ 1;
    return !ours.open(message, opened);
  });
  ours.close();
  theirs.close();
  return isAgreed;
}

function hashesAgree(native: RecordCryptoProvider, known: RecordCryptoProvider): boolean {
  const key = counted(16, 9);
  const [ours, theirs] = [native.keyedHash("sha256", key), known.keyedHash("sha256", key)];
  return SIZES.every((size) => {
    const data = counted(size, 1);
    return equal(ours(data), theirs(data));
  });
}

function seal(
  cipher: AeadCipher,
  { nonce, additional, plaintext }: { nonce: Uint8Array; additional: Uint8Array; plaintext: Uint8Array },
): Uint8Array {
  const bytes = new Uint8Array(plaintext.length + cipher.tagSizeBytes);
  bytes.set(plaintext);
  cipher.seal({ nonce, additional, bytes, start: 0, end: plaintext.length });
  return bytes;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Bytes that differ from each other, other ones for another `step`. */
function counted(size: number, step: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index + 1) * (2 * step + 1));
}
