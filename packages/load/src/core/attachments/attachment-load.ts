// A load run as a machine: when to create and delete what, what the changes mean, and when the run is over.
import { assert, type Machine, type Millis, millis, unreachable } from "@coracle/base";
import { AddressBook } from "./address-book.ts";
import { type AttachmentRecord, advanceRecord, newRecord, stuckMessage } from "./attachment-record.ts";
import { attachmentIndex, attachmentName, subnetOf } from "./attachment-name.ts";
import { Deletions } from "./deletions.ts";
import { type Lane, makeLanes, nextOperation } from "./lane.ts";
import type { LaneOperation, Stage } from "./lane-program.ts";
import type {
  CallOutcome,
  FindingKind,
  LoadEnding,
  LoadInput,
  LoadOptions,
  LoadOutput,
  LoadPhase,
} from "./load-types.ts";
import type { Observation } from "./observation.ts";
import { SchedulePause } from "./schedule-pause.ts";
import { cleanCommand, testCommand, type TestPeer } from "./test-command.ts";
import { TestedPeers } from "./tested-peers.ts";

/** Deletions at one time while cleaning up. */
const CLEAN_UP_CONCURRENCY = 16;
/** Operations that begin up to this late are on time: timers are no better. */
const ON_TIME_MS = 5;

type Ending = LoadEnding["reason"];

/** Drives one run. Create it, `handle` a start, then do what `poll` says and arm one timer for `nextTimeout`. */
export class AttachmentLoad implements Machine<LoadInput, LoadOutput> {
  readonly lanes: readonly Lane[];
  readonly #options: LoadOptions;
  readonly #outputs: LoadOutput[] = [];
  readonly #records = new Map<string, AttachmentRecord>();
  readonly #laneOf = new Map<string, Lane>();
  readonly #peers: readonly TestedPeers[];
  readonly #book: AddressBook;
  readonly #deletions = new Deletions();
  #startedAt: Millis | undefined;
  readonly #pause = new SchedulePause();
  #created = 0;
  #phase: LoadPhase = "warm-up";
  #ending: Ending | undefined;
  #deadline: Millis | undefined;

  constructor(options: LoadOptions) {
    assert(options.nodes.length > 0, "Cannot place attachments: there are 0 nodes");
    this.#options = options;
    this.lanes = makeLanes(options);
    this.#peers = options.networks.map(() => new TestedPeers());
    this.#book = new AddressBook(options.networks);
  }

  get phase(): LoadPhase {
    return this.#phase;
  }

  /** Attachments that exist or are being made or removed. */
  get population(): number {
    return this.#records.size;
  }

  /** How long the schedule was held up by waits for tested peers. */
  get shiftMs(): number {
    return this.#pause.totalMs;
  }

  handle(input: LoadInput, now: Millis): void {
    if (this.#phase === "finished") return;
    switch (input.kind) {
      case "start":
        this.#startedAt = now;
        this.#outputs.push({ kind: "phase", phase: this.#phase });
        break;
      case "timeout":
        break;
      case "created":
        this.#onCreated(input);
        break;
      case "deleted":
        this.#onDeleted(input, now);
        break;
      case "observed":
        this.#onObserved(input.observation, now);
        break;
      case "removed":
        this.#onRemoved(input.name, now);
        break;
      case "interrupt":
        this.#end("interrupted");
        break;
      default:
        unreachable(input);
    }
    this.#advance(now);
  }

  poll(): LoadOutput | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    const times = [this.#deadline, this.#deletions.nextRetry()];
    if (this.#ending === undefined) for (const lane of this.lanes) times.push(this.#laneTimeout(lane));
    let next: Millis | undefined;
    for (const time of times) if (time !== undefined && (next === undefined || time < next)) next = time;
    return next;
  }

  #laneTimeout(lane: Lane): Millis | undefined {
    if (lane.isBusy || lane.next >= lane.operationCount || this.#startedAt === undefined) return undefined;
    return lane.waitsUntil ?? this.#dueAt(lane);
  }

  #dueAt(lane: Lane): Millis {
    return millis((this.#startedAt ?? 0) + this.#pause.totalMs + (lane.dueMs[lane.next] ?? 0));
  }

  #advance(now: Millis): void {
    if (this.#startedAt === undefined) return;
    for (let name = this.#deletions.due(now); name !== undefined; name = this.#deletions.due(now)) {
      this.#outputs.push({ kind: "delete", name });
    }
    if (this.#ending === undefined) for (const lane of this.lanes) this.#work(lane, now);
    this.#moveOn(now);
  }

  /** Begins what is due in a lane. */
  #work(lane: Lane, now: Millis): void {
    while (!lane.isBusy && lane.next < lane.operationCount && this.#ending === undefined) {
      if (this.#dueAt(lane) > now && lane.waitsUntil === undefined) return;
      const operation = nextOperation(lane);
      if (operation.kind === "create" && this.#waitsForPeer(lane, operation, now)) return;
      const delayMs = now - this.#dueAt(lane);
      if (delayMs > ON_TIME_MS) this.#outputs.push({ kind: "late-operation", delayMs });
      this.#enter(operation.stage);
      lane.next += 1;
      if (operation.kind === "create") this.#create(lane, operation, now);
      else this.#deleteOccupant(lane, operation, now);
    }
  }

  #enter(stage: Stage): void {
    const order = ["warm-up", "cruise", "cool-down"];
    if (order.indexOf(stage) > order.indexOf(this.#phase)) this.#setPhase(stage);
  }

  /** True while a lane must wait: its network has tests under way and no peer yet. The schedule stands still meanwhile. */
  #waitsForPeer(lane: Lane, operation: LaneOperation, now: Millis): boolean {
    const { test } = this.#options;
    const peers = this.#peers[lane.slots[operation.slot]?.network ?? -1];
    const isWanted = test !== undefined && peers?.latest() === undefined && peers?.isPending === true;
    if (isWanted && (lane.waitsUntil === undefined || lane.waitsUntil > now)) {
      if (lane.waitsUntil === undefined) this.#pause.begin(now);
      lane.waitsUntil ??= millis(now + test.pendingWaitMs);
      return true;
    }
    if (lane.waitsUntil !== undefined) this.#pause.end(now);
    lane.waitsUntil = undefined;
    return false;
  }

  #create(lane: Lane, operation: LaneOperation, now: Millis): void {
    const slot = lane.slots[operation.slot];
    const network = this.#options.networks[slot?.network ?? -1];
    assert(slot !== undefined && network !== undefined, `Cannot create in slot ${operation.slot}: the lane has none`);
    const index = attachmentIndex(network, slot.position, operation.generation);
    const name = attachmentName(network, index);
    const peer = this.#peers[slot.network]?.latest();
    const kind = this.#testKind(lane, peer);
    const { test, nodes, isRoundRobin, runId } = this.#options;
    const place = isRoundRobin ? this.#created % nodes.length : Math.floor(lane.random.next() * nodes.length);
    this.#created += 1;
    const netns = `${runId}-${this.#created}`;
    const subnet = subnetOf(network, slot.position);
    const { prefixLength } = subnet;
    const isTested = test !== undefined && kind !== undefined;
    lane.occupants[operation.slot] = name;
    lane.isBusy = true;
    this.#laneOf.set(name, lane);
    const pinged = kind === "full" ? peer : undefined;
    const first = { name, network: slot.network, test: kind, peer: pinged?.name, createCalledAt: now };
    this.#records.set(name, newRecord(first));
    if (isTested) this.#peers[slot.network]?.begin(name);
    this.#outputs.push({
      kind: "create",
      attachment: {
        name,
        network: slot.network,
        vni: network.vni,
        subnet: subnet.name,
        node: nodes[place] ?? "",
        slot: `${slot.network + 1}/${slot.position}`,
        postCreateExec: isTested ? testCommand(test, { netns, prefixLength }, pinged) : [],
        postDeleteExec: isTested ? cleanCommand(test, netns) : [],
      },
    });
  }

  #testKind(lane: Lane, peer: TestPeer | undefined): AttachmentRecord["test"] {
    const { test } = this.#options;
    if (test === undefined || test.fraction === 0) return undefined;
    if (peer === undefined) return "half";
    return lane.random.next() < test.fraction ? "full" : undefined;
  }

  #deleteOccupant(lane: Lane, operation: LaneOperation, now: Millis): void {
    const name = lane.occupants[operation.slot];
    lane.occupants[operation.slot] = undefined;
    const record = name === undefined ? undefined : this.#records.get(name);
    if (record === undefined || record.isGone) return;
    lane.isBusy = true;
    this.#delete(record, now);
  }

  #delete(record: AttachmentRecord, now: Millis): void {
    this.#peers[record.network]?.forget(record.name);
    const stuck = stuckMessage(record, now, this.#options.readyWithinMs);
    if (stuck !== undefined) this.#find("stuck", record.name, stuck);
    const mayNotExist = record.isUncertain && !record.isSeen;
    if (!mayNotExist && record.readyAt === undefined && record.brokenAt === undefined) {
      this.#outputs.push({ kind: "unready", name: record.name });
    }
    record.deleteCalledAt = now;
    this.#deletions.begin(record.name);
    this.#outputs.push({ kind: "delete", name: record.name });
  }

  #onCreated({ name, outcome, tookMs }: Answer): void {
    const record = this.#records.get(name);
    this.#free(name);
    this.#outputs.push({ kind: "call", verb: "create", isOk: outcome === "ok" });
    if (record === undefined) return;
    record.createAnswered = true;
    if (outcome === "ok") this.#outputs.push({ kind: "latency", latency: "create", seconds: tookMs / 1000, name });
    // Without an answer it may exist: then it stays in its slot and is deleted when its turn comes.
    record.isUncertain = outcome === "unknown";
    if (outcome === "refused" || record.isGone) this.#drop(record);
  }

  #onDeleted({ name, outcome, tookMs }: Answer, now: Millis): void {
    const record = this.#records.get(name);
    this.#outputs.push({ kind: "call", verb: "delete", isOk: outcome === "ok" });
    const state = this.#deletions.end(name, outcome === "ok", now);
    if (state === "will-retry") return;
    this.#free(name);
    if (record === undefined) return;
    record.isDeleted = state === "done";
    if (record.isDeleted) this.#outputs.push({ kind: "latency", latency: "delete", seconds: tookMs / 1000, name });
    else this.#find("stuck", name, `${name} could not be deleted`);
    // One that never came to be has no end to be seen either.
    if (record.isGone || (record.isUncertain && !record.isSeen)) this.#drop(record);
  }

  #onObserved(observation: Observation, now: Millis): void {
    const { name } = observation;
    const record = this.#records.get(name);
    if (record === undefined || record.isGone) return;
    for (const fault of this.#book.note(observation)) this.#find(fault.kind, name, fault.message);
    const progress = advanceRecord(record, observation, now);
    for (const [latency, seconds] of progress.latencies) {
      this.#outputs.push({ kind: "latency", latency, seconds, name });
    }
    const isNew = progress.addressed || progress.ready || progress.tested || progress.broken;
    if (isNew && record.deleteCalledAt !== undefined) this.#outputs.push({ kind: "late-change" });
    const { contention } = record;
    if (progress.addressed) this.#outputs.push({ kind: "reached", stage: "addressed", contention });
    if (progress.ready) this.#outputs.push({ kind: "reached", stage: "ready", contention });
    if (progress.tested) this.#onTested(record, observation);
    if (progress.broken) this.#onBroken(record, observation);
  }

  #onTested(record: AttachmentRecord, { name, ipv4, report }: Observation): void {
    if (report === undefined) return;
    const isOk = report.exitStatus === 0;
    const { exitStatus, complaintsLog2 } = report;
    // A peer that goes while it is pinged proves nothing.
    const isMoot = !isOk && record.peer !== undefined && !this.#isStaying(record.peer);
    this.#outputs.push({ kind: "test", exitStatus, complaintsLog2, isFull: record.test === "full", isMoot });
    if (record.deleteCalledAt === undefined) {
      this.#peers[record.network]?.end({ name, ipv4: ipv4 ?? 0 }, isOk && ipv4 !== undefined);
    }
    if (isOk || isMoot) return;
    this.#find("test-failed", name, `${name}: the test ended with ${exitStatus}: ${report.excerpt}`);
    if (this.#options.stopOnPingFail) this.#end("ping-failed");
  }

  #isStaying(name: string): boolean {
    const record = this.#records.get(name);
    return record !== undefined && record.deleteCalledAt === undefined && !record.isGone;
  }

  #onBroken(record: AttachmentRecord, { breakage = "" }: Observation): void {
    this.#peers[record.network]?.forget(record.name);
    this.#find("broken", record.name, `${record.name}: ${breakage}`);
    if (this.#options.stopOnBreak) this.#end("broken");
  }

  #onRemoved(name: string, now: Millis): void {
    const record = this.#records.get(name);
    if (record === undefined || record.isGone) return;
    record.isGone = true;
    this.#book.forget(name);
    this.#peers[record.network]?.forget(name);
    if (record.deleteCalledAt === undefined) this.#find("vanished", name, `${name} was deleted by somebody else`);
    else {
      const seconds = (now - record.deleteCalledAt) / 1000;
      this.#outputs.push({ kind: "latency", latency: "deleteToGone", seconds, name });
    }
    if (record.isDeleted || (record.deleteCalledAt === undefined && record.createAnswered)) this.#drop(record);
  }

  #drop({ name, network }: AttachmentRecord): void {
    this.#peers[network]?.forget(name);
    this.#book.forget(name);
    this.#laneOf.delete(name);
    this.#records.delete(name);
  }

  #free(name: string): void {
    const lane = this.#laneOf.get(name);
    if (lane === undefined) return;
    lane.isBusy = false;
  }

  #find(kind: FindingKind, name: string, message: string): void {
    this.#outputs.push({ kind: "finding", finding: { kind, name, message } });
  }

  #end(reason: Ending): void {
    if (this.#ending === undefined) this.#deadline = undefined;
    this.#ending ??= reason;
  }

  #setPhase(phase: LoadPhase): void {
    this.#phase = phase;
    this.#outputs.push({ kind: "phase", phase });
  }

  /** From one phase to the next, as far as things are. */
  #moveOn(now: Millis): void {
    if (this.#ending === undefined) {
      if (!this.lanes.every((lane) => lane.next >= lane.operationCount && !lane.isBusy)) return;
      if (!this.#hasWaited(now)) return;
      this.#end("complete");
    }
    if (this.#phase !== "settling" && !this.#cleanUp(now)) return;
    this.#settle(now);
  }

  /** A shock test looks on after its last creation. */
  #hasWaited(now: Millis): boolean {
    const { waitAfterCreateMs } = this.#options;
    if (waitAfterCreateMs === 0) return true;
    if (this.#phase !== "waiting") {
      this.#setPhase("waiting");
      this.#deadline = millis(now + waitAfterCreateMs);
    }
    return this.#deadline === undefined || now >= this.#deadline;
  }

  /** Deletes what exists, a few at a time; true when all calls are answered. */
  #cleanUp(now: Millis): boolean {
    let unanswered = this.lanes.some(({ isBusy }) => isBusy) || this.#deletions.size > 0;
    if (this.#options.keep) return !unanswered;
    for (const record of this.#records.values()) {
      if (this.#deletions.size >= CLEAN_UP_CONCURRENCY) return false;
      if (!record.createAnswered) unanswered = true;
      else if (record.deleteCalledAt === undefined && !record.isGone) {
        if (this.#phase !== "cleaning up") this.#setPhase("cleaning up");
        this.#delete(record, now);
      }
    }
    return !unanswered && this.#deletions.size === 0;
  }

  /** Waits for the last notifications, then ends. */
  #settle(now: Millis): void {
    if (this.#phase !== "settling") {
      this.#setPhase("settling");
      this.#deadline = millis(now + this.#options.waitAfterDeleteMs);
    }
    const left = [...this.#records.values()].filter(({ isDeleted }) => !isDeleted).length;
    const unconfirmed = this.#records.size - left;
    if (unconfirmed > 0 && this.#deadline !== undefined && now < this.#deadline) return;
    this.#deadline = undefined;
    this.#setPhase("finished");
    this.#outputs.push({ kind: "finished", ending: { reason: this.#ending ?? "complete", unconfirmed, left } });
  }
}

interface Answer {
  readonly name: string;
  readonly outcome: CallOutcome;
  readonly tookMs: number;
}
