// Where kinds differ in ways their definitions do not say: what a deletion answers, how it proceeds, which carry generations.
import { type ApiObject, isJsonObject, type ResourceDefinition } from "@coracle/api";

/** Differences between kinds on deletion. */
export interface KindBehavior {
  /** A finished deletion answers with the object instead of a Status. */
  readonly returnsDeletedObject: boolean;
  /** Seconds between the request and the end the object is given by default; 0 ends at once. */
  gracePeriodSeconds(object: ApiObject): number;
  /** What besides `metadata.finalizers` holds the object back. */
  readonly ownFinalizers: (object: ApiObject) => readonly string[];
  /** The object as it is while its deletion is pending. */
  readonly whenDeleting: (object: ApiObject) => ApiObject;
}

const PLAIN: KindBehavior = {
  returnsDeletedObject: false,
  gracePeriodSeconds: () => 0,
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

/** A pod that runs somewhere gets its grace period; one that was never placed, or is done, goes at once. */
function podGracePeriod(object: ApiObject): number {
  const spec = specOf(object);
  const status = object["status"];
  const phase = isJsonObject(status) ? status["phase"] : undefined;
  if (typeof spec["nodeName"] !== "string" || spec["nodeName"] === "") return 0;
  if (phase === "Succeeded" || phase === "Failed") return 0;
  const seconds = spec["terminationGracePeriodSeconds"];
  return typeof seconds === "number" ? Math.max(0, seconds) : 30;
}

const BEHAVIORS: ReadonlyMap<string, KindBehavior> = new Map([
  ["namespaces", NAMESPACE],
  ["pods", { ...PLAIN, returnsDeletedObject: true, gracePeriodSeconds: podGracePeriod }],
  ["serviceaccounts", { ...PLAIN, returnsDeletedObject: true }],
]);

/** The behaviour of a kind; all outside the core group are plain. */
export function behaviorOf(definition: ResourceDefinition): KindBehavior {
  return definition.group === "" ? (BEHAVIORS.get(definition.plural) ?? PLAIN) : PLAIN;
}

/** Built-in kinds without a spec-and-status split never carry a generation. */
export function carriesGeneration(definition: ResourceDefinition): boolean {
  return !definition.builtIn || definition.plural === "pods";
}
