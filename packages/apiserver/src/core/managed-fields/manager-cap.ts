// The cap on Update entries: the oldest are folded into one entry per version, named "ancient-changes" (apimachinery capmanagers).
import { unionSets } from "./field-set.ts";
import { compareTexts, managerIdentity } from "./field-managers.ts";
import type { ManagedEntry, Managers } from "./field-managers.ts";

/** Most entries with operation Update. */
export const UPDATE_MANAGERS_MAX = 10;

const BUCKET = "ancient-changes";

/** The managers with at most UPDATE_MANAGERS_MAX Update entries per version that can be folded; ownership is never lost. */
export function capUpdateManagers(managers: Managers): Managers {
  const updaters = [...managers].filter(([, entry]) => entry.operation === "Update");
  if (updaters.length <= UPDATE_MANAGERS_MAX) return managers;
  updaters.sort(([a, left], [b, right]) => compareTexts(left.time ?? "", right.time ?? "") || compareTexts(a, b));
  const capped = new Map(managers);
  const firstOfVersion = new Map<string, string>();
  let count = updaters.length;
  for (const [identity, entry] of updaters) {
    if (count <= UPDATE_MANAGERS_MAX) break;
    const first = firstOfVersion.get(entry.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(entry.apiVersion, identity);
      continue;
    }
    foldInto(capped, { first, identity, entry });
    count -= 1;
  }
  return capped;
}

interface Fold {
  readonly first: string;
  readonly identity: string;
  readonly entry: ManagedEntry;
}

function foldInto(managers: Map<string, ManagedEntry>, fold: Fold): void {
  const key = { manager: BUCKET, operation: "Update", apiVersion: fold.entry.apiVersion, subresource: "" } as const;
  const bucket = managerIdentity(key);
  const current = managers.get(bucket) ?? managers.get(fold.first);
  if (current === undefined) return;
  managers.delete(fold.first);
  managers.delete(fold.identity);
  // The younger time: the bucket is as young as its youngest change.
  managers.set(bucket, { ...key, time: fold.entry.time, set: unionSets(fold.entry.set, current.set) });
}
