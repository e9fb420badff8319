// What a server serves: discovery documents, aggregated (apidiscovery.k8s.io/v2, KEP-3352) and old, as one list.

/** One resource of one group and version. */
export interface ApiResource {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, lower case. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

/** Groups, versions and resources read from one server; a cluster with hundreds of CRDs stays below. */
const RESOURCES_MAX = 50_000;

type Fields = Readonly<Record<string, unknown>>;

/** The resources of an APIGroupDiscoveryList, in the server's order of preference; `undefined` when `value` is none. */
export function decodeAggregatedDiscovery(value: unknown): readonly ApiResource[] | undefined {
  const list = fields(value);
  if (list["kind"] !== "APIGroupDiscoveryList") return undefined;
  const found: ApiResource[] = [];
  for (const group of records(list["items"])) {
    const groupName = text(fields(group["metadata"])["name"]);
    for (const version of records(group["versions"])) {
      for (const resource of records(version["resources"])) {
        if (found.length >= RESOURCES_MAX) return found;
        const decoded = aggregatedResource(resource, groupName, text(version["version"]));
        if (decoded !== undefined) found.push(decoded);
      }
    }
  }
  return found;
}

function aggregatedResource(resource: Fields, group: string, version: string): ApiResource | undefined {
  const name = text(resource["resource"]);
  if (name === "") return undefined;
  return {
    group,
    version,
    resource: name,
    singular: text(resource["singularResource"]),
    kind: text(fields(resource["responseKind"])["kind"]),
    namespaced: resource["scope"] === "Namespaced",
    verbs: texts(resource["verbs"]),
    shortNames: texts(resource["shortNames"]),
    categories: texts(resource["categories"]),
  };
}

/** A group and version of the old documents, with the path of its resource list. */
export interface GroupVersionPath {
  readonly group: string;
  readonly version: string;
  readonly path: string;
}

/** The versions of the core group in an APIVersions document (`/api`). */
export function decodeApiVersions(value: unknown): readonly GroupVersionPath[] {
  return texts(fields(value)["versions"]).map((version) => ({ group: "", version, path: `/api/${version}` }));
}

/** The groups of an APIGroupList (`/apis`), the preferred version of each first. */
export function decodeApiGroupList(value: unknown): readonly GroupVersionPath[] {
  const found: GroupVersionPath[] = [];
  for (const item of records(fields(value)["groups"])) {
    const group = text(item["name"]);
    const preferred = text(fields(item["preferredVersion"])["version"]);
    const versions = records(item["versions"]).map((version) => text(version["version"]));
    for (const version of new Set([preferred, ...versions])) {
      if (version !== "") found.push({ group, version, path: `/apis/${group}/${version}` });
    }
  }
  return found;
}

/** The resources of an APIResourceList, subresources left out. */
export function decodeApiResourceList(value: unknown, owner: GroupVersionPath): readonly ApiResource[] {
  const found: ApiResource[] = [];
  for (const item of records(fields(value)["resources"])) {
    const name = text(item["name"]);
    if (name === "" || name.includes("/")) continue;
    found.push({
      // An item may name another group or version than the list it stands in (scale, eviction).
      group: text(item["group"]) || owner.group,
      version: text(item["version"]) || owner.version,
      resource: name,
      singular: text(item["singularName"]),
      kind: text(item["kind"]),
      namespaced: item["namespaced"] === true,
      verbs: texts(item["verbs"]),
      shortNames: texts(item["shortNames"]),
      categories: texts(item["categories"]),
    });
  }
  return found;
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function records(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
