// Asking the API server who a token belongs to (authentication.k8s.io/v1 TokenReview).
import type { GroupVersionResource } from "../mod.ts";
import type { KubeClient } from "./kube-client.ts";

/** Who a token stands for. */
export interface ReviewedUser {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  /** Bound tokens carry `authentication.kubernetes.io/pod-name`, `pod-uid` and, since 1.30, `node-name`. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A server's verdict. */
export type TokenReviewResult =
  | { readonly authenticated: true; readonly user: ReviewedUser; readonly audiences: readonly string[] }
  | { readonly authenticated: false; readonly error: string };

const TOKEN_REVIEWS: GroupVersionResource = { group: "authentication.k8s.io", version: "v1", resource: "tokenreviews" };

/**
 * Whether `token` is valid for one of `audiences` (none means the API server's own). A server that does not know audiences answers
 * with none; then a token meant for someone else is refused here.
 */
export async function reviewToken(
  client: KubeClient,
  token: string,
  options: { readonly audiences?: readonly string[]; readonly signal?: AbortSignal } = {},
): Promise<TokenReviewResult> {
  const { audiences = [], signal } = options;
  const answer = await client.create(
    TOKEN_REVIEWS,
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", metadata: {}, spec: { token, audiences } },
    { signal },
  );
  const status = record(answer["status"]);
  if (status["authenticated"] !== true) return { authenticated: false, error: text(status["error"]) };
  const granted = texts(status["audiences"]);
  if (audiences.length > 0 && !audiences.some((audience) => granted.includes(audience))) {
    return { authenticated: false, error: "the token is not for any of the audiences asked for" };
  }
  const user = record(status["user"]);
  const extra: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(record(user["extra"]))) extra[name] = texts(values);
  return {
    authenticated: true,
    user: { username: text(user["username"]), uid: text(user["uid"]), groups: texts(user["groups"]), extra },
    audiences: granted,
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
