// The files a kube-apiserver under test is started with: authorities, certificates, keys, tokens, a kubeconfig.
import { randomBytes } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CertificatePair, createSigningKey, createTestAuthority, type TestAuthority } from "./certificates.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "./temporary-folder.ts";

/** What {@link writeCredentials} made. */
export interface Credentials {
  /** A folder of its own below the system's temporary one, readable by its owner alone. */
  readonly folder: string;
  readonly kubeconfigPath: string;
  /** Authority of the server's own certificate. */
  readonly serving: TestAuthority;
  /** Authority of the clients' certificates. */
  readonly clients: TestAuthority;
  readonly admin: CertificatePair;
  readonly adminToken: string;
  /** The key the server signs service-account tokens with, PEM. */
  readonly signingKeyPem: string;
  /** Writes the administrator's kubeconfig for a server at `url` behind `caPem`. */
  writeKubeconfig(url: string, caPem: string): Promise<void>;
  /** Puts a serving certificate of a fresh authority in place, as a rotation does; returns the authority. */
  replaceServing(): Promise<string>;
}

const SERVER_HOSTS = ["127.0.0.1", "localhost", "kubernetes.default.svc", "10.0.0.1"];

/** Makes all credentials of one server below a new temporary folder. */
export async function writeCredentials(): Promise<Credentials> {
  const folder = await makeTemporaryFolder("coracle-kube-apiserver-");
  try {
    return await fill(folder);
  } catch (error) {
    await removeTemporaryFolder(folder);
    throw error;
  }
}

async function fill(folder: string): Promise<Credentials> {
  const [serving, clients, frontProxy] = await Promise.all([
    createTestAuthority("serving-ca"),
    createTestAuthority("client-ca"),
    createTestAuthority("front-proxy-ca"),
  ]);
  const [admin, proxyClient, server] = await Promise.all([
    clients.issue({ commonName: "admin", organizations: ["system:masters"], usage: "client" }),
    frontProxy.issue({ commonName: "front-proxy-client", usage: "client" }),
    issueServing(serving),
  ]);
  const signing = createSigningKey();
  const adminToken = randomBytes(24).toString("base64url");
  await writeAll(folder, {
    "serving.crt": server.certPem,
    "serving.key": server.keyPem,
    "client-ca.crt": clients.caPem,
    "front-proxy-ca.crt": frontProxy.caPem,
    "front-proxy-client.crt": proxyClient.certPem,
    "front-proxy-client.key": proxyClient.keyPem,
    "service-account.pub": signing.publicPem,
    "service-account.key": signing.privatePem,
    "tokens.csv": `${adminToken},token-admin,token-admin,"system:masters"\n`,
  });
  const kubeconfigPath = join(folder, "admin.kubeconfig");
  return {
    folder,
    kubeconfigPath,
    serving,
    clients,
    admin,
    adminToken,
    signingKeyPem: signing.privatePem,
    writeKubeconfig: (url, caPem) =>
      writeAll(folder, { "admin.kubeconfig": kubeconfig({ url, caPem, client: admin }) }),
    replaceServing: () => replaceServing(folder),
  };
}

function issueServing(authority: TestAuthority): Promise<CertificatePair> {
  return authority.issue({ commonName: "kube-apiserver", usage: "server", hosts: SERVER_HOSTS });
}

async function replaceServing(folder: string): Promise<string> {
  const authority = await createTestAuthority("serving-ca-next");
  const server = await issueServing(authority);
  // The server loads the pair only when both halves fit, so the moment between the two writes does no harm.
  await writeAll(folder, { "serving.key": server.keyPem, "serving.crt": server.certPem });
  return authority.caPem;
}

async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await writeFile(`${path}.next`, text, { mode: 0o600 });
    await rename(`${path}.next`, path);
  }
}

/** A kubeconfig with one cluster, one user and one context, everything in line. */
export function kubeconfig(o: {
  readonly url: string;
  readonly caPem: string;
  readonly client?: CertificatePair;
  readonly token?: string;
}): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const user: Record<string, string> = {};
  if (o.client !== undefined) {
    user["client-certificate-data"] = base64(o.client.certPem);
    user["client-key-data"] = base64(o.client.keyPem);
  }
  if (o.token !== undefined) user["token"] = o.token;
  // JSON is YAML.
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "peer", cluster: { server: o.url, "certificate-authority-data": base64(o.caPem) } }],
      users: [{ name: "admin", user }],
      contexts: [{ name: "peer", context: { cluster: "peer", user: "admin" } }],
      "current-context": "peer",
    },
    null,
    2,
  )}\n`;
}
