// Merging kubeconfig files by kubectl's rule: the first file that defines a name, or sets a scalar, wins as a whole.
import type { Defined, Kubeconfig } from "./kubeconfig-file.ts";

/** The merge of `files`, the most important first. Names in several files are no error. */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  return {
    clusters: firstOfEach(files.map((file) => file.clusters)),
    users: firstOfEach(files.map((file) => file.users)),
    contexts: firstOfEach(files.map((file) => file.contexts)),
    currentContext: files.find((file) => file.currentContext !== undefined)?.currentContext,
  };
}

function firstOfEach<T>(maps: readonly ReadonlyMap<string, Defined<T>>[]): ReadonlyMap<string, Defined<T>> {
  const merged = new Map<string, Defined<T>>();
  for (const map of maps) {
    for (const [name, entry] of map) {
      if (!merged.has(name)) merged.set(name, entry);
    }
  }
  return merged;
}

/** The files a `KUBECONFIG` value lists, in order, duplicates and empty members dropped. */
export function kubeconfigPaths(value: string): readonly string[] {
  return [...new Set(value.split(/[:;]/).filter((path) => path !== ""))];
}
