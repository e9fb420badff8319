// Which proxy a URL is reached through: the rules of HTTPS_PROXY, HTTP_PROXY and NO_PROXY as Go and kubectl read them.
import { URL } from "node:url";
import { cidrContains, parseCidr, parseIp } from "@coracle/base";

/** True if `noProxy` names this host (without brackets) and port. */
export function bypassesProxy(noProxy: string, host: string, port: number): boolean {
  const name = host.toLowerCase();
  return noProxy
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && entryMatches(entry, name, port));
}

/** The proxy URL for `url` by this environment; undefined: go straight. Loopback hosts never use a proxy. */
export function proxyFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  url: string,
): string | undefined {
  const target = new URL(url);
  const variable = target.protocol === "https:" ? "https_proxy" : "http_proxy";
  const proxy = readVariable(environment, variable);
  if (proxy === undefined) return undefined;
  const host = withoutBrackets(target.hostname);
  if (isLoopback(host)) return undefined;
  const noProxy = readVariable(environment, "no_proxy") ?? "";
  if (bypassesProxy(noProxy, host, portOf(target))) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** The host of a URL without the brackets of IPv6. */
export function withoutBrackets(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

/** The port of a URL, the scheme's own if none is written. */
export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  if (url.protocol === "https:") return 443;
  return url.protocol.startsWith("socks") ? 1080 : 80;
}

function readVariable(
  environment: Readonly<Record<string, string | undefined>>,
  lowerCaseName: string,
): string | undefined {
  const value = environment[lowerCaseName.toUpperCase()] || environment[lowerCaseName];
  return value === "" ? undefined : value;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.[\d.]+$/.test(host);
}

function entryMatches(entry: string, host: string, port: number): boolean {
  if (entry === "*") return true;
  const address = parseIp(host);
  const range = parseCidr(entry);
  if (range.ok) return address.ok && cidrContains(range.value, address.value);
  const [name, entryPort] = splitPort(entry);
  if (entryPort !== undefined && entryPort !== port) return false;
  if (name === host) return true;
  if (address.ok) return false;
  if (name.startsWith("*.")) return host.endsWith(name.slice(1));
  return host.endsWith(name.startsWith(".") ? name : `.${name}`);
}

function splitPort(entry: string): [name: string, port: number | undefined] {
  const match = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry);
  if (match === null) return [entry, undefined];
  const port = match[3] === undefined ? undefined : Number(match[3]);
  return [match[1] ?? match[2] ?? entry, port];
}
