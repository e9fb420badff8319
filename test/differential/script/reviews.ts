// Area "reviews": tokens, who somebody is, what somebody may do.
import { core, makeNamespace } from "./objects.ts";
import { type Area, post, step } from "./step.ts";
import type { JsonObject } from "../json.ts";

const NS = "diff-reviews";
const AUTHENTICATION = "authentication.k8s.io/v1";
const AUTHORIZATION = "authorization.k8s.io/v1";

function review(kind: string, spec: JsonObject): JsonObject {
  return { apiVersion: AUTHORIZATION, kind, spec };
}

/** Reviews. */
export const reviews: Area = {
  name: "reviews",
  about: "TokenReview, SelfSubjectReview, SubjectAccessReview, SelfSubjectAccessReview",
  steps: [
    makeNamespace(NS),
    step(
      "account",
      post(core(NS, "serviceaccounts"), { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "agent" } }),
    ),
    step(
      "token",
      post(`${core(NS, "serviceaccounts")}/agent/token`, {
        apiVersion: AUTHENTICATION,
        kind: "TokenRequest",
        spec: { expirationSeconds: 3600 },
      }),
      { pick: (body) => (typeof body === "object" && body !== null && "kind" in body ? { kind: body["kind"] } : body) },
    ),
    step("token-review", (seen) =>
      post(`/apis/${AUTHENTICATION}/tokenreviews`, {
        apiVersion: AUTHENTICATION,
        kind: "TokenReview",
        spec: { token: seen.text("token", "status.token") },
      }),
    ),
    step(
      "token-review-bad",
      post(`/apis/${AUTHENTICATION}/tokenreviews`, {
        apiVersion: AUTHENTICATION,
        kind: "TokenReview",
        spec: { token: "nonsense" },
      }),
    ),
    step(
      "token-review-empty",
      post(`/apis/${AUTHENTICATION}/tokenreviews`, { apiVersion: AUTHENTICATION, kind: "TokenReview", spec: {} }),
    ),
    step("token-review-audience", (seen) =>
      post(`/apis/${AUTHENTICATION}/tokenreviews`, {
        apiVersion: AUTHENTICATION,
        kind: "TokenReview",
        spec: { token: seen.text("token", "status.token"), audiences: ["elsewhere"] },
      }),
    ),
    step(
      "who-am-i",
      post(`/apis/${AUTHENTICATION}/selfsubjectreviews`, { apiVersion: AUTHENTICATION, kind: "SelfSubjectReview" }),
    ),
    step(
      "may-i",
      post(
        `/apis/${AUTHORIZATION}/selfsubjectaccessreviews`,
        review("SelfSubjectAccessReview", {
          resourceAttributes: { verb: "get", group: "network.coracle.dev", resource: "subnets", namespace: NS },
        }),
      ),
    ),
    step(
      "may-masters",
      post(
        `/apis/${AUTHORIZATION}/subjectaccessreviews`,
        review("SubjectAccessReview", {
          user: "x",
          groups: ["system:masters"],
          resourceAttributes: { verb: "delete", resource: "secrets" },
        }),
      ),
    ),
    step(
      "may-nobody",
      post(
        `/apis/${AUTHORIZATION}/subjectaccessreviews`,
        review("SubjectAccessReview", {
          user: "x",
          groups: ["system:authenticated"],
          resourceAttributes: { verb: "delete", resource: "secrets" },
        }),
      ),
    ),
    step(
      "may-path",
      post(
        `/apis/${AUTHORIZATION}/subjectaccessreviews`,
        review("SubjectAccessReview", {
          user: "x",
          groups: ["system:masters"],
          nonResourceAttributes: { verb: "get", path: "/metrics" },
        }),
      ),
    ),
    step(
      "may-incomplete",
      post(`/apis/${AUTHORIZATION}/subjectaccessreviews`, review("SubjectAccessReview", { user: "x" })),
    ),
    step(
      "may-nobody-named",
      post(
        `/apis/${AUTHORIZATION}/subjectaccessreviews`,
        review("SubjectAccessReview", { resourceAttributes: { verb: "get", resource: "pods" } }),
      ),
    ),
  ],
};
