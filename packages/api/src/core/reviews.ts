// Reviews: kinds that are only created and answered, never stored (authentication.k8s.io, authorization.k8s.io).
import type { ResourceDefinition } from "../resource-definition.ts";
import { coreAgeColumn, coreDefinition, coreNameColumn } from "./core-definition.ts";

function review(group: "authentication" | "authorization", kind: string, namespaced = false): ResourceDefinition {
  return coreDefinition({
    group: `${group}.k8s.io`,
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced,
    verbs: ["create"],
    schemaName: `io.k8s.api.${group}.v1.${kind}`,
    columns: [coreNameColumn(), coreAgeColumn()],
  });
}

/** Whose token is this? */
export const TOKEN_REVIEW: ResourceDefinition = review("authentication", "TokenReview");

/** Who am I? */
export const SELF_SUBJECT_REVIEW: ResourceDefinition = review("authentication", "SelfSubjectReview");

/** May somebody do something? */
export const SUBJECT_ACCESS_REVIEW: ResourceDefinition = review("authorization", "SubjectAccessReview");

/** May I do something? */
export const SELF_SUBJECT_ACCESS_REVIEW: ResourceDefinition = review("authorization", "SelfSubjectAccessReview");

/** What may I do in a namespace? */
export const SELF_SUBJECT_RULES_REVIEW: ResourceDefinition = review("authorization", "SelfSubjectRulesReview");

/** May somebody do something in this namespace? */
export const LOCAL_SUBJECT_ACCESS_REVIEW: ResourceDefinition = review(
  "authorization",
  "LocalSubjectAccessReview",
  true,
);

/** Every review. */
export const REVIEW_DEFINITIONS: readonly ResourceDefinition[] = [
  TOKEN_REVIEW,
  SELF_SUBJECT_REVIEW,
  SUBJECT_ACCESS_REVIEW,
  SELF_SUBJECT_ACCESS_REVIEW,
  SELF_SUBJECT_RULES_REVIEW,
  LOCAL_SUBJECT_ACCESS_REVIEW,
];
