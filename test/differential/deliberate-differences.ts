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
];
