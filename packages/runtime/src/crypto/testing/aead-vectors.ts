// Published vectors of AES-CCM and AES-GCM with 12-byte nonces, and some that OpenSSL's own modes gave where none are published.
import type { AeadName } from "../aead-types.ts";

/** One message and what it becomes. */
export interface AeadVector {
  readonly name: AeadName;
  readonly source: string;
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly additional: Uint8Array;
  readonly plaintext: Uint8Array;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
}

const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const GCM_NONCE = hex("cafebabefacedbaddecaf888");
const GCM_ADDITIONAL = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
const GCM_PLAINTEXT = hex(
  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
);

const PUBLISHED: readonly AeadVector[] = [
  {
    name: "aes-128-ccm-8",
    source: "NIST SP 800-38C, example 3",
    key: hex("404142434445464748494a4b4c4d4e4f"),
    nonce: hex("101112131415161718191a1b"),
    additional: hex("000102030405060708090a0b0c0d0e0f10111213"),
    plaintext: hex("202122232425262728292a2b2c2d2e2f3031323334353637"),
    sealed: hex("e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951"),
  },
  {
    name: "aes-128-ccm-8",
    source: "Finished of a client, Mbed TLS 3.6.6",
    key: hex("88ecb478c72860e25282d0745fa906ad"),
    nonce: hex("4c37de350001000000000000"),
    additional: hex("ffffffffffffffff190619fefd00010000000000002a0b0c0d0e0f0020"),
    plaintext: hex("1400000c000300000000000c3a00bdffde3bac7927982f321600000000000000"),
    sealed: hex("722fa3724a841f6d2c617a8ccbd0bd60e9c697e0ca17a21e40dab66b58e3264493004868125f0156"),
  },
  {
    name: "aes-128-gcm",
    source: "test case 4 of the specification of GCM",
    key: hex("feffe9928665731c6d6a8f9467308308"),
    nonce: GCM_NONCE,
    additional: GCM_ADDITIONAL,
    plaintext: GCM_PLAINTEXT,
    sealed: hex(
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47",
    ),
  },
  {
    name: "aes-256-gcm",
    source: "test case 16 of the specification of GCM",
    key: hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
    nonce: GCM_NONCE,
    additional: GCM_ADDITIONAL,
    plaintext: GCM_PLAINTEXT,
    sealed: hex(
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
    ),
  },
];

/** Counts up: byte i is `first + step * i`. */
const counted = (sizeBytes: number, first: number, step = 1): Uint8Array =>
  Uint8Array.from({ length: sizeBytes }, (_, index) => first + step * index);

function ofOpenssl(name: AeadName, additionalSize: number, plaintextSize: number, sealed: string): AeadVector {
  return {
    name,
    source: "OpenSSL 3",
    key: counted(name.startsWith("aes-256") ? 32 : 16, 0),
    nonce: counted(12, 0x40),
    additional: counted(additionalSize, 0x80),
    plaintext: counted(plaintextSize, 0, 3),
    sealed: hex(sealed),
  };
}

/** What every provider has to reproduce. */
export const AEAD_VECTORS: readonly AeadVector[] = [
  ...PUBLISHED,
  ofOpenssl(
    "aes-128-ccm-8",
    29,
    40,
    "708cab2793b63a2187dc7a2c052ec1b1b0899eb5bdbc11ec7782998ab37696534b688fb755c5abf6a469e9cf134e13be",
  ),
  ofOpenssl(
    "aes-256-ccm-8",
    13,
    33,
    "f98f164d87e3f15e9492d7e1ebbc433078df3a16f480c71918242b83d550073bafeb278e793871f87a",
  ),
  ofOpenssl("aes-128-ccm", 23, 20, "708cab2793b63a2187dc7a2c052ec1b1b0899eb5126538d5bb73a5dc24e4aadeea4ed85d"),
  ofOpenssl(
    "aes-256-ccm",
    29,
    50,
    "f98f164d87e3f15e9492d7e1ebbc433078df3a16f480c71918242b83d550073baff86b9027e80b03b6fb99d8b37a3c22b2bdc73d1f8b1646d254e1b577a6eccd421e",
  ),
];
