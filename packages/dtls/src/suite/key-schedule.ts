// From premaster secret to record keys: the PRF (RFC 5246 §5), master secret (§8.1, RFC 7627 §4), key block (§6.3).
import type { CryptoProvider, HashName } from "../crypto-provider.ts";
import type { CipherSuite } from "./cipher-suite.ts";

/** Bytes of a master secret. */
export const MASTER_SECRET_SIZE = 48;
/** Bytes of verify_data in Finished. */
export const VERIFY_DATA_SIZE = 12;
/** Bytes of the fixed part of an AEAD nonce. */
export const FIXED_IV_SIZE = 4;

/** Both hello randoms. */
export interface HelloRandoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** Keys of one direction. */
export interface DirectionKeys {
  readonly key: Uint8Array;
  /** Four bytes in front of the explicit nonce. */
  readonly iv: Uint8Array;
}

/** What the key block is cut into; AEAD suites have no MAC keys. */
export interface KeyBlock {
  readonly client: DirectionKeys;
  readonly server: DirectionKeys;
  /** The same expansion from the server's IV on; for keys of a protocol above. Californium's cluster MAC begins there. */
  readonly extra: Uint8Array;
}

/** `sizeBytes` of P_hash(secret, label + seed). */
export function prf(
  crypto: CryptoProvider,
  hash: HashName,
  input: { readonly secret: Uint8Array; readonly label: string; readonly seed: Uint8Array },
  sizeBytes: number,
): Uint8Array {
  const seed = concat(new TextEncoder().encode(input.label), input.seed);
  const out = new Uint8Array(sizeBytes);
  let a = seed;
  for (let at = 0; at < sizeBytes;) {
    a = crypto.hmac(hash, input.secret, a);
    const block = crypto.hmac(hash, input.secret, concat(a, seed));
    out.set(block.subarray(0, Math.min(block.length, sizeBytes - at)), at);
    at += block.length;
  }
  return out;
}

/** The master secret: over the session hash if extended (RFC 7627 §4), else over both randoms. */
export function masterSecret(
  crypto: CryptoProvider,
  hash: HashName,
  premaster: Uint8Array,
  seed: { readonly sessionHash: Uint8Array } | { readonly randoms: HelloRandoms },
): Uint8Array {
  const input =
    "sessionHash" in seed
      ? { secret: premaster, label: "extended master secret", seed: seed.sessionHash }
      : { secret: premaster, label: "master secret", seed: concat(seed.randoms.client, seed.randoms.server) };
  return prf(crypto, hash, input, MASTER_SECRET_SIZE);
}

/** The keys of both directions, and `extraSizeBytes` bytes of the same expansion from the server's IV on. */
export function keyBlock(
  crypto: CryptoProvider,
  suite: CipherSuite,
  secret: { readonly master: Uint8Array; readonly randoms: HelloRandoms },
  extraSizeBytes = 0,
): KeyBlock {
  const key = suite.keySizeBytes;
  const ivs = 2 * key;
  const serverIv = ivs + FIXED_IV_SIZE;
  const size = serverIv + Math.max(FIXED_IV_SIZE, extraSizeBytes);
  const seed = concat(secret.randoms.server, secret.randoms.client);
  const block = prf(crypto, suite.hash, { secret: secret.master, label: "key expansion", seed }, size);
  return {
    client: { key: block.slice(0, key), iv: block.slice(ivs, serverIv) },
    server: { key: block.slice(key, ivs), iv: block.slice(serverIv, serverIv + FIXED_IV_SIZE) },
    extra: block.slice(serverIv, serverIv + extraSizeBytes),
  };
}

/** verify_data of the Finished message of one side over the hash of the messages before it (RFC 5246 §7.4.9). */
export function verifyData(
  crypto: CryptoProvider,
  hash: HashName,
  sender: "client" | "server",
  input: { readonly master: Uint8Array; readonly transcriptHash: Uint8Array },
): Uint8Array {
  const label = sender === "client" ? "client finished" : "server finished";
  return prf(crypto, hash, { secret: input.master, label, seed: input.transcriptHash }, VERIFY_DATA_SIZE);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
