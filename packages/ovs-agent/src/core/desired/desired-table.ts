// Everything that should be on the bridge: declarations in, batches of ports and flows out, outcomes back in, events out.
import { assert, type Clock } from "@coracle/base";
import type { FabricEvent } from "../fabric.ts";
import { type LocalInterface, misplacement, type NetworkInterface, sameInterface } from "../interface.ts";
import { guestOfDevice } from "../mac-address.ts";
import type { BridgePorts } from "../pipeline/interface-flows.ts";
import { AddressClaims, addressKey } from "./address-claims.ts";
import { BatchLimit } from "./batch-limit.ts";
import {
  type BundleOutcome,
  DESIRED_LIMITS,
  type DesiredCounts,
  type DesiredLimits,
  type Failure,
  type PortOp,
  type PortOutcome,
} from "./desired-types.ts";
import { deviceOf, type Entry, isAddition, makeEntry, nextStep, targetPort } from "./entry.ts";
import { FlowBatch, flowCount, type FlowOp, hostMessages, opOf } from "./flow-batch.ts";
import { HostCounts, type NetworkHost } from "./host-counts.ts";
import { Retries } from "./retries.ts";
import { Tally } from "./tally.ts";
import { Unsettled } from "./unsettled.ts";

/** Bundles out at a time: while the switch commits one, the next is being sent. */
const OUT_MAX = 2;

/** See the file's head. A second bundle is let out only if it is full and both do nothing but add. */
export class DesiredTable {
  readonly #clock: Clock;
  readonly #tell: (event: FabricEvent) => void;
  readonly #limits: DesiredLimits;
  readonly #entries = new Map<string, Entry>();
  readonly #claims = new AddressClaims();
  readonly #hosts = new HostCounts();
  readonly #retries = new Retries();
  readonly #flowDirty = new Set<Entry>();
  readonly #portDirty = new Set<Entry>();
  readonly #unsettled = new Unsettled();
  readonly #tally = new Tally();
  readonly #bundleLimit: BatchLimit;
  readonly #portLimit: BatchLimit;
  #outs: readonly { readonly batch: FlowBatch; readonly delta: ReadonlyMap<number, number> }[] = [];
  #isHeld = true;

  constructor(options: {
    readonly clock: Clock;
    readonly tell: (event: FabricEvent) => void;
    readonly limits?: Partial<DesiredLimits>;
  }) {
    this.#clock = options.clock;
    this.#tell = options.tell;
    this.#limits = { ...DESIRED_LIMITS, ...options.limits };
    this.#bundleLimit = new BatchLimit(this.#limits.bundleOwnersMax);
    this.#portLimit = new BatchLimit(this.#limits.portsMax);
  }

  get counts(): DesiredCounts {
    return {
      local: this.#tally.local,
      remote: this.#tally.remote,
      pending: this.#unsettled.size,
      failing: this.#retries.size,
      flows: this.#tally.flows + this.#hosts.size,
    };
  }

  /** True from {@link hold} (and from the beginning) to {@link letGo}. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** True while nothing is on its way and nothing can be done at once. */
  get isSettled(): boolean {
    return !this.#isHeld && this.#unsettled.size === 0;
  }

  /** True if a bundle as large as can be may go out now. */
  get hasFullBundle(): boolean {
    const isRoom = !this.#isHeld && this.#outs.length < OUT_MAX && this.#flowDirty.size >= this.#bundleLimit.current;
    return isRoom && this.#outs.every(({ batch }) => batch.isAddition);
  }

  /** All owners. */
  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** Hosts with flows. */
  hosts(): Iterable<NetworkHost> {
    return this.#hosts.hosts();
  }

  /** See `Fabric.desire`. */
  desire(wanted: NetworkInterface): void {
    let entry = this.#entries.get(wanted.owner);
    if (entry === undefined) {
      if (this.#entries.size >= this.#limits.ownersMax) {
        const message = `Cannot make an interface for ${wanted.owner}: ${this.#limits.ownersMax} owners are the most`;
        return this.#tell({ kind: "failed", interface: wanted, code: "LIMIT", message, willRetry: false });
      }
      entry = makeEntry(wanted.owner);
      this.#entries.set(wanted.owner, entry);
    }
    const before = entry.wanted;
    const isSame = before !== undefined && sameInterface(before, wanted);
    if (isSame && entry.told === entry.target) entry.told = undefined;
    if (!isSame) {
      entry.wanted = wanted;
      entry.isKept = false;
    }
    this.#retries.clear(entry);
    this.#retarget(entry);
    if (before !== undefined && !isSame) this.#releaseClaim(entry, before);
  }

  /** See `Fabric.release`. */
  release(owner: string): void {
    const entry = this.#entries.get(owner);
    if (entry?.wanted === undefined) return;
    const { wanted } = entry;
    entry.wanted = undefined;
    this.#retries.clear(entry);
    this.#retarget(entry);
    this.#releaseClaim(entry, wanted);
  }

  /** A device that an earlier run left. If its owner does not want it so, it holds its address until it is gone. */
  adopt(local: LocalInterface, ofport: number): void {
    const known = this.#entries.get(local.owner);
    const isSecond = known?.port !== undefined;
    const entry = known === undefined || isSecond ? makeEntry(isSecond ? deviceOf(local) : local.owner) : known;
    this.#entries.set(entry.owner, entry);
    entry.port = { local, ofport };
    if (entry.target !== undefined && sameInterface(entry.target, local)) entry.isKept = true;
    else {
      if (known === undefined) entry.told = local;
      const displaced = this.#claims.seize(addressKey(local.vni, local.ipv4), entry);
      if (displaced !== undefined) this.#retarget(displaced);
    }
    this.#review(entry);
  }

  /** All ports that the switch has, by name. Devices that are not among them have no port number. */
  setPorts(ports: ReadonlyMap<string, number>): void {
    for (const entry of this.#entries.values()) {
      if (entry.port === undefined) continue;
      const { local } = entry.port;
      entry.port = { local, ofport: ports.get(deviceOf(local)) ?? 0 };
      this.#review(entry);
    }
  }

  /** The switch has a port of this name at this number; 0 if it has lost it. */
  portChanged(name: string, ofport: number): void {
    const guest = guestOfDevice(name);
    if (guest === undefined) return;
    const entry = this.#claims.holder(addressKey(guest.vni, guest.ipv4));
    const port = entry?.port;
    if (entry === undefined || port === undefined || port.ofport === ofport) return;
    if (port.local.vni !== guest.vni || port.local.ipv4 !== guest.ipv4) return;
    entry.port = { local: port.local, ofport };
    this.#review(entry);
  }

  /** The next bundle, or nothing if another has to come back first, the table is held, or all is installed. */
  takeBundle(ports: BridgePorts): FlowBatch | undefined {
    const isSecond = this.#outs.length > 0;
    if (this.#isHeld || this.#flowDirty.size === 0 || (isSecond && !this.hasFullBundle)) return undefined;
    const ops: FlowOp[] = [];
    let messages = 0;
    for (const entry of this.#flowDirty) {
      if (isSecond && !isAddition(entry)) break;
      const size = flowCount(entry.flows) + flowCount(entry.target);
      if (ops.length > 0 && messages + size > this.#limits.bundleMessagesMax) break;
      this.#flowDirty.delete(entry);
      const step = entry.isBusy ? "done" : nextStep(entry);
      if (step !== "install" && step !== "uninstall") continue;
      messages += size;
      ops.push(opOf(entry));
      entry.isBusy = true;
      if (ops.length >= this.#bundleLimit.current) break;
    }
    if (ops.length === 0) return undefined;
    const change = this.#hosts.plan(ops.map((op) => [op.before, op.after] as const));
    const batch = new FlowBatch(hostMessages(change, ports), ops, ports);
    this.#outs = [...this.#outs, { batch, delta: change.delta }];
    return batch;
  }

  /** What became of a bundle that is out. */
  bundleDone(batch: FlowBatch, outcome: BundleOutcome): void {
    const out = this.#outs.find((one) => one.batch === batch);
    if (out === undefined) return;
    this.#outs = this.#outs.filter((one) => one !== out);
    for (const { entry } of batch.ops) entry.isBusy = false;
    if (outcome.kind === "done") {
      this.#bundleLimit.succeeded(batch.ops.length);
      this.#hosts.apply(out.delta);
      for (const op of batch.ops) this.#setFlows(op.entry, op.after, op.afterPort);
    } else if (outcome.kind === "refused") this.#refused(batch.ops, outcome);
    for (const { entry } of batch.ops) this.#review(entry);
  }

  /**
   * Nothing is sent until {@link assume} or {@link letGo}: the switch is being compared or filled as a whole. A bundle that
   * is out counts as lost.
   */
  hold(): void {
    this.#isHeld = true;
    for (const { batch } of this.#outs) this.bundleDone(batch, { kind: "lost" });
  }

  /**
   * Takes every target that has a port for installed, and answers how many owners that are. The caller makes it true,
   * tells {@link assumedWrong} where that failed, then calls {@link letGo}.
   */
  assume(): number {
    assert(this.#isHeld, "Cannot assume flows while bundles may be out");
    this.#hosts.clear();
    let count = 0;
    for (const entry of this.#entries.values()) {
      const isReady = !entry.isBusy && !this.#retries.isWaiting(entry);
      const port = isReady ? targetPort(entry) : undefined;
      this.#setFlows(entry, port === undefined ? undefined : entry.target, port ?? 0);
      if (entry.flows === undefined) continue;
      count++;
      this.#hosts.apply(this.#hosts.plan([[undefined, entry.flows]]).delta);
    }
    return count;
  }

  /** The switch would not take this owner's flows. */
  assumedWrong(entry: Entry, message: string): void {
    const { flows } = entry;
    if (flows === undefined) return;
    this.#hosts.apply(this.#hosts.plan([[flows, undefined]]).delta);
    this.#setFlows(entry, undefined, 0);
    this.#fail(entry, flows, { code: "FLOWS_REFUSED", message });
  }

  /** Bundles may go out again. */
  letGo(): void {
    this.#isHeld = false;
    for (const entry of this.#entries.values()) this.#review(entry);
  }

  /** The next ports to make or delete; nothing while none is to be changed. */
  takePorts(): readonly PortOp[] {
    const ops: PortOp[] = [];
    if (this.#isHeld) return ops;
    for (const entry of this.#portDirty) {
      this.#portDirty.delete(entry);
      const step = entry.isBusy ? "done" : nextStep(entry);
      const local = step === "make-port" ? entry.target : step === "delete-port" ? entry.port?.local : undefined;
      if (local?.kind !== "local") continue;
      if (step === "make-port") entry.port = { local, ofport: 0 };
      entry.isBusy = true;
      ops.push({ kind: step === "make-port" ? "make" : "delete", entry, local });
      if (ops.length >= this.#portLimit.current) break;
    }
    return ops;
  }

  /** What became of each of the ports taken. */
  portsDone(ops: readonly PortOp[], outcomes: readonly PortOutcome[]): void {
    this.#portLimit.succeeded(ops.length);
    for (const [index, op] of ops.entries()) {
      const { entry } = op;
      const outcome = outcomes[index] ?? { kind: "lost" };
      entry.isBusy = false;
      if (outcome.kind === "failed") this.#fail(entry, op.local, outcome.failure);
      else if (outcome.kind === "done") {
        if (op.kind === "make") entry.port = { local: op.local, ofport: outcome.ofport };
        else {
          entry.port = undefined;
          this.#releaseClaim(entry, op.local);
        }
      }
    }
    for (const { entry } of ops) this.#review(entry);
  }

  /** The transaction was refused as a whole and names none of the ports. */
  portsRefused(ops: readonly PortOp[], message: string): void {
    if (ops.length === 1) {
      return this.portsDone(ops, [{ kind: "failed", failure: { code: "PORT_REFUSED", message } }]);
    }
    this.#portLimit.failed(ops.length);
    for (const { entry } of ops) {
      entry.isBusy = false;
      this.#review(entry);
    }
  }

  /** When {@link retry} should be called. */
  nextTimeout(): number | undefined {
    return this.#retries.next();
  }

  /** Tries again what failed long enough ago, or all that failed: what refused it is another now. */
  retry(which: "due" | "all" = "due"): void {
    for (const entry of this.#retries.take(which === "all" ? undefined : this.#clock.now())) this.#review(entry);
  }

  /** Flows that are added are right whatever becomes of others that are: hosts of both are added by both. */
  #retarget(entry: Entry): void {
    const { wanted } = entry;
    entry.target = undefined;
    if (wanted !== undefined) {
      const why = misplacement(wanted);
      if (why !== undefined) {
        this.#tellFailure(entry, wanted, { code: "BAD_ADDRESS", message: why, willRetry: false });
      } else if (this.#claims.claim(addressKey(wanted.vni, wanted.ipv4), entry)) entry.target = wanted;
      else this.#tellTaken(entry, wanted);
    }
    this.#review(entry);
  }

  /** Gives up the claim on a place that the entry no longer wants nor uses. */
  #releaseClaim(entry: Entry, place: NetworkInterface): void {
    const key = addressKey(place.vni, place.ipv4);
    const inUse = [entry.wanted, entry.flows, entry.port?.local];
    if (inUse.some((use) => use !== undefined && addressKey(use.vni, use.ipv4) === key)) return;
    const next = this.#claims.release(key, entry);
    if (next !== undefined) this.#retarget(next);
  }

  #setFlows(entry: Entry, flows: NetworkInterface | undefined, port: number): void {
    const before = entry.flows;
    this.#tally.replace(before, flows);
    entry.flows = flows;
    entry.flowsPort = port;
    if (before !== undefined && before !== flows) this.#releaseClaim(entry, before);
  }

  #refused(ops: readonly FlowOp[], outcome: Extract<BundleOutcome, { kind: "refused" }>): void {
    const [only] = ops;
    const offenders = ops.length === 1 && only !== undefined ? new Set([only]) : outcome.offenders;
    if (offenders.size === 0) this.#bundleLimit.failed(ops.length);
    for (const { entry, after, before } of offenders) {
      const about = after ?? before;
      if (about !== undefined) this.#fail(entry, about, { code: "FLOWS_REFUSED", message: outcome.message });
    }
  }

  #fail(entry: Entry, about: NetworkInterface, failure: Failure): void {
    this.#retries.add(entry, this.#clock.now());
    this.#tellFailure(entry, about, { ...failure, willRetry: true });
  }

  #tellTaken(entry: Entry, wanted: NetworkInterface): void {
    const holder = this.#claims.holder(addressKey(wanted.vni, wanted.ipv4))?.owner ?? "nobody";
    const message = `Cannot make an interface for ${entry.owner}: ${holder} holds its address in VNI ${wanted.vni}`;
    this.#tellFailure(entry, wanted, { code: "ADDRESS_TAKEN", message, willRetry: true });
  }

  #tellFailure(entry: Entry, about: NetworkInterface, failure: Failure & { readonly willRetry: boolean }): void {
    this.#unsettled.delete(entry);
    this.#tell({ kind: "failed", interface: about, ...failure });
  }

  /** Puts an entry where its next step is done, or tells that it has none. */
  #review(entry: Entry): void {
    if (entry.isBusy) {
      this.#unsettled.add(entry);
      return;
    }
    const step = nextStep(entry);
    if (step === "done") return this.#settle(entry);
    if (this.#retries.isWaiting(entry)) {
      this.#unsettled.delete(entry);
      return;
    }
    this.#unsettled.add(entry);
    if (step === "install" || step === "uninstall") this.#flowDirty.add(entry);
    else this.#portDirty.add(entry);
  }

  #settle(entry: Entry): void {
    const { target, told, wanted } = entry;
    if (this.#isHeld) {
      if (target !== undefined) this.#unsettled.add(entry);
      return;
    }
    this.#unsettled.delete(entry);
    this.#retries.clear(entry);
    if (target !== undefined) {
      if (told === target) return;
      entry.told = target;
      const created = !entry.isKept;
      entry.isKept = true;
      this.#tell({ kind: "implemented", interface: target, created });
      return;
    }
    entry.told = undefined;
    if (wanted === undefined && this.#entries.get(entry.owner) === entry) this.#entries.delete(entry.owner);
    if (told !== undefined) this.#tell({ kind: "removed", interface: told });
  }
}
