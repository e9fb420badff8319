// The command line of the kube-apiserver under test, and how a test changes it.
import { join } from "node:path";
import type { Credentials } from "./credentials.ts";

/** Who issues service-account tokens, and the audience of the server itself; what kubeadm writes. */
export const SERVICE_ACCOUNT_ISSUER = "https://kubernetes.default.svc.cluster.local";

/** Flags by name without dashes; a list repeats the flag, null leaves it out. */
export type FlagValues = Readonly<Record<string, string | readonly string[] | null>>;

/** The arguments of kube-apiserver: the harness's defaults with `overrides` laid over them. */
export function commandLine(
  credentials: Credentials,
  place: { readonly port: number; readonly etcdUrl: string },
  overrides: FlagValues,
): string[] {
  const file = (name: string): string => join(credentials.folder, name);
  const flags: FlagValues = {
    "etcd-servers": place.etcdUrl,
    "bind-address": "127.0.0.1",
    "secure-port": String(place.port),
    "cert-dir": file("certificates"),
    "tls-cert-file": file("serving.crt"),
    "tls-private-key-file": file("serving.key"),
    "client-ca-file": file("client-ca.crt"),
    "token-auth-file": file("tokens.csv"),
    "authorization-mode": "RBAC",
    "service-account-issuer": SERVICE_ACCOUNT_ISSUER,
    "service-account-key-file": file("service-account.pub"),
    "service-account-signing-key-file": file("service-account.key"),
    "requestheader-client-ca-file": file("front-proxy-ca.crt"),
    "requestheader-allowed-names": "front-proxy-client",
    "requestheader-username-headers": "X-Remote-User",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "proxy-client-cert-file": file("front-proxy-client.crt"),
    "proxy-client-key-file": file("front-proxy-client.key"),
    "service-cluster-ip-range": "10.0.0.0/24",
    // No Endpoints object for the server itself: a loopback address is not allowed in one.
    "endpoint-reconciler-type": "none",
    // Pods would be refused until a controller, which does not run here, has made their service account.
    "disable-admission-plugins": "ServiceAccount",
    // Nothing here runs for hours; leave the CPU to the tests.
    profiling: "false",
    v: "1",
    ...overrides,
  };
  return Object.entries(flags).flatMap(([name, value]) => {
    if (value === null) return [];
    return typeof value === "string" ? [`--${name}=${value}`] : value.map((one) => `--${name}=${one}`);
  });
}
