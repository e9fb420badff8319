// Acting as somebody else: the Impersonate headers, and the right to each of them (apiserver endpoints/filters/impersonation).
import type { UserInfo } from "../registry/environment.ts";
import { type AccessAttributes, AUTHENTICATED, SERVICE_ACCOUNTS, UNAUTHENTICATED } from "./authorization.ts";

/** Who is to be acted as, and what must be allowed for it. */
export interface Impersonation {
  readonly user: UserInfo;
  readonly needed: readonly AccessAttributes[];
}

/** Headers as they came: repeated ones joined by commas. */
export interface ImpersonationHeaders {
  /** All names in lower case. */
  readonly entries: Iterable<readonly [string, string]>;
}

const USER = "impersonate-user";
const GROUP = "impersonate-group";
const UID = "impersonate-uid";
const EXTRA = "impersonate-extra-";
const VALUES_MAX = 1000;

/** What the headers ask for: nothing, something that makes no sense (a sentence), or an impersonation. */
export function parseImpersonation(headers: ImpersonationHeaders): Impersonation | string | undefined {
  let name = "";
  let uid = "";
  const groups: string[] = [];
  const extra: Record<string, readonly string[]> = {};
  for (const [header, value] of headers.entries) {
    if (header === USER) name = value;
    else if (header === UID) uid = value;
    else if (header === GROUP) groups.push(...valuesOf(value));
    else if (header.startsWith(EXTRA)) extra[decodeKey(header.slice(EXTRA.length))] = valuesOf(value);
  }
  const asksForMore = uid !== "" || groups.length > 0 || Object.keys(extra).length > 0;
  if (name === "") return asksForMore ? "requested impersonation of groups, uid or extra without a user" : undefined;
  const user = { name, uid, groups: allGroups(name, groups), extra };
  return { user, needed: neededRights({ name, uid, groups, extra }) };
}

function valuesOf(header: string): string[] {
  return header.split(",", VALUES_MAX).map((value) => value.trim());
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Namespace and name of a service account's user name. */
function serviceAccountOf(name: string): { readonly namespace: string; readonly name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  return match?.[1] === undefined || match[2] === undefined ? undefined : { namespace: match[1], name: match[2] };
}

/** The groups every such user is in, besides those asked for. */
function allGroups(name: string, asked: readonly string[]): readonly string[] {
  const account = asked.length === 0 ? serviceAccountOf(name) : undefined;
  const own = account === undefined ? [] : [SERVICE_ACCOUNTS, `${SERVICE_ACCOUNTS}:${account.namespace}`];
  const last = name === "system:anonymous" ? UNAUTHENTICATED : AUTHENTICATED;
  return [...new Set([...asked, ...own, last])];
}

function neededRights(user: UserInfo): AccessAttributes[] {
  const account = serviceAccountOf(user.name);
  const rights =
    account === undefined
      ? [impersonate("", "users", user.name)]
      : [{ ...impersonate("", "serviceaccounts", account.name), namespace: account.namespace }];
  rights.push(...user.groups.map((group) => impersonate("", "groups", group)));
  if (user.uid !== "") rights.push(impersonate("authentication.k8s.io", "uids", user.uid));
  for (const [key, values] of Object.entries(user.extra)) {
    for (const value of values) {
      rights.push({ ...impersonate("authentication.k8s.io", "userextras", value), subresource: key });
    }
  }
  return rights;
}

function impersonate(group: string, resource: string, name: string): AccessAttributes {
  return { verb: "impersonate", group, version: "v1", resource, subresource: "", namespace: "", name, path: undefined };
}
