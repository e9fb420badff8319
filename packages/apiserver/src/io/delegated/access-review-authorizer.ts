// Rights asked of kube-apiserver (SubjectAccessReview), with answers believed for ten seconds; administrators and health at once.
import type { Clock } from "@coracle/base";
import type { GroupVersionResource, KubeObject } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import {
  type AccessAttributes,
  type AccessDecision,
  type Authorizer,
  SYSTEM_MASTERS,
} from "../../core/auth/authorization.ts";
import { ExpiringCache } from "../../core/auth/expiring-cache.ts";
import { readReviewDecision } from "../../core/auth/front-proxy.ts";
import type { UserInfo } from "../../core/registry/environment.ts";

const REVIEWS: GroupVersionResource = {
  group: "authorization.k8s.io",
  version: "v1",
  resource: "subjectaccessreviews",
};
const BELIEVED_MS = 10_000;
const CACHED_MAX = 8192;
const CALL_TIMEOUT_MS = 10_000;
const OPEN_PATHS = /^\/(healthz|livez|readyz)(\/.*)?$/;

/** Decides by asking. */
export class AccessReviewAuthorizer implements Authorizer {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #answers: ExpiringCache<AccessDecision> = new ExpiringCache(CACHED_MAX);

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  authorize(user: UserInfo, attributes: AccessAttributes): AccessDecision | Promise<AccessDecision> {
    if (user.groups.includes(SYSTEM_MASTERS)) return { allowed: true, reason: "" };
    if (attributes.path !== undefined && OPEN_PATHS.test(attributes.path)) return { allowed: true, reason: "" };
    const spec = reviewSpec(user, attributes);
    const key = JSON.stringify(spec);
    return this.#answers.get(key, this.#clock.now()) ?? this.#ask(key, spec);
  }

  async #ask(key: string, spec: KubeObject["spec"]): Promise<AccessDecision> {
    const review = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", metadata: {}, spec };
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const decision = readReviewDecision(await this.#client.create(REVIEWS, review, { signal }));
    this.#answers.set(key, decision, { now: this.#clock.now(), ms: BELIEVED_MS });
    return decision;
  }
}

function reviewSpec(user: UserInfo, attributes: AccessAttributes): { readonly [field: string]: unknown } {
  const { verb, path, group, version, resource, subresource, namespace, name } = attributes;
  const asked =
    path === undefined
      ? { resourceAttributes: { verb, group, version, resource, subresource, namespace, name } }
      : { nonResourceAttributes: { verb, path } };
  return { user: user.name, uid: user.uid, groups: user.groups, extra: user.extra, ...asked };
}
