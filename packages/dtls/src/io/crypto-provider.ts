// The crypto provider over the runtime's primitives.
import {
  certificatePublicKey,
  composedProvider,
  constantTimeEqual,
  createAead,
  createAesBlock,
  createKeyedHash,
  createKeyShare,
  hashBytes,
  hmacBytes,
  verifyEcdsa,
} from "@coracle/runtime";
import type { CryptoProvider } from "../crypto-provider.ts";

/** What this process does best: libcrypto for records where the system has it, node:crypto for the rest. */
export const systemCrypto: CryptoProvider = {
  hash: hashBytes,
  hmac: hmacBytes,
  keyedHash: createKeyedHash,
  aead: createAead,
  aesBlock: createAesBlock,
  keyShare: createKeyShare,
  verify: verifyEcdsa,
  certificatePublicKey,
  constantTimeEqual,
};

/** The same without libcrypto: what is left where the system has none. AES-CCM is composed, as neither runtime has it. */
export const composedCrypto: CryptoProvider = {
  ...systemCrypto,
  keyedHash: (name, key) => composedProvider.keyedHash(name, key),
  aead: (name, key) => composedProvider.aead(name, key),
};
