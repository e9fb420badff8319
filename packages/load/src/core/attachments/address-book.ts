// Who has which address and which interface now: finds two owners of one, and addresses outside their network.
import { formatIp, numberToIpv4 } from "@coracle/base";
import { type NetworkPlan, networkHolds } from "./address-plan.ts";
import type { Observation } from "./observation.ts";

/** Something that must never be. */
export interface AddressFault {
  readonly kind: "duplicate-address" | "outside-network" | "duplicate-interface";
  readonly message: string;
}

interface Holding {
  readonly address: string | undefined;
  readonly ifc: string | undefined;
}

/** Addresses and interfaces by owner. Holds one entry per attachment that exists. */
export class AddressBook {
  readonly #networks: ReadonlyMap<number, NetworkPlan>;
  readonly #owners = new Map<string, string>();
  readonly #holdings = new Map<string, Holding>();

  constructor(networks: readonly NetworkPlan[]) {
    this.#networks = new Map(networks.map((network) => [network.vni, network]));
  }

  /** Notes what an attachment has now; answers what is wrong with it, each fault once. */
  note(observation: Observation): readonly AddressFault[] {
    const { name, ipv4, vni, ifcName, node } = observation;
    const old = this.#holdings.get(name);
    const address = ipv4 === undefined ? undefined : `address ${vni}/${formatIp(numberToIpv4(ipv4))}`;
    const ifc = ifcName === "" ? undefined : `interface ${node}/${ifcName}`;
    const faults: AddressFault[] = [];
    if (address !== old?.address) {
      this.#give(old?.address, name);
      const rival = this.#take(address, name);
      if (rival !== undefined) faults.push({ kind: "duplicate-address", message: sharing(address, name, rival) });
      if (ipv4 !== undefined && !this.#isInside(vni, ipv4)) {
        faults.push({ kind: "outside-network", message: `${address} of ${name} is outside the network's subnets` });
      }
    }
    if (ifc !== old?.ifc) {
      this.#give(old?.ifc, name);
      const rival = this.#take(ifc, name);
      if (rival !== undefined) faults.push({ kind: "duplicate-interface", message: sharing(ifc, name, rival) });
    }
    this.#holdings.set(name, { address, ifc });
    return faults;
  }

  /** The attachment is gone. */
  forget(name: string): void {
    const old = this.#holdings.get(name);
    this.#give(old?.address, name);
    this.#give(old?.ifc, name);
    this.#holdings.delete(name);
  }

  /** Attachments that are known. */
  get size(): number {
    return this.#holdings.size;
  }

  #take(thing: string | undefined, owner: string): string | undefined {
    if (thing === undefined) return undefined;
    const rival = this.#owners.get(thing);
    if (rival === undefined) this.#owners.set(thing, owner);
    return rival === owner ? undefined : rival;
  }

  #give(thing: string | undefined, owner: string): void {
    if (thing !== undefined && this.#owners.get(thing) === owner) this.#owners.delete(thing);
  }

  #isInside(vni: number, ipv4: number): boolean {
    const network = this.#networks.get(vni);
    return network !== undefined && networkHolds(network, ipv4);
  }
}

function sharing(thing: string | undefined, name: string, rival: string): string {
  return `${thing} belongs to ${rival} and ${name} at one time`;
}
