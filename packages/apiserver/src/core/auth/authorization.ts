// Who may do what when no Kubernetes is asked: administrators everything, everyone signed in may look at discovery and at
// themselves, service accounts what the configured rules give them.
import type { UserInfo } from "../registry/environment.ts";

/** What is asked for; for non-resource paths only `verb` and `path` count. */
export interface AccessAttributes {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Set for non-resource requests. */
  readonly path: string | undefined;
}

/** Allowed, or not; `reason` is for people. */
export interface AccessDecision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** Decides on access; a remote authorizer answers later. */
export interface Authorizer {
  authorize(user: UserInfo, attributes: AccessAttributes): AccessDecision | Promise<AccessDecision>;
}

/** What a group of users may do; `*` stands for all. */
export interface AccessRule {
  /** A user name, or a group with the prefix `group:`. */
  readonly subject: string;
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  readonly resources: readonly string[];
}

export const SYSTEM_MASTERS = "system:masters";
export const AUTHENTICATED = "system:authenticated";
export const UNAUTHENTICATED = "system:unauthenticated";
export const SERVICE_ACCOUNTS = "system:serviceaccounts";

/** Agents run as service accounts of a machine that is one person's own: they may do all but make themselves administrators. */
export const STANDALONE_RULES: readonly AccessRule[] = [
  { subject: `group:${SERVICE_ACCOUNTS}`, verbs: ["*"], groups: ["*"], resources: ["*"] },
];

const OPEN_PATHS = /^\/(healthz|livez|readyz)(\/.*)?$/;
const SIGNED_IN_PATHS = /^\/(api|apis|openapi|version)(\/.*)?$/;
const SELF_REVIEWS: ReadonlySet<string> = new Set([
  "selfsubjectaccessreviews",
  "selfsubjectrulesreviews",
  "selfsubjectreviews",
]);

/** Decides from rules alone. */
export class RuleAuthorizer implements Authorizer {
  readonly #rules: readonly AccessRule[];

  constructor(rules: readonly AccessRule[]) {
    this.#rules = rules;
  }

  authorize(user: UserInfo, attributes: AccessAttributes): AccessDecision {
    if (user.groups.includes(SYSTEM_MASTERS)) return { allowed: true, reason: "" };
    const { path } = attributes;
    if (path !== undefined) {
      if (OPEN_PATHS.test(path)) return { allowed: true, reason: "" };
      const signedIn = user.groups.includes(AUTHENTICATED);
      return { allowed: signedIn && SIGNED_IN_PATHS.test(path), reason: "" };
    }
    const isSelfReview = attributes.verb === "create" && SELF_REVIEWS.has(attributes.resource);
    if (isSelfReview && user.groups.includes(AUTHENTICATED)) return { allowed: true, reason: "" };
    const rule = this.#rules.find((candidate) => applies(candidate, user, attributes));
    return rule === undefined
      ? { allowed: false, reason: "" }
      : { allowed: true, reason: `allowed by the local rule for ${JSON.stringify(rule.subject)}` };
  }
}

function applies(rule: AccessRule, user: UserInfo, attributes: AccessAttributes): boolean {
  const subject = rule.subject.startsWith("group:")
    ? user.groups.includes(rule.subject.slice("group:".length))
    : user.name === rule.subject;
  const resource =
    attributes.subresource === "" ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  return (
    subject &&
    includes(rule.verbs, attributes.verb) &&
    includes(rule.groups, attributes.group) &&
    includes(rule.resources, resource)
  );
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes("*") || list.includes(value);
}

/** `User "x" cannot list resource "pods" in API group "" in the namespace "default"`, as clients show it. */
export function forbiddenSentence(user: UserInfo, attributes: AccessAttributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${attributes.verb}`;
  if (attributes.path !== undefined) return `${who} path ${JSON.stringify(attributes.path)}`;
  const resource =
    attributes.subresource === "" ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const scope =
    attributes.namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(attributes.namespace)}`;
  return `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(attributes.group)} ${scope}`;
}
