// The 1+R watches of an agent: one of this node's attachments, one for each VNI that has some here; out come the wanted interfaces.
import { assert, type Machine, type Millis, millis, TimerTable } from "@coracle/base";
import type { KubeObject, WatchStreamEvent } from "@coracle/kube";
import {
  type AttachmentTimes,
  type LocalView,
  ownerOf,
  readLocal,
  readRemote,
  type RemoteView,
  versionOrder,
} from "./attachment-fields.ts";
import type {
  AgentInput,
  AgentOutput,
  AttachmentMachineOptions,
  LocalBlock,
  LocalState,
  MachineCounts,
} from "./attachment-machine-types.ts";
import { NO_SLOT, RemoteTable } from "./remote-table.ts";
import { Relevance, type RelevantVni } from "./relevance.ts";
import { localQuery, remoteQuery, type WatchQuery } from "./watch-selector.ts";

interface Watch {
  readonly id: number;
  readonly vni: number;
  readonly query: WatchQuery;
  round: number;
  isSynced: boolean;
}

interface LocalEntry {
  view: LocalView;
  version: number;
  round: number;
  desired: LocalView | undefined;
  isSuperseded: boolean;
}

const LOCAL_VNI = 0;
/** A watch that had to leave objects out starts over once this share of the table is free. */
const ROOM_SHARE = 0.1;

/**
 * Decides by state, never by event: whatever the watches bring, the last desire for an owner follows from what they hold now. When
 * several watches hold one owner, the newest version wins; versions without an order wait for the older watch to let go. A VNI stays
 * relevant as long as the local watch holds an attachment of it.
 */
export class AttachmentMachine implements Machine<AgentInput, AgentOutput> {
  readonly #options: AttachmentMachineOptions;
  readonly #watches = new Map<number, Watch>();
  readonly #watchOfVni = new Map<number, Watch>();
  readonly #locals = new Map<string, LocalEntry>();
  readonly #remotes: RemoteTable;
  readonly #relevance = new Relevance();
  readonly #timers = new TimerTable<"adopt">();
  readonly #awaited = new Set<number>();
  /** Watches whose objects were left out for want of room: they start over when there is some. */
  readonly #overflowed = new Set<Watch>();
  #outputs: AgentOutput[] = [];
  #outputsRead = 0;
  #phase: "idle" | "listing-locals" | "listing-remotes" | "adopted" = "idle";
  #lastId = 0;
  #overflows = 0;
  #unusable = 0;

  constructor(options: AttachmentMachineOptions) {
    this.#options = options;
    this.#remotes = new RemoteTable(options.remotesMax);
  }

  handle(input: AgentInput, now: Millis): void {
    switch (input.kind) {
      case "start":
        assert(this.#phase === "idle", `Cannot start the watches twice: current value is ${this.#phase}`);
        this.#phase = "listing-locals";
        this.#open(LOCAL_VNI, localQuery(this.#options.node));
        break;
      case "watch": {
        const watch = this.#watches.get(input.id);
        if (watch === undefined) break;
        this.#onEvent(watch, input.event, now);
        if (this.#overflowed.size > 0) this.#reopenWhenRoomy();
        break;
      }
      case "timeout":
        if (this.#timers.expire(now) === "adopt") this.#adopt(false);
        break;
    }
  }

  poll(): AgentOutput | undefined {
    const output = this.#outputs[this.#outputsRead++];
    if (output === undefined) {
      this.#outputs = [];
      this.#outputsRead = 0;
    }
    return output;
  }

  nextTimeout(): Millis | undefined {
    return this.#timers.next();
  }

  /** A local attachment that the watch holds now. */
  local(owner: string): LocalState | undefined {
    const entry = this.#locals.get(owner);
    return entry === undefined ? undefined : { view: entry.view, block: this.#blockOf(entry) };
  }

  /** Owners of this node. */
  localOwners(): IterableIterator<string> {
    return this.#locals.keys();
  }

  /** The VNIs with attachments on this node, and whether the watch of their remote ones is synced. */
  *vnis(): Generator<RelevantVni & { readonly isSynced: boolean }> {
    for (const each of this.#relevance.vnis.values()) {
      yield { ...each, isSynced: this.#watchOfVni.get(each.vni)?.isSynced === true };
    }
  }

  /** Sum of relevance delays, in milliseconds. */
  relevanceDelayMs(): number {
    return this.#relevance.aggregateDelayMs();
  }

  get isAdopted(): boolean {
    return this.#phase === "adopted";
  }

  counts(): MachineCounts {
    let watchesSynced = 0;
    for (const watch of this.#watches.values()) if (watch.isSynced) watchesSynced++;
    return {
      locals: this.#locals.size,
      remotes: this.#remotes.size,
      watches: this.#watches.size,
      watchesSynced,
      overflows: this.#overflows,
      unusable: this.#unusable,
    };
  }

  #onEvent(watch: Watch, event: WatchStreamEvent, now: Millis): void {
    switch (event.kind) {
      case "sync-start":
        watch.round++;
        this.#overflowed.delete(watch);
        break;
      case "item":
      case "upsert":
        if (watch.vni === LOCAL_VNI) this.#upsertLocal(watch, event.object);
        else this.#upsertRemote(watch, event.object);
        break;
      case "remove":
        if (watch.vni === LOCAL_VNI) this.#removeLocal(ownerOf(event.object));
        else this.#removeSlot(this.#remotes.find(ownerOf(event.object), watch.vni));
        break;
      case "sync-end":
        this.#endSync(watch, now);
        break;
      case "bookmark":
      case "gap":
      case "error":
        break;
    }
  }

  #upsertLocal(watch: Watch, object: KubeObject): void {
    const view = readLocal(object);
    const known = this.#locals.get(view.owner);
    if (known === undefined && this.#locals.size >= this.#options.localsMax) {
      this.#overflow(watch);
      return;
    }
    const version = versionOrder(view.resourceVersion);
    const entry = known ?? { view, version, round: watch.round, desired: undefined, isSuperseded: false };
    entry.view = view;
    entry.version = version;
    entry.round = watch.round;
    this.#locals.set(view.owner, entry);
    const place = this.#relevance.placeOf(view.owner);
    if (place !== undefined && (place !== view.vni || view.ipv4 === 0)) this.#leaveVni(view.owner);
    if (this.#relevance.placeOf(view.owner) === undefined) this.#enterVni(view);
    this.#decide(view.owner);
    this.#outputs.push({ kind: "local", owner: view.owner });
  }

  #removeLocal(owner: string): void {
    const entry = this.#locals.get(owner);
    if (entry === undefined) return;
    this.#locals.delete(owner);
    if (this.#remotes.first(owner) === NO_SLOT) this.#outputs.push({ kind: "release", owner, wasLocal: true });
    this.#outputs.push({ kind: "local-gone", view: entry.view });
    this.#decide(owner);
    this.#leaveVni(owner);
  }

  #upsertRemote(watch: Watch, object: KubeObject): void {
    const view = readRemote(object);
    if (view === undefined || view.vni !== watch.vni) {
      this.#unusable++;
      this.#removeSlot(this.#remotes.find(ownerOf(object), watch.vni));
      return;
    }
    const version = versionOrder(object.metadata.resourceVersion ?? "");
    const fields = { ipv4: view.ipv4, hostIp: view.hostIp, version, round: watch.round };
    const slot = this.#remotes.find(view.owner, watch.vni);
    if (slot === NO_SLOT) {
      if (this.#remotes.add(view.owner, watch.vni, fields) === NO_SLOT) {
        this.#overflow(watch);
        return;
      }
    } else {
      const isSame = this.#remotes.ipv4(slot) === view.ipv4 && this.#remotes.hostIp(slot) === view.hostIp;
      if (!isSame) this.#remotes.setDesired(slot, false);
      this.#remotes.set(slot, fields);
    }
    this.#decide(view.owner, view);
  }

  #removeSlot(slot: number): void {
    if (slot === NO_SLOT) return;
    const owner = this.#remotes.owner(slot);
    this.#remotes.remove(slot);
    if (this.#locals.has(owner) || this.#remotes.first(owner) !== NO_SLOT) this.#decide(owner);
    else this.#outputs.push({ kind: "release", owner, wasLocal: false });
  }

  /** Puts the fabric's desire for an owner right. */
  #decide(owner: string, seen?: RemoteView): void {
    const local = this.#locals.get(owner);
    const first = this.#remotes.first(owner);
    if (local === undefined && first === NO_SLOT) return;
    const best = this.#remotes.newest(owner, local?.version);
    // Without an order it is unknown who is right: the watch that is wrong will let go.
    if (best === "unknown") return;
    if (best === NO_SLOT && local !== undefined) this.#desireLocal(owner, local);
    else this.#desireRemote(owner, best, seen);
  }

  #desireLocal(owner: string, entry: LocalEntry): void {
    this.#forgetRemoteDesires(owner, NO_SLOT);
    const wasSuperseded = entry.isSuperseded;
    if (wasSuperseded) {
      entry.isSuperseded = false;
      this.#outputs.push({ kind: "local", owner });
    }
    const { view, desired } = entry;
    if (view.vni === 0 || view.ipv4 === 0 || this.#relevance.blockedBy(owner) !== undefined) {
      entry.desired = undefined;
      if (desired !== undefined || wasSuperseded) this.#outputs.push({ kind: "release", owner, wasLocal: true });
      return;
    }
    entry.desired = view;
    if (desired?.uid === view.uid && desired.vni === view.vni && desired.ipv4 === view.ipv4) return;
    const { uid, vni, ipv4, times } = view;
    this.#outputs.push({ kind: "desire", wanted: { kind: "local", owner, uid, vni, ipv4 }, times });
  }

  #desireRemote(owner: string, slot: number, seen: RemoteView | undefined): void {
    const local = this.#locals.get(owner);
    if (local !== undefined && !local.isSuperseded) {
      local.isSuperseded = true;
      local.desired = undefined;
      this.#outputs.push({ kind: "local", owner });
    }
    this.#forgetRemoteDesires(owner, slot);
    if (this.#remotes.isDesired(slot)) return;
    this.#remotes.setDesired(slot, true);
    const vni = this.#remotes.vni(slot);
    const wanted = {
      kind: "remote",
      owner,
      vni,
      ipv4: this.#remotes.ipv4(slot),
      hostIp: this.#remotes.hostIp(slot),
    } as const;
    const relevance = this.#relevance.vnis.get(vni)?.times;
    const times = seen?.vni === vni ? seen.times : UNKNOWN_TIMES;
    this.#outputs.push({ kind: "desire", wanted, times, ...(relevance === undefined ? {} : { relevance }) });
  }

  #forgetRemoteDesires(owner: string, except: number): void {
    for (let slot = this.#remotes.first(owner); slot !== NO_SLOT; slot = this.#remotes.next(slot)) {
      if (slot !== except) this.#remotes.setDesired(slot, false);
    }
  }

  #enterVni(view: LocalView): void {
    if (view.vni === 0 || view.ipv4 === 0) return;
    if (!this.#relevance.enter(view).opened) return;
    this.#open(view.vni, remoteQuery(this.#options.node, view.vni, view.namespace));
  }

  /** Takes a local attachment out of its VNI; with the last one goes the watch and every remote attachment it held. */
  #leaveVni(owner: string): void {
    const left = this.#relevance.leave(owner);
    if (left === undefined) return;
    this.#close(left.closed);
    for (let slot = this.#remotes.firstOf(left.closed); slot !== NO_SLOT; slot = this.#remotes.firstOf(left.closed)) {
      this.#removeSlot(slot);
    }
    for (const waiter of left.waiting) {
      const entry = this.#locals.get(waiter);
      if (entry === undefined) continue;
      this.#enterVni(entry.view);
      this.#decide(waiter);
      this.#outputs.push({ kind: "local", owner: waiter });
    }
  }

  #open(vni: number, query: WatchQuery): Watch {
    const watch: Watch = { id: ++this.#lastId, vni, query, round: 0, isSynced: false };
    this.#watches.set(watch.id, watch);
    this.#watchOfVni.set(vni, watch);
    if (vni !== LOCAL_VNI && this.#phase !== "adopted") this.#awaited.add(watch.id);
    this.#outputs.push({ kind: "open-watch", id: watch.id, vni, query });
    return watch;
  }

  #close(vni: number): void {
    const watch = this.#watchOfVni.get(vni);
    if (watch === undefined) return;
    this.#watches.delete(watch.id);
    this.#watchOfVni.delete(vni);
    this.#overflowed.delete(watch);
    this.#outputs.push({ kind: "close-watch", id: watch.id, vni });
    this.#noLongerAwaits(watch);
  }

  #endSync(watch: Watch, now: Millis): void {
    if (watch.vni === LOCAL_VNI) {
      for (const [owner, entry] of this.#locals) if (entry.round !== watch.round) this.#removeLocal(owner);
    } else {
      let slot = this.#remotes.firstOf(watch.vni);
      while (slot !== NO_SLOT) {
        const next = this.#remotes.nextOf(slot);
        if (this.#remotes.round(slot) !== watch.round) this.#removeSlot(slot);
        slot = next;
      }
    }
    const isFirst = !watch.isSynced;
    watch.isSynced = true;
    if (!isFirst) return;
    if (watch.vni === LOCAL_VNI && this.#phase === "listing-locals") {
      this.#phase = "listing-remotes";
      this.#timers.set("adopt", millis(now + this.#options.adoptWaitMs));
    }
    this.#noLongerAwaits(watch);
  }

  #noLongerAwaits(watch: Watch): void {
    this.#awaited.delete(watch.id);
    if (this.#phase === "listing-remotes" && this.#awaited.size === 0) this.#adopt(true);
  }

  #adopt(isComplete: boolean): void {
    if (this.#phase === "adopted") return;
    this.#phase = "adopted";
    this.#timers.clear("adopt");
    this.#awaited.clear();
    this.#outputs.push({ kind: "adopt", isComplete });
  }

  #overflow(watch: Watch): void {
    this.#overflowed.add(watch);
    this.#overflows++;
  }

  /** Watches that left objects out list again once there is room. What they hold stays meanwhile. */
  #reopenWhenRoomy(): void {
    const { localsMax, remotesMax } = this.#options;
    for (const watch of this.#overflowed) {
      const isLocal = watch.vni === LOCAL_VNI;
      const used = isLocal ? this.#locals.size : this.#remotes.size;
      if (!watch.isSynced || used > (isLocal ? localsMax : remotesMax) * (1 - ROOM_SHARE)) continue;
      this.#close(watch.vni);
      this.#open(watch.vni, watch.query).round = watch.round;
    }
  }

  #blockOf(entry: LocalEntry): LocalBlock | undefined {
    const { view } = entry;
    if (entry.isSuperseded) return { kind: "superseded" };
    if (view.vni === 0 || view.ipv4 === 0) return { kind: "unusable-address" };
    const namespace = this.#relevance.blockedBy(view.owner);
    return namespace === undefined ? undefined : { kind: "foreign-vni", namespace };
  }
}

const UNKNOWN_TIMES: AttachmentTimes = { attachmentMs: 0, subnetMs: 0, implMs: 0 };
