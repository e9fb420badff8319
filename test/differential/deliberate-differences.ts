// Every difference between our API server and the real one that is meant to be, with its reason. There is no other.
import type { DeliberateDifference } from "./differences.ts";

/** An entry that no longer occurs fails the test, like a difference that has no entry. */
export const deliberateDifferences: readonly DeliberateDifference[] = [
  {
    step: "*",
    path: "**extendedMetadata**",
    reason:
      "Our server stamps the time of each section's last write in microseconds; a CustomResourceDefinition cannot.",
  },
  {
    step: "core-kinds/node-*",
    path: "**spec.taints",
    reason:
      "The real server taints a new node as not ready and leaves it to the node controller to take that away; there is none here, and nothing that schedules.",
  },
  {
    step: "discovery/openapi-v3-paths",
    path: "body.delete **",
    reason:
      "Our document offers the parameters and the body a deletion takes; that of a CustomResourceDefinition offers those of a list for collections, and an alpha parameter for objects.",
  },
  {
    step: "discovery/openapi-v3-paths",
    path: "body.get **.parameters.*",
    reason: "No shardSelector: lists are not sharded here.",
  },
  {
    step: "discovery/openapi-v3-*",
    path: "**.x-kubernetes-validations",
    reason:
      "What may not change is checked by the server's code; a CustomResourceDefinition needs rules in its schema.",
  },
];
