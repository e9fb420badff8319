// Names in OpenAPI documents: tags, operation ids and definitions, spelled as Kubernetes spells them.

/** What a resource's operations are about. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** `NetworkCoracleDev` for network.coracle.dev, `Core` for the core group, `Authentication` for authentication.k8s.io. */
export function groupWord(group: string): string {
  if (group === "") return "Core";
  const parts = group.replace(/\.k8s\.io$/, "").split(/[.-]/);
  return parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
}

/** Tag of a group version: `networkCoracleDev_v1alpha1`, `core_v1`. */
export function groupVersionTag(group: string, version: string): string {
  const word = groupWord(group);
  return `${word.charAt(0).toLowerCase()}${word.slice(1)}_${version}`;
}

/** `NetworkCoracleDevV1alpha1`, the middle of every operation id. */
export function groupVersionWord(group: string, version: string): string {
  return `${groupWord(group)}${version.charAt(0).toUpperCase()}${version.slice(1)}`;
}

/** Name of a definition that the schema does not name: the group reversed, `dev.coracle.network.v1alpha1.Subnet`. */
export function definitionNameOf({ group, version, kind }: GroupVersionKind): string {
  if (group === "") return `io.k8s.api.core.${version}.${kind}`;
  return [...group.split(".").reverse(), version, kind].join(".");
}

/** Place of a group version below the root and in the v3 index: `api/v1`, `apis/network.coracle.dev/v1alpha1`. */
export function groupVersionPath(group: string, version: string): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}
