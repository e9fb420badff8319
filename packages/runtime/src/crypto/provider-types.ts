// What a provider of record cryptography offers: the operations that are done for every record and every frame.
import type { AeadCipher, AeadName } from "./aead-types.ts";
import type { HashName } from "./hash.ts";

/** A keyed digest under one key (RFC 2104). What it answers is good until its next call. */
export type KeyedHash = (data: Uint8Array) => Uint8Array;

/** One way to do it. */
export interface RecordCryptoProvider {
  readonly name: "libcrypto" | "composed";
  readonly description: string;
  aead(name: AeadName, key: Uint8Array): AeadCipher;
  keyedHash(name: HashName, key: Uint8Array): KeyedHash;
}
