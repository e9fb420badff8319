// What a person means by "po", "Pod", "pods", "deployments.apps" or "deployments.v1.apps" (kubectl's resource builder).
import type { ApiResource } from "./discovery.ts";

/**
 * The resource `name` means, or `undefined`. `resources` are in the server's order: earlier groups and versions win. A plural
 * beats a singular or a kind, and those beat a short name. Case does not matter.
 */
export function findResource(name: string, resources: readonly ApiResource[]): ApiResource | undefined {
  const wanted = name.toLowerCase();
  for (const { word, accepts } of readings(wanted)) {
    const candidates = resources.filter(accepts);
    const found =
      candidates.find((each) => each.resource === word) ??
      candidates.find((each) => each.singular === word || each.kind.toLowerCase() === word) ??
      candidates.find((each) => each.shortNames.includes(word));
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Reading {
  readonly word: string;
  readonly accepts: (resource: ApiResource) => boolean;
}

/** `a.b.c` is resource a of version b in group c, else resource a of group b.c; the first that fits wins. */
function readings(name: string): readonly Reading[] {
  const [word = "", ...rest] = name.split(".");
  if (rest.length === 0) return [{ word, accepts: () => true }];
  const [version = "", ...group] = rest;
  const groupOfVersion = group.join(".");
  return [
    { word, accepts: (each) => each.version === version && each.group === groupOfVersion },
    { word, accepts: (each) => each.group === rest.join(".") },
    // "deployments.ap" is kubectl's group prefix; it is taken only when nothing fits exactly.
    { word, accepts: (each) => each.group !== "" && each.group.startsWith(rest.join(".")) },
  ];
}
