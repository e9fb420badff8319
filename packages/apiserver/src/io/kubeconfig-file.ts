// A kubeconfig for one server and one client certificate (client-go clientcmd/api v1).
import { stringify } from "yaml";
import type { KeyPairPem } from "./pki/certificate-authority.ts";

/** What goes into a kubeconfig. */
export interface KubeconfigParts {
  readonly serverUrl: string;
  readonly authorityPem: string;
  readonly client: KeyPairPem;
  readonly userName: string;
}

/** The file's text. */
export function kubeconfigText(parts: KubeconfigParts): string {
  const name = "coracle";
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server: parts.serverUrl, "certificate-authority-data": btoa(parts.authorityPem) } }],
    users: [
      {
        name: parts.userName,
        user: { "client-certificate-data": btoa(parts.client.cert), "client-key-data": btoa(parts.client.key) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: parts.userName } }],
  });
}
