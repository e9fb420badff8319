// Cluster MAC keys of one management session: the two keys behind the usual six parts of its key expansion.
import { type CryptoProvider, cipherSuiteByName } from "@coracle/dtls";
import type { ClusterMacKeys, KeyedHash } from "../cluster-mac.ts";

/** Bytes asked for behind the key block: two keys of the longest cipher. A shorter one uses the first of them. */
export const MAC_KEY_MATERIAL_SIZE_BYTES = 64;

/** Client's key, then server's, each as long as the cipher's; a node signs with the key of its own role. */
export function clusterMacKeys(
  crypto: CryptoProvider,
  session: { readonly suite: string; readonly extraKeys: Uint8Array; readonly role: "client" | "server" },
): ClusterMacKeys | undefined {
  const suite = cipherSuiteByName(session.suite);
  if (suite === undefined || session.extraKeys.length < 2 * suite.keySizeBytes) return undefined;
  const keyed = (index: number): KeyedHash => {
    const key = session.extraKeys.slice(index * suite.keySizeBytes, (index + 1) * suite.keySizeBytes);
    return (data) => crypto.hmac(suite.hash, key, data);
  };
  const [client, server] = [keyed(0), keyed(1)];
  return session.role === "client" ? { sign: client, verify: server } : { sign: server, verify: client };
}
