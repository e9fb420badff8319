// The namespaces of the cluster this server extends: nothing may be created in one that is missing or on its way out.
import type { GroupVersionResource } from "@coracle/kube";
import { StatusError } from "@coracle/kube";
import { follow, type KubeClient } from "@coracle/kube/io";
import type { Logger } from "@coracle/lifecycle";
import type { NamespaceDirectory, NamespaceState } from "../../core/registry/environment.ts";

const NAMESPACES: GroupVersionResource = { group: "", version: "v1", resource: "namespaces" };
const NAMESPACES_MAX = 100_000;

/** Follows metadata only; a name that is not known is looked up, since news may be late. */
export class FollowedNamespaces implements NamespaceDirectory {
  readonly #client: KubeClient;
  readonly #states: Map<string, NamespaceState> = new Map();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async stateOf(name: string): Promise<NamespaceState> {
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    try {
      const found = await this.#client.get(NAMESPACES, { name });
      return found.metadata.deletionTimestamp === undefined ? "active" : "terminating";
    } catch (error) {
      if (error instanceof StatusError && error.reason === "NotFound") return "missing";
      throw error;
    }
  }

  /** Follows until the signal aborts; `first` is called when the first list is complete. */
  async follow(log: Logger, options: { readonly signal: AbortSignal; readonly first: () => void }): Promise<void> {
    for await (const event of follow(this.#client, NAMESPACES, { form: "metadata", signal: options.signal })) {
      switch (event.kind) {
        case "sync-start":
          this.#states.clear();
          break;
        case "item":
        case "upsert":
          this.#set(event.object.metadata.name ?? "", event.object.metadata.deletionTimestamp !== undefined);
          break;
        case "remove":
          this.#states.delete(event.object.metadata.name ?? "");
          break;
        case "sync-end":
          options.first();
          break;
        case "error":
          log.warning("Namespaces cannot be followed", { reason: event.status.reason, message: event.status.message });
          break;
        case "bookmark":
        case "gap":
          break;
      }
    }
  }

  #set(name: string, terminating: boolean): void {
    if (this.#states.size < NAMESPACES_MAX || this.#states.has(name)) {
      this.#states.set(name, terminating ? "terminating" : "active");
    }
  }
}
