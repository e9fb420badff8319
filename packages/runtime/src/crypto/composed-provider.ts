// The provider that is always there: node:crypto as the runtime has it, and what it lacks composed of what it has.
import { AesCcm } from "./aes-ccm.ts";
import { AesGcm } from "./aes-gcm.ts";
import { checkKey } from "./aead-key.ts";
import type { AeadCipher, AeadName } from "./aead-types.ts";
import { composedKeyedHash } from "./composed-keyed-hash.ts";
import { NodeCcmStreams } from "./node-ccm-streams.ts";
import type { RecordCryptoProvider } from "./provider-types.ts";

/** AES-CCM of two long-lived cipher objects, AES-GCM of an object per record. */
export const composedProvider: RecordCryptoProvider = {
  name: "composed",
  description: "node:crypto",
  aead: composedAead,
  keyedHash: composedKeyedHash,
};

function composedAead(name: AeadName, key: Uint8Array): AeadCipher {
  checkKey(name, key);
  const own = key.slice();
  switch (name) {
    case "aes-128-ccm-8":
    case "aes-256-ccm-8":
      return new AesCcm(8, () => new NodeCcmStreams(own));
    case "aes-128-ccm":
    case "aes-256-ccm":
      return new AesCcm(16, () => new NodeCcmStreams(own));
    case "aes-128-gcm":
    case "aes-256-gcm":
      return new AesGcm(own);
  }
}
