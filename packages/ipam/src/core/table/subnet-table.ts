// Every Subnet, found by key and by virtual network.
import { keyOf, type ObjectKey, type SubnetView } from "./views.ts";

/** The subnets as the last watch event showed them. */
export class SubnetTable {
  readonly #subnets: Map<ObjectKey, SubnetView> = new Map();
  readonly #byVni: Map<number, Set<ObjectKey>> = new Map();

  get size(): number {
    return this.#subnets.size;
  }

  get(key: ObjectKey): SubnetView | undefined {
    return this.#subnets.get(key);
  }

  /** The state before, if any. */
  upsert(subnet: SubnetView): SubnetView | undefined {
    const key = keyOf(subnet);
    const before = this.remove(key);
    this.#subnets.set(key, subnet);
    const keys = this.#byVni.get(subnet.vni);
    if (keys === undefined) this.#byVni.set(subnet.vni, new Set([key]));
    else keys.add(key);
    return before;
  }

  /** The last state, if it was known. */
  remove(key: ObjectKey): SubnetView | undefined {
    const subnet = this.#subnets.get(key);
    if (subnet === undefined) return undefined;
    this.#subnets.delete(key);
    const keys = this.#byVni.get(subnet.vni);
    keys?.delete(key);
    if (keys?.size === 0) this.#byVni.delete(subnet.vni);
    return subnet;
  }

  *ofVni(vni: number): Generator<SubnetView> {
    for (const key of this.#byVni.get(vni) ?? []) {
      const subnet = this.#subnets.get(key);
      if (subnet !== undefined) yield subnet;
    }
  }

  all(): Iterable<SubnetView> {
    return this.#subnets.values();
  }
}
