// Which servers devices trust: authorities of certificates, or single public keys, in a certificate or raw.
import { ok } from "@coracle/base";
import type { CertificateType, PeerVerifier } from "@coracle/dtls";
import { trustVerifier } from "@coracle/dtls/io";
import { ExitError } from "@coracle/lifecycle";
import { certificatePublicKey, readTextFile, systemClock, verifyEcdsa } from "@coracle/runtime";

/** What is trusted, and how a client says so. */
export interface ServerTrust {
  readonly verifyPeer: PeerVerifier;
  /** Kinds of keys to ask for, best first. */
  readonly serverCertificateTypes: readonly CertificateType[];
}

const FILE_SIZE_BYTES_MAX = 1024 * 1024;
const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/;

/** `undefined` if no file is given: then suites with certificates are not offered. */
export async function readServerTrust(
  caFiles: readonly string[],
  keyFiles: readonly string[],
): Promise<ServerTrust | undefined> {
  if (caFiles.length + keyFiles.length === 0) return undefined;
  const ca = await Promise.all(caFiles.map((path) => readTextFile(path, FILE_SIZE_BYTES_MAX)));
  const keys = await Promise.all(keyFiles.map((path) => readPublicKey(path)));
  const rawPublicKeys = new Map(keys.map((key, index) => [keyFiles[index] ?? "", key]));
  const authorities = trustVerifier({ ca, rawPublicKeys, clock: systemClock, usage: "server" });
  return {
    verifyPeer: (presented, serverName) => {
      const [leaf] = presented.kind === "x509" ? presented.chain : [];
      const shown = leaf === undefined ? undefined : certificatePublicKey(leaf);
      const known = keys.findIndex((key) => shown !== undefined && isEqual(key, shown));
      return known >= 0 ? ok(keyFiles[known] ?? "") : authorities(presented, serverName);
    },
    serverCertificateTypes: [...(keys.length > 0 ? (["raw-public-key"] as const) : []), "x509"],
  };
}

async function readPublicKey(path: string): Promise<Uint8Array> {
  const [, base64 = ""] = PUBLIC_KEY.exec(await readTextFile(path, FILE_SIZE_BYTES_MAX)) ?? [];
  const key = decodeBase64(base64.replace(/\s/g, ""));
  if (key === undefined || !isP256(key)) throw new ExitError(`Cannot use ${path}: it holds no P-256 public key in PEM`);
  return key;
}

/** SubjectPublicKeyInfo of P-256 (RFC 5480): always the same 26 bytes before an uncompressed point. */
function isP256(key: Uint8Array): boolean {
  return key.length === 91 && key[26] === 4 && !verifyEcdsa(key, "sha256", new Uint8Array(0), new Uint8Array(0));
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return text === "" ? undefined : Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
