// What a namespace says about its own deletion while it waits (controller namespace/deletion, status conditions).

/** How far the deletion of a namespace's content has come. */
export interface RemainingContent {
  /** `pods.` or `subnets.network.coracle.dev` to the number of objects left. */
  readonly resources: ReadonlyMap<string, number>;
  /** Finalizer to the number of objects that carry it. */
  readonly finalizers: ReadonlyMap<string, number>;
  /** What failed, if anything. */
  readonly failures: readonly string[];
}

/** A condition of a namespace's status. */
export interface NamespaceCondition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

/** All five conditions; a transition time is kept while the status stays. */
export function namespaceConditions(
  remaining: RemainingContent,
  before: readonly NamespaceCondition[],
  now: string,
): NamespaceCondition[] {
  const { resources, finalizers, failures } = remaining;
  const wanted: Omit<NamespaceCondition, "lastTransitionTime">[] = [
    condition("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    condition(
      "NamespaceDeletionGroupVersionParsingFailure",
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    failures.length === 0
      ? condition(
          "NamespaceDeletionContentFailure",
          "ContentDeleted",
          "All content successfully deleted, may be waiting on finalization",
        )
      : {
          type: "NamespaceDeletionContentFailure",
          status: "True",
          reason: "ContentDeletionFailed",
          message: failures.join(", "),
        },
    resources.size === 0
      ? condition("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed")
      : {
          type: "NamespaceContentRemaining",
          status: "True",
          reason: "SomeResourcesRemain",
          message: `Some resources are remaining: ${counted(resources, (name, count) => `${name} has ${count} resource instances`)}`,
        },
    finalizers.size === 0
      ? condition(
          "NamespaceFinalizersRemaining",
          "ContentHasNoFinalizers",
          "All content-preserving finalizers finished",
        )
      : {
          type: "NamespaceFinalizersRemaining",
          status: "True",
          reason: "SomeFinalizersRemain",
          message: `Some content in the namespace has finalizers remaining: ${counted(finalizers, (name, count) => `${name} in ${count} resource instances`)}`,
        },
  ];
  return wanted.map((one) => {
    const old = before.find(({ type }) => type === one.type);
    return { ...one, lastTransitionTime: old?.status === one.status ? old.lastTransitionTime : now };
  });
}

function condition(type: string, reason: string, message: string): Omit<NamespaceCondition, "lastTransitionTime"> {
  return { type, status: "False", reason, message };
}

function counted(counts: ReadonlyMap<string, number>, text: (name: string, count: number) => string): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => text(name, count))
    .join(", ");
}
