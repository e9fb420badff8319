// Where kinds differ on deletion in ways their definitions do not say: what is answered, what holds an object back.
import { type ApiObject, isJsonObject, type ResourceDefinition } from "@coracle/api";

/** Differences between kinds on deletion. */
export interface KindBehavior {
  /** A finished deletion answers with the object instead of a Status. */
  readonly returnsDeletedObject: boolean;
  /** A deletion is written into the object before it goes, even when it goes at once. */
  readonly marksBeforeRemoval: boolean;
  /** What besides `metadata.finalizers` holds the object back. */
  readonly ownFinalizers: (object: ApiObject) => readonly string[];
  /** The object as it is while its deletion is pending. */
  readonly whenDeleting: (object: ApiObject) => ApiObject;
}

const PLAIN: KindBehavior = {
  returnsDeletedObject: false,
  marksBeforeRemoval: false,
  ownFinalizers: () => [],
  whenDeleting: (object) => object,
};

function specOf(object: ApiObject): { readonly [field: string]: unknown } {
  const spec = object["spec"];
  return isJsonObject(spec) ? spec : {};
}

const NAMESPACE: KindBehavior = {
  ...PLAIN,
  returnsDeletedObject: true,
  ownFinalizers: (object) => {
    const finalizers = specOf(object)["finalizers"];
    return Array.isArray(finalizers) ? finalizers.filter((name) => typeof name === "string") : [];
  },
  whenDeleting: (object) => {
    const status = object["status"];
    return { ...object, status: { ...(isJsonObject(status) ? status : {}), phase: "Terminating" } };
  },
};

const BEHAVIORS: ReadonlyMap<string, KindBehavior> = new Map([
  ["namespaces", NAMESPACE],
  ["pods", { ...PLAIN, returnsDeletedObject: true, marksBeforeRemoval: true }],
  ["serviceaccounts", { ...PLAIN, returnsDeletedObject: true }],
]);

/** The behaviour of a kind; all outside the core group are plain. */
export function behaviorOf(definition: ResourceDefinition): KindBehavior {
  return definition.group === "" ? (BEHAVIORS.get(definition.plural) ?? PLAIN) : PLAIN;
}
