// A cluster as a load run sees it, on a virtual clock: calls take time, addresses and interfaces come later, things fail.
import { ManualClock, type Random, SeededRandom } from "@coracle/base";
import { AttachmentLoad } from "../core/attachments/attachment-load.ts";
import type { WantedAttachment } from "../core/attachments/attachment-name.ts";
import type { CallOutcome, LoadInput, LoadOptions, LoadOutput } from "../core/attachments/load-types.ts";
import type { Observation } from "../core/attachments/observation.ts";
import { RunTally } from "../core/attachments/run-tally.ts";

/** How the simulated cluster behaves; times are means of uniform waits. */
export interface ClusterBehaviour {
  readonly callMs: number;
  readonly addressMs: number;
  readonly interfaceMs: number;
  readonly testMs: number;
  /** Chance that a create is refused, or gets no answer. */
  readonly createRefused: number;
  readonly createUnanswered: number;
  /** Chance that a delete fails. */
  readonly deleteFails: number;
  /** Attachments that go wrong, by their number in the order of creation. */
  readonly breaks: ReadonlySet<number>;
  /** Attachments that get the address of the one before. */
  readonly duplicates: ReadonlySet<number>;
  readonly testFails: ReadonlySet<number>;
  /** False: nobody gives addresses. */
  readonly gives: boolean;
}

/** Everything works. */
export const WORKING: ClusterBehaviour = {
  callMs: 4,
  addressMs: 20,
  interfaceMs: 30,
  testMs: 200,
  createRefused: 0,
  createUnanswered: 0,
  deleteFails: 0,
  breaks: new Set(),
  duplicates: new Set(),
  testFails: new Set(),
  gives: true,
};

interface Existing {
  readonly wanted: WantedAttachment;
  readonly number: number;
  ipv4: number | undefined;
}

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

const STEPS_MAX = 2_000_000;

/** Runs a machine to its end in virtual time. */
export class SimulatedCluster {
  readonly clock: ManualClock = new ManualClock();
  readonly load: AttachmentLoad;
  readonly tally: RunTally;
  readonly outputs: LoadOutput[] = [];
  readonly existing: Map<string, Existing> = new Map();
  /** Most attachments at one time. */
  populationMax = 0;
  readonly #options: LoadOptions;
  readonly #behaviour: ClusterBehaviour;
  readonly #random: Random;
  readonly #agenda: Planned[] = [];
  readonly #nextFree = new Map<string, number>();
  #order = 0;
  #created = 0;
  #lastAddress = 0;

  constructor(options: LoadOptions, behaviour: ClusterBehaviour = WORKING, seed = 1) {
    this.#options = options;
    this.#behaviour = behaviour;
    this.#random = new SeededRandom(seed);
    this.load = new AttachmentLoad(options);
    this.tally = new RunTally(new SeededRandom(seed));
  }

  /** Runs until the machine is finished; `interruptAtMs` interrupts it. */
  run(interruptAtMs?: number): this {
    if (interruptAtMs !== undefined) this.#later(interruptAtMs, () => this.#tell({ kind: "interrupt" }));
    this.#tell({ kind: "start" });
    for (let step = 0; this.load.phase !== "finished"; step++) {
      if (step > STEPS_MAX) throw new Error(`Cannot end the run: phase is ${this.load.phase}`);
      const timeout = this.load.nextTimeout();
      const event = this.#earliest();
      if (timeout === undefined && event === undefined) throw new Error(`Nothing is left in phase ${this.load.phase}`);
      if (event === undefined || (timeout !== undefined && timeout < event.at)) {
        this.clock.advance((timeout ?? 0) - this.clock.now());
        this.#tell({ kind: "timeout" });
      } else {
        this.#agenda.splice(this.#agenda.indexOf(event), 1);
        this.clock.advance(event.at - this.clock.now());
        event.run();
      }
    }
    return this;
  }

  #tell(input: LoadInput): void {
    this.load.handle(input, this.clock.now());
    for (let output = this.load.poll(); output !== undefined; output = this.load.poll()) {
      this.outputs.push(output);
      this.tally.add(output);
      if (output.kind === "create") this.#create(output.attachment);
      if (output.kind === "delete") this.#delete(output.name);
    }
  }

  #create(wanted: WantedAttachment): void {
    const number = ++this.#created;
    const chance = this.#random.next();
    const { createRefused, createUnanswered } = this.#behaviour;
    const isRefused = chance < createRefused;
    const isUnanswered = !isRefused && chance < createRefused + createUnanswered;
    const tookMs = this.#wait(this.#behaviour.callMs);
    const outcome: CallOutcome = isRefused ? "refused" : isUnanswered ? "unknown" : "ok";
    this.#later(tookMs / 2, () => {
      // Without an answer it exists in half of the cases.
      if (isRefused || (isUnanswered && this.#random.next() < 0.5)) return;
      this.existing.set(wanted.name, { wanted, number, ipv4: undefined });
      this.populationMax = Math.max(this.populationMax, this.existing.size);
      this.#tell({ kind: "observed", observation: this.#state(wanted.name, {}) });
      this.#implement(wanted.name);
    });
    this.#later(tookMs, () => this.#tell({ kind: "created", name: wanted.name, outcome, tookMs }));
  }

  #implement(name: string): void {
    const { addressMs, interfaceMs, testMs, gives, breaks, testFails } = this.#behaviour;
    if (!gives) return;
    const untilAddress = this.#wait(addressMs);
    const untilInterface = untilAddress + this.#wait(interfaceMs);
    this.#later(untilAddress, () => this.#change(name, (each) => (each.ipv4 = this.#address(each)), {}));
    const number = this.existing.get(name)?.number ?? 0;
    const breakage = breaks.has(number) ? "host: it does not work" : undefined;
    const ifcName = breakage === undefined ? `cor${name}` : "";
    this.#later(untilInterface, () => this.#change(name, () => undefined, { ifcName, breakage }));
    if (this.existing.get(name)?.wanted.postCreateExec.length === 0) return;
    const peer = this.existing.get(name)?.wanted.postCreateExec[7];
    this.#later(untilInterface + this.#wait(testMs), () => {
      const isAnswered = peer === undefined || this.existing.has(peer);
      const exitStatus = testFails.has(number) || !isAnswered ? 3 : 0;
      this.#change(name, () => undefined, { ifcName, report: { exitStatus, complaintsLog2: -1, excerpt: "" } });
    });
  }

  #address(each: Existing): number {
    const { wanted, number } = each;
    if (this.#behaviour.duplicates.has(number)) return this.#lastAddress;
    const network = this.#options.networks[wanted.network];
    const subnet = network?.subnets.find(({ name }) => name === wanted.subnet);
    if (subnet === undefined) throw new Error(`${wanted.name} is in no subnet`);
    const size = subnet.last - subnet.first + 1;
    const taken = new Set([...this.existing.values()].map(({ ipv4 }) => ipv4));
    let next = this.#nextFree.get(subnet.name) ?? 0;
    while (taken.has(subnet.first + (next % size))) next += 1;
    this.#nextFree.set(subnet.name, next + 1);
    this.#lastAddress = subnet.first + (next % size);
    return this.#lastAddress;
  }

  #change(name: string, apply: (each: Existing) => unknown, state: Partial<Observation>): void {
    const each = this.existing.get(name);
    if (each === undefined) return;
    apply(each);
    this.#tell({ kind: "observed", observation: this.#state(name, state) });
  }

  #state(name: string, state: Partial<Observation>): Observation {
    const each = this.existing.get(name);
    const vni = each?.ipv4 === undefined ? 0 : each.wanted.vni;
    return {
      name,
      uid: name,
      node: each?.wanted.node ?? "",
      ipv4: each?.ipv4,
      vni,
      ifcName: "",
      contention: false,
      breakage: undefined,
      report: undefined,
      times: { specMs: undefined, addressMs: undefined, implMs: undefined, reportMs: undefined },
      ...state,
    };
  }

  #delete(name: string): void {
    const tookMs = this.#wait(this.#behaviour.callMs);
    const isOk = this.#random.next() >= this.#behaviour.deleteFails;
    this.#later(tookMs / 2, () => {
      if (!isOk || !this.existing.delete(name)) return;
      this.#later(1, () => this.#tell({ kind: "removed", name }));
    });
    const outcome: CallOutcome = isOk ? "ok" : "unknown";
    this.#later(tookMs, () => this.#tell({ kind: "deleted", name, outcome, tookMs }));
  }

  #wait(meanMs: number): number {
    return 2 * meanMs * this.#random.next();
  }

  #later(delayMs: number, run: () => void): void {
    this.#agenda.push({ at: this.clock.now() + delayMs, order: ++this.#order, run });
  }

  #earliest(): Planned | undefined {
    let earliest: Planned | undefined;
    for (const event of this.#agenda) {
      if (
        earliest === undefined ||
        event.at < earliest.at ||
        (event.at === earliest.at && event.order < earliest.order)
      )
        earliest = event;
    }
    return earliest;
  }
}
