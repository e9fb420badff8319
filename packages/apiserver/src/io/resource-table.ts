// The served kinds by path.
import type { ResourceDefinition } from "@coracle/api";

/** Finds kinds by group, version and plural. */
export class ResourceTable {
  readonly definitions: readonly ResourceDefinition[];
  readonly #byPath: ReadonlyMap<string, ResourceDefinition>;

  constructor(definitions: readonly ResourceDefinition[]) {
    this.definitions = definitions;
    this.#byPath = new Map(definitions.map((one) => [`${one.group}/${one.version}/${one.plural}`, one]));
  }

  find(group: string, version: string, plural: string): ResourceDefinition | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }
}
