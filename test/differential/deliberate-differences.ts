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
];
