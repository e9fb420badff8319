// What DTLS needs of cryptography, as a synchronous interface: pure code is given one, `@coracle/dtls/io` has the real one.

/** The hash functions of the cipher suites. */
export type HashName = "sha256" | "sha384" | "sha512";

/** The AEAD algorithms of the cipher suites; the number at the end is the tag size in bytes when it is not 16. */
export type AeadName =
  "aes-128-ccm-8" | "aes-256-ccm-8" | "aes-128-ccm" | "aes-256-ccm" | "aes-128-gcm" | "aes-256-gcm";

/** The groups of key agreement (RFC 8422 §5.1.1). */
export type GroupName = "secp256r1" | "x25519";

/** What a cipher works on; filled again for every record. */
export interface AeadMessage {
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  readonly additional: Uint8Array;
  /** The text lies in `bytes[start, end)`: plaintext to seal, or ciphertext with its tag to open. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** One key in use for authenticated encryption with 12-byte nonces. */
export interface AeadCipher {
  /** Bytes that `seal` adds. */
  readonly tagSizeBytes: number;
  /** Encrypts the text in place and writes the tag behind `end`, where `bytes` has room for it. */
  seal(message: AeadMessage): void;
  /** Writes the plaintext to the start of `out`; false if the tag is wrong, compared in constant time. */
  open(message: AeadMessage, out: Uint8Array): boolean;
  /** Gives up what is kept for the key. The cipher is not used again. */
  close(): void;
}

/** A keyed digest under one key. What it answers is good until its next call. */
export type KeyedHash = (data: Uint8Array) => Uint8Array;

/** One ephemeral key pair. */
export interface KeyShare {
  /** 65 bytes uncompressed for P-256, 32 for X25519. */
  readonly publicKey: Uint8Array;
  /** The shared secret; `undefined` if the peer's point is invalid. */
  agree(peerPublicKey: Uint8Array): Uint8Array | undefined;
}

/** A private P-256 key that can only sign. */
export interface SigningKey {
  /** SubjectPublicKeyInfo of its public half, DER. */
  readonly publicKey: Uint8Array;
  /** ECDSA in DER form over the hash of `data`. */
  sign(hash: HashName, data: Uint8Array): Uint8Array;
}

/** AES on whole blocks, each by itself. */
export interface AesBlock {
  encrypt(blocks: Uint8Array): Uint8Array;
  decrypt(blocks: Uint8Array): Uint8Array;
}

/** Every primitive a handshake and its records use. Nothing here is random: the machines draw from their own source. */
export interface CryptoProvider {
  hash(name: HashName, data: Uint8Array): Uint8Array;
  hmac(name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array;
  /** For a key that digests much: what depends on the key alone is done once. */
  keyedHash(name: HashName, key: Uint8Array): KeyedHash;
  aead(name: AeadName, key: Uint8Array): AeadCipher;
  aesBlock(key: Uint8Array): AesBlock;
  /** A key pair of 32 random bytes; `undefined` if they are no valid private key, then draw again. */
  keyShare(group: GroupName, privateKey: Uint8Array): KeyShare | undefined;
  /** Checks an ECDSA P-256 signature against a SubjectPublicKeyInfo. */
  verify(publicKey: Uint8Array, hash: HashName, data: Uint8Array, signature: Uint8Array): boolean;
  /** SubjectPublicKeyInfo of a certificate in DER; `undefined` if it cannot be parsed. */
  certificatePublicKey(der: Uint8Array): Uint8Array | undefined;
  constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean;
}
