// Cluster MAC keys of one management session, cut from its key expansion where Californium cuts them: it takes the server's IV and
// does not step over it, so the client's cluster key begins with that IV (releases 2.5 to 3.14).
import { type CryptoProvider, cipherSuiteByName } from "@coracle/dtls";
import type { ClusterMacKeyMaterial, ClusterMacKeys } from "../cluster-mac.ts";

/** Bytes asked for from the server's IV on: two keys of the longest cipher. A shorter one uses the first of them. */
export const MAC_KEY_MATERIAL_SIZE_BYTES = 64;

/** Client's key, then server's, each as long as the cipher's; a node signs with the key of its own role. */
export function clusterMacKeys(
  crypto: CryptoProvider,
  session: { readonly suite: string; readonly extraKeys: Uint8Array; readonly role: "client" | "server" },
): ClusterMacKeys | undefined {
  const suite = cipherSuiteByName(session.suite);
  if (suite === undefined || session.extraKeys.length < 2 * suite.keySizeBytes) return undefined;
  const keyAt = (index: number): Uint8Array =>
    session.extraKeys.slice(index * suite.keySizeBytes, (index + 1) * suite.keySizeBytes);
  const [own, other] = session.role === "client" ? [0, 1] : [1, 0];
  return clusterMacKeysOf(crypto, { hash: suite.hash, sign: keyAt(own), verify: keyAt(other) });
}

/** The keyed hashes of key material. */
export function clusterMacKeysOf(crypto: CryptoProvider, material: ClusterMacKeyMaterial): ClusterMacKeys {
  const { hash, sign, verify } = material;
  return { sign: crypto.keyedHash(hash, sign), verify: crypto.keyedHash(hash, verify), material };
}
