// What the garbage collector does about one object, decided from the present state alone (controller garbagecollector).
import type { OwnerReference } from "@coracle/api";
import { parseApiVersion } from "@coracle/kube";
import type { PropagationPolicy } from "../request/delete-options.ts";
import type { StoredObject } from "../watch/stored-object.ts";
import type { OwnerGraph } from "./owner-graph.ts";

/** What is to be done. */
export type CollectorAction =
  | { readonly kind: "nothing" }
  /** Delete it: nobody who owned it is left. */
  | { readonly kind: "delete"; readonly policy: PropagationPolicy }
  /** Some owners are gone, others are not: forget those that are. */
  | { readonly kind: "forgetOwners"; readonly uids: readonly string[] }
  /** Its own deletion waits for nothing more that the collector is to do. */
  | { readonly kind: "removeFinalizer"; readonly finalizer: "orphan" | "foregroundDeletion" }
  /** Its dependents are to live on without it. */
  | { readonly kind: "orphan"; readonly dependents: readonly StoredObject[] }
  /** Its dependents are to be looked at, since its deletion waits for them. */
  | { readonly kind: "visit"; readonly dependents: readonly StoredObject[] };

const NOTHING: CollectorAction = { kind: "nothing" };

/** True while a foreground deletion waits for dependents. */
export function isWaitingForDependents(object: StoredObject): boolean {
  return (
    object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).includes("foregroundDeletion")
  );
}

/** `isServed` tells whether a group and kind are served here: an owner of another kind is never taken for gone. */
export function decide(
  object: StoredObject,
  graph: OwnerGraph,
  isServed: (group: string, kind: string) => boolean,
): CollectorAction {
  if (object.metadata.deletionTimestamp !== undefined) return decideDeleting(object, graph);
  const references = object.metadata.ownerReferences ?? [];
  if (references.length === 0) return NOTHING;
  const states = references.map((reference) => ({ reference, state: ownerState(object, reference, graph, isServed) }));
  const gone = states.filter(({ state }) => state === "absent" || state === "waiting");
  if (gone.length === 0) return NOTHING;
  if (gone.length < states.length) {
    return { kind: "forgetOwners", uids: gone.map(({ reference }) => reference.uid) };
  }
  const waits = states.some(({ state }) => state === "waiting");
  const hasDependents = graph.dependentsOf(object.metadata.uid ?? "").length > 0;
  if (waits && hasDependents) return { kind: "delete", policy: "Foreground" };
  return { kind: "delete", policy: policyOf(object) };
}

/** A deletion that names no policy follows the finalizer an object came with. */
function policyOf(object: StoredObject): PropagationPolicy {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes("orphan")) return "Orphan";
  return finalizers.includes("foregroundDeletion") ? "Foreground" : "Background";
}

function decideDeleting(object: StoredObject, graph: OwnerGraph): CollectorAction {
  const finalizers = object.metadata.finalizers ?? [];
  const uid = object.metadata.uid ?? "";
  const dependents = graph.dependentsOf(uid);
  if (finalizers.includes("orphan")) {
    return dependents.length === 0 ? { kind: "removeFinalizer", finalizer: "orphan" } : { kind: "orphan", dependents };
  }
  if (!finalizers.includes("foregroundDeletion")) return NOTHING;
  const blocking = dependents.filter((dependent) => blocks(dependent, uid));
  if (blocking.length === 0) return { kind: "removeFinalizer", finalizer: "foregroundDeletion" };
  return { kind: "visit", dependents: dependents.filter((one) => !isWaitingForDependents(one)) };
}

function blocks(dependent: StoredObject, ownerUid: string): boolean {
  return (dependent.metadata.ownerReferences ?? []).some(
    (reference) => reference.uid === ownerUid && reference.blockOwnerDeletion === true,
  );
}

/** An owner counts when uid, kind, name and place are right; one in another namespace is none. */
function ownerState(
  object: StoredObject,
  reference: OwnerReference,
  graph: OwnerGraph,
  isServed: (group: string, kind: string) => boolean,
): "solid" | "absent" | "waiting" {
  const group = parseApiVersion(reference.apiVersion)?.group;
  if (group === undefined || !isServed(group, reference.kind)) return "solid";
  const owner = graph.get(reference.uid);
  if (owner === undefined || owner.name !== reference.name) return "absent";
  if (owner.definition.kind !== reference.kind || owner.definition.group !== group) return "absent";
  if (owner.namespace !== "" && owner.namespace !== object.namespace) return "absent";
  return isWaitingForDependents(owner) ? "waiting" : "solid";
}
