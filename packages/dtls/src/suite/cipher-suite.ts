// The cipher suites offered (RFC 6655, RFC 7251, RFC 5487, RFC 5289, RFC 8442) and what each is made of.
import type { AeadName, HashName } from "../crypto-provider.ts";

/** How a suite agrees on its premaster secret. */
export type KeyExchange = "psk" | "ecdhe-psk" | "ecdhe-ecdsa";

/** One cipher suite. All are AEAD with a 4-byte fixed and an 8-byte explicit nonce. */
export interface CipherSuite {
  readonly name: string;
  /** The IANA number. */
  readonly code: number;
  readonly keyExchange: KeyExchange;
  readonly aead: AeadName;
  readonly keySizeBytes: 16 | 32;
  readonly tagSizeBytes: 8 | 16;
  /** The hash of its PRF and transcript. */
  readonly hash: HashName;
}

/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 §3.3). */
export const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff;

function suite(name: string, code: number, keyExchange: KeyExchange, aead: AeadName): CipherSuite {
  return {
    name,
    code,
    keyExchange,
    aead,
    keySizeBytes: aead.startsWith("aes-256") ? 32 : 16,
    tagSizeBytes: aead.endsWith("ccm-8") ? 8 : 16,
    hash: aead === "aes-256-gcm" ? "sha384" : "sha256",
  };
}

/** Every suite, in the order preferred where nothing else is configured: forward secrecy first, then short tags. */
export const CIPHER_SUITES: readonly CipherSuite[] = [
  suite("ECDHE_ECDSA_WITH_AES_128_CCM_8", 0xc0ae, "ecdhe-ecdsa", "aes-128-ccm-8"),
  suite("ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b, "ecdhe-ecdsa", "aes-128-gcm"),
  suite("ECDHE_ECDSA_WITH_AES_128_CCM", 0xc0ac, "ecdhe-ecdsa", "aes-128-ccm"),
  suite("ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 0xc02c, "ecdhe-ecdsa", "aes-256-gcm"),
  suite("ECDHE_ECDSA_WITH_AES_256_CCM_8", 0xc0af, "ecdhe-ecdsa", "aes-256-ccm-8"),
  suite("ECDHE_ECDSA_WITH_AES_256_CCM", 0xc0ad, "ecdhe-ecdsa", "aes-256-ccm"),
  suite("ECDHE_PSK_WITH_AES_128_CCM_8_SHA256", 0xd003, "ecdhe-psk", "aes-128-ccm-8"),
  suite("ECDHE_PSK_WITH_AES_128_GCM_SHA256", 0xd001, "ecdhe-psk", "aes-128-gcm"),
  suite("ECDHE_PSK_WITH_AES_128_CCM_SHA256", 0xd005, "ecdhe-psk", "aes-128-ccm"),
  suite("ECDHE_PSK_WITH_AES_256_GCM_SHA384", 0xd002, "ecdhe-psk", "aes-256-gcm"),
  suite("PSK_WITH_AES_128_CCM_8", 0xc0a8, "psk", "aes-128-ccm-8"),
  suite("PSK_WITH_AES_128_GCM_SHA256", 0x00a8, "psk", "aes-128-gcm"),
  suite("PSK_WITH_AES_128_CCM", 0xc0a4, "psk", "aes-128-ccm"),
  suite("PSK_WITH_AES_256_GCM_SHA384", 0x00a9, "psk", "aes-256-gcm"),
  suite("PSK_WITH_AES_256_CCM_8", 0xc0a9, "psk", "aes-256-ccm-8"),
  suite("PSK_WITH_AES_256_CCM", 0xc0a5, "psk", "aes-256-ccm"),
];

const BY_CODE: ReadonlyMap<number, CipherSuite> = new Map(CIPHER_SUITES.map((entry) => [entry.code, entry]));
const BY_NAME: ReadonlyMap<string, CipherSuite> = new Map(CIPHER_SUITES.map((entry) => [entry.name, entry]));

/** The suite with an IANA number, if it is one of ours. */
export function cipherSuiteByCode(code: number): CipherSuite | undefined {
  return BY_CODE.get(code);
}

/** The suite with a name as in {@link CIPHER_SUITES}, with or without the prefix `TLS_`. */
export function cipherSuiteByName(name: string): CipherSuite | undefined {
  return BY_NAME.get(name.replace(/^TLS_/, ""));
}
