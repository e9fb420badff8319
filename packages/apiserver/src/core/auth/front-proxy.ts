// Users vouched for by a front proxy: which proxies may, and what their headers say (kube-api §2.8; KEP request header authentication).
import { isJsonObject } from "@coracle/api";
import type { UserInfo } from "../registry/environment.ts";

/** Content of ConfigMap kube-system/extension-apiserver-authentication. */
export interface AuthenticationSettings {
  /** Authorities of users' own client certificates, PEM. */
  readonly clientCa: string;
  /** Authorities of the front proxy's certificate, PEM; "" means that no proxy is trusted. */
  readonly proxyCa: string;
  /** Common names a proxy may have; empty means any of its authorities. */
  readonly proxyNames: readonly string[];
  readonly userHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraPrefixes: readonly string[];
  readonly uidHeaders: readonly string[];
}

/** Before anything is known nobody is trusted. */
export const NO_AUTHENTICATION_SETTINGS: AuthenticationSettings = {
  clientCa: "",
  proxyCa: "",
  proxyNames: [],
  userHeaders: [],
  groupHeaders: [],
  extraPrefixes: [],
  uidHeaders: [],
};

/** Reads the ConfigMap's data; a list that does not parse counts as empty, which trusts no header. */
export function parseAuthenticationSettings(read: (key: string) => string | undefined): AuthenticationSettings {
  const names = (key: string): readonly string[] => textList(read(key)).map((name) => name.toLowerCase());
  return {
    clientCa: read("client-ca-file") ?? "",
    proxyCa: read("requestheader-client-ca-file") ?? "",
    proxyNames: textList(read("requestheader-allowed-names")),
    userHeaders: names("requestheader-username-headers"),
    groupHeaders: names("requestheader-group-headers"),
    extraPrefixes: names("requestheader-extra-headers-prefix"),
    uidHeaders: names("requestheader-uid-headers"),
  };
}

function textList(json: string | undefined): readonly string[] {
  if (json === undefined) return [];
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  } catch {
    return [];
  }
}

/** The user the headers name; `undefined` when they name none. To be asked only for a verified, allowed proxy. */
export function userOfProxyHeaders(
  settings: AuthenticationSettings,
  headers: Iterable<readonly [string, string]>,
): UserInfo | undefined {
  const all = new Map(headers);
  const first = (names: readonly string[]): string =>
    names.map((name) => all.get(name) ?? "").find((value) => value !== "") ?? "";
  const name = first(settings.userHeaders);
  if (name === "") return undefined;
  const groups = settings.groupHeaders.flatMap((header) => valuesOf(all.get(header)));
  const extra: Record<string, readonly string[]> = {};
  for (const [header, value] of all) {
    const prefix = settings.extraPrefixes.find((one) => header.startsWith(one) && header.length > one.length);
    if (prefix !== undefined) extra[decodeKey(header.slice(prefix.length))] = valuesOf(value);
  }
  return { name, uid: first(settings.uidHeaders), groups, extra };
}

/** Repeated headers arrive joined by commas; group names hold none. */
function valuesOf(header: string | undefined): readonly string[] {
  if (header === undefined) return [];
  return header
    .split(",")
    .map((value) => value.trim())
    .filter((value) => value !== "");
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Whether a proxy of this common name may vouch for users. */
export function isAllowedProxy(settings: AuthenticationSettings, commonName: string): boolean {
  return settings.proxyNames.length === 0 || settings.proxyNames.includes(commonName);
}

/** A SubjectAccessReview's answer. */
export function readReviewDecision(review: { readonly [field: string]: unknown }): {
  readonly allowed: boolean;
  readonly reason: string;
} {
  const status = review["status"];
  if (!isJsonObject(status)) return { allowed: false, reason: "" };
  const reason = typeof status["reason"] === "string" ? status["reason"] : "";
  return { allowed: status["allowed"] === true && status["denied"] !== true, reason };
}
