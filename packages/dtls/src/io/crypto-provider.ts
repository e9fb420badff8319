// The crypto provider over the runtime's primitives.
import {
  certificatePublicKey,
  constantTimeEqual,
  createAead,
  createAesBlock,
  createKeyShare,
  hashBytes,
  hmacBytes,
  verifyEcdsa,
} from "@coracle/runtime";
import type { CryptoProvider } from "../crypto-provider.ts";

/** Node's crypto interface on Bun and Deno; AES-CCM is composed, as neither has it. */
export const systemCrypto: CryptoProvider = {
  hash: hashBytes,
  hmac: hmacBytes,
  aead: createAead,
  aesBlock: createAesBlock,
  keyShare: createKeyShare,
  verify: verifyEcdsa,
  certificatePublicKey,
  constantTimeEqual,
};
