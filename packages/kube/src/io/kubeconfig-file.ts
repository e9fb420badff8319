// One kubeconfig file as data (clientcmd.k8s.io/v1 Config): clusters, users and contexts with paths made absolute.
import { parseDocument } from "yaml";
import { type Impersonation, KubeConfigError, type KubeConfigErrorCode } from "./client-config.ts";
import { EXEC_API_VERSIONS, type ExecInteractiveMode, type ExecPlugin } from "./exec-plugin.ts";
import { YamlFields } from "./yaml-fields.ts";

/** PEM in line (decoded from base64) or a path; in-line wins where both are given. */
export interface PemReference {
  readonly data?: string;
  readonly path?: string;
}

/** A `clusters[]` entry. */
export interface KubeconfigCluster {
  readonly server: string | undefined;
  readonly certificateAuthority: PemReference;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName: string | undefined;
  readonly proxyUrl: string | undefined;
  readonly disableCompression: boolean;
  /** `extensions[]` by name. */
  readonly extensions: ReadonlyMap<string, unknown>;
}

/** A `users[]` entry. */
export interface KubeconfigUser {
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly clientCertificate: PemReference;
  readonly clientKey: PemReference;
  readonly exec: Omit<ExecPlugin, "cluster"> | undefined;
  /** Name of a built-in provider of old versions, which nothing supports any more. */
  readonly authProvider: string | undefined;
  /** The exec stanza asks for `KUBERNETES_EXEC_INFO.spec.cluster`. */
  readonly provideClusterInfo: boolean;
  readonly impersonate: Impersonation | undefined;
}

/** A `contexts[]` entry. */
interface KubeconfigContext {
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  readonly namespace: string | undefined;
}

/** The parts of a kubeconfig that matter here. The same shape holds one file and the merge of several. */
export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, Defined<KubeconfigCluster>>;
  readonly users: ReadonlyMap<string, Defined<KubeconfigUser>>;
  readonly contexts: ReadonlyMap<string, Defined<KubeconfigContext>>;
  readonly currentContext: string | undefined;
}

/** A named entry with the file that defined it. */
export interface Defined<T> {
  readonly value: T;
  readonly path: string;
}

/** Entries of one kind in one file. Cloud accounts list hundreds, never thousands. */
const ENTRIES_MAX = 10_000;

/**
 * Parses the text of the kubeconfig at `path`. Relative paths in it become absolute, seen from its folder.
 * Throws {@link KubeConfigError} (UNPARSABLE, INVALID) naming the file.
 */
export function parseKubeconfig(text: string, path: string): Kubeconfig {
  const root = new YamlFields(parseYaml(text, path), "config", path);
  const kind = root.text("kind");
  if (kind !== undefined && kind !== "Config")
    throw root.invalid("kind", `must be Config, current value is ${JSON.stringify(kind)}`);
  return {
    clusters: entries(root, "cluster", path, (fields) => parseCluster(fields, path)),
    users: entries(root, "user", path, (fields) => parseUser(fields, path)),
    contexts: entries(root, "context", path, (fields) => ({
      cluster: fields.text("cluster"),
      user: fields.text("user"),
      namespace: fields.text("namespace"),
    })),
    currentContext: root.text("current-context"),
  };
}

function parseYaml(text: string, path: string): unknown {
  const fail = (code: KubeConfigErrorCode, detail: string, cause?: unknown): never => {
    throw new KubeConfigError(code, `Cannot parse kubeconfig "${path}": ${detail}`, { path, cause });
  };
  const document = parseDocument(text, {
    prettyErrors: false,
    logLevel: "silent",
  });
  const [problem] = document.errors;
  if (problem !== undefined) {
    // The parser's own message quotes the line, which may hold a token; its code and place do not.
    const line = text.slice(0, problem.pos[0]).split("\n").length;
    fail("UNPARSABLE", `${problem.code.toLowerCase().replaceAll("_", " ")} at line ${line}`);
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return fail("UNPARSABLE", "too many aliases");
  }
}

/** Reads `config.<kind>s[]`; a name twice in one file is an error, as in kubectl. */
function entries<T>(
  root: YamlFields,
  kind: "cluster" | "user" | "context",
  path: string,
  parse: (fields: YamlFields) => T,
): ReadonlyMap<string, Defined<T>> {
  const list = root.list(`${kind}s`);
  if (list.length > ENTRIES_MAX)
    throw root.invalid(`${kind}s`, `may have ${ENTRIES_MAX} entries, current value is ${list.length}`);
  const found = new Map<string, Defined<T>>();
  for (const [index, item] of list.entries()) {
    const entry = new YamlFields(item, `${kind}s[${index}]`, path);
    const name = entry.text("name") ?? "";
    if (found.has(name))
      throw entry.invalid("name", `stands twice in this file, current value is ${JSON.stringify(name)}`);
    found.set(name, { value: parse(entry.mapping(kind)), path });
  }
  return found;
}

function parseCluster(fields: YamlFields, path: string): KubeconfigCluster {
  const extensions = new Map<string, unknown>();
  for (const item of fields.list("extensions")) {
    const entry = new YamlFields(item, "cluster.extensions[]", path);
    extensions.set(entry.text("name") ?? "", entry.raw("extension"));
  }
  return {
    server: fields.text("server"),
    certificateAuthority: pemReference(fields, "certificate-authority", path),
    insecureSkipTlsVerify: fields.flag("insecure-skip-tls-verify"),
    tlsServerName: fields.text("tls-server-name"),
    proxyUrl: fields.text("proxy-url"),
    disableCompression: fields.flag("disable-compression"),
    extensions,
  };
}

function parseUser(fields: YamlFields, path: string): KubeconfigUser {
  const tokenFile = fields.text("tokenFile");
  return {
    token: fields.text("token"),
    tokenFile: tokenFile === undefined ? undefined : resolvePath(tokenFile, path),
    username: fields.text("username"),
    password: fields.text("password"),
    clientCertificate: pemReference(fields, "client-certificate", path),
    clientKey: pemReference(fields, "client-key", path),
    exec: fields.has("exec") ? parseExec(fields.mapping("exec"), path) : undefined,
    authProvider: fields.mapping("auth-provider").text("name"),
    provideClusterInfo: fields.mapping("exec").flag("provideClusterInfo"),
    impersonate: parseImpersonation(fields),
  };
}

function parseImpersonation(fields: YamlFields): Impersonation | undefined {
  const user = fields.text("as");
  const uid = fields.text("as-uid");
  const groups = fields.texts("as-groups");
  const extraFields = fields.mapping("as-user-extra");
  const names = extraFields.names();
  if (user === undefined) {
    // The server refuses groups, uid or extra without a user; so says kubectl, before any request.
    if (uid !== undefined || groups.length > 0 || names.length > 0)
      throw fields.invalid("as", "must be set to impersonate a uid or a group");
    return undefined;
  }
  const extra: Record<string, readonly string[]> = {};
  for (const name of names) extra[name] = extraFields.texts(name);
  return {
    user,
    ...(uid === undefined ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(names.length === 0 ? {} : { extra }),
  };
}

function parseExec(fields: YamlFields, path: string): Omit<ExecPlugin, "cluster"> {
  const declared = fields.text("apiVersion");
  const apiVersion = EXEC_API_VERSIONS.find((known) => known === declared);
  if (apiVersion === undefined)
    throw fields.invalid(
      "apiVersion",
      `must be one of ${EXEC_API_VERSIONS.join(", ")}, current value is ${JSON.stringify(declared ?? "")}`,
    );
  const command = fields.text("command");
  if (command === undefined) throw fields.invalid("command", "must be set");
  const env: Record<string, string> = {};
  for (const item of fields.list("env")) {
    const entry = new YamlFields(item, "exec.env[]", path);
    env[entry.text("name") ?? ""] = entry.text("value") ?? "";
  }
  const installHint = fields.text("installHint");
  return {
    apiVersion,
    // A bare name is looked up on PATH; anything with a separator is a path like the others.
    command: command.includes("/") ? resolvePath(command, path) : command,
    args: fields.texts("args"),
    env,
    interactiveMode: interactiveMode(fields, apiVersion),
    ...(installHint === undefined ? {} : { installHint }),
  };
}

function interactiveMode(fields: YamlFields, apiVersion: string): ExecInteractiveMode {
  const mode = fields.text("interactiveMode");
  if (mode === undefined) {
    if (apiVersion === "client.authentication.k8s.io/v1beta1") return "IfAvailable";
    throw fields.invalid("interactiveMode", `must be set for ${apiVersion}`);
  }
  if (mode === "Never" || mode === "IfAvailable" || mode === "Always") return mode;
  throw fields.invalid(
    "interactiveMode",
    `must be Never, IfAvailable or Always, current value is ${JSON.stringify(mode)}`,
  );
}

function pemReference(fields: YamlFields, name: string, kubeconfigPath: string): PemReference {
  const base64 = fields.text(`${name}-data`);
  if (base64 !== undefined) {
    try {
      return { data: atob(base64.replaceAll(/\s+/g, "")) };
    } catch {
      throw fields.invalid(`${name}-data`, "must be base64");
    }
  }
  const path = fields.text(name);
  return path === undefined ? {} : { path: resolvePath(path, kubeconfigPath) };
}

/** `path` seen from the folder of the file it stands in. */
function resolvePath(path: string, kubeconfigPath: string): string {
  if (path.startsWith("/")) return path;
  const slash = kubeconfigPath.lastIndexOf("/");
  return slash < 0 ? path : kubeconfigPath.slice(0, slash + 1) + path;
}
