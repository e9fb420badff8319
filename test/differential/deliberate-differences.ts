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
  {
    step: "discovery/*",
    path: "headers.cache-control",
    reason:
      "Health, metrics and version come from the layer all our programs share; its answers are not to be stored at all.",
  },
  {
    step: "errors/*-health",
    path: "headers.cache-control",
    reason: "The same shared layer answers health checks.",
  },
  {
    step: "discovery/livez-unknown-check",
    path: "body",
    reason: "The shared layer words its 404 in its own way.",
  },
  {
    step: "errors/bad-token-for-health",
    path: "**",
    reason:
      "Health checks need no credentials here, so bad ones are not looked at: a probe does not fail for its token.",
  },
  {
    step: "writes/create-with-wrong-version",
    path: "headers.warning-1",
    reason:
      "A CustomResourceDefinition decodes an unknown version as an object without fields and warns of each; we refuse it before.",
  },
  {
    step: "list/page-with-selector-2",
    path: "body.metadata.continue",
    reason: "No empty page follows: whether anything else matches is known when a page is made.",
  },
  {
    step: "render/partial-preference",
    path: "**",
    reason: "Metadata is not served as protobuf; the next media type the client takes is JSON.",
  },
  {
    step: "render/accept-protobuf-of-ours",
    path: "**",
    reason: "Our kinds have no protobuf form, so a client that takes nothing else gets 406.",
  },
  {
    step: "render/create-in-protobuf",
    path: "**",
    reason:
      "The real server drops the connection when a custom resource comes as protobuf; 415 is what its documentation says.",
  },
];
