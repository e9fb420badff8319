// The whole controller without its sockets: watch events and answers in, API calls out.
import type { Clock, Millis, Random } from "@coracle/base";
import { type KubeObject, type WatchStreamEvent, WorkQueue, type WorkQueueObserver } from "@coracle/kube";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { lockNameOf, readLockName } from "./address/lock-name.ts";
import type { AddressObserver } from "./assign/address-observer.ts";
import { AddressState } from "./assign/address-state.ts";
import { serveAttachment } from "./assign/serve-attachment.ts";
import { type TaskCall, TaskRunner } from "./queue/task-runner.ts";
import { readAttachment, readLock, readSubnet } from "./table/read-objects.ts";
import { SubnetTable } from "./table/subnet-table.ts";
import { type AttachmentView, keyOf, type ObjectKey, type SubnetView } from "./table/views.ts";
import { validateSubnet, type ValidatorObserver, type ValidatorState } from "./validate/validate-subnet.ts";
import { WatchedKind } from "./watched-kind.ts";

/** The kinds that are followed. */
export type WatchedResource = "subnets" | "networkattachments" | "iplocks";

/** Which part of the controller a call belongs to: addresses, or the subnet validator. */
export type QueueName = "ipam" | "sv";

/** KOS starts at 200 ms as well, but goes up to 8 hours; whatever frees an address wakes who waits for it, so minutes are enough. */
const WORK_BACKOFF = { backoffMs: 200, backoffMsMax: 300_000 } as const;

/** What comes in. */
export type IpamInput =
  | { readonly kind: "watch"; readonly resource: WatchedResource; readonly event: WatchStreamEvent }
  | { readonly kind: "answer"; readonly queue: QueueName; readonly id: number; readonly answer: ApiAnswer }
  /** Whether work may begin: true without leader election, or while leading. */
  | { readonly kind: "lead"; readonly isLeading: boolean }
  | { readonly kind: "timeout" };

/** A call to make; the answer comes back with the same queue and id. */
export interface IpamCall {
  readonly queue: QueueName;
  readonly id: number;
  readonly call: ApiCall;
}

/** Settings of an {@link IpamMachine}. */
export interface IpamMachineOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Attachments worked on at a time, and Subnets. */
  readonly workers: number;
  readonly validators: number;
  readonly observer?: AddressObserver;
  readonly validatorObserver?: ValidatorObserver;
  readonly queueObservers?: Readonly<Partial<Record<QueueName, WorkQueueObserver>>>;
}

/** Follows three kinds, gives addresses to attachments, validates subnets. */
export class IpamMachine {
  readonly state: AddressState;
  readonly subnets: SubnetTable = new SubnetTable();
  readonly queues: Readonly<Record<QueueName, WorkQueue>>;
  readonly kinds: Readonly<Record<WatchedResource, WatchedKind>>;
  readonly #runners: Readonly<Record<QueueName, TaskRunner<ApiCall, ApiAnswer>>>;
  readonly #validator: ValidatorState;
  #isLeading = true;
  #now: Millis;

  constructor(options: IpamMachineOptions) {
    const { clock, random, observer = {}, validatorObserver = {}, queueObservers = {} } = options;
    this.#now = clock.now();
    const { subnets } = this;
    const makeQueue = (name: QueueName): WorkQueue => {
      const queueObserver = queueObservers[name];
      return new WorkQueue({ ...WORK_BACKOFF, ...(queueObserver === undefined ? {} : { observer: queueObserver }) });
    };
    this.queues = { ipam: makeQueue("ipam"), sv: makeQueue("sv") };
    const call = (key: ObjectKey): void => this.queues.ipam.add(key, this.#now);
    this.state = new AddressState({ clock, random, subnets, observer, call });
    this.#validator = { clock, subnets, observer: validatorObserver, stale: new Map() };
    this.#runners = {
      ipam: new TaskRunner({
        queue: this.queues.ipam,
        workers: options.workers,
        start: (key) => serveAttachment(this.state, key),
        ended: (key) => this.state.waiting.served(key),
      }),
      sv: new TaskRunner({
        queue: this.queues.sv,
        workers: options.validators,
        start: (key) => validateSubnet(this.#validator, key),
      }),
    };
    this.kinds = this.#followedKinds();
  }

  /** Whether a complete state of every kind has come in. */
  get isSynced(): boolean {
    return Object.values(this.kinds).every((kind) => kind.isSynced);
  }

  /** Calls without an answer so far. */
  get running(): number {
    return this.#runners.ipam.running + this.#runners.sv.running;
  }

  handle(input: IpamInput, now: Millis): void {
    this.#now = now;
    switch (input.kind) {
      case "watch":
        this.kinds[input.resource].handle(input.event);
        break;
      case "answer":
        this.#runners[input.queue].answer(input.id, input.answer, now);
        break;
      case "lead":
        this.#isLeading = input.isLeading;
        break;
      case "timeout":
        break;
    }
    const isActive = this.#isLeading && this.isSynced;
    this.#runners.ipam.setActive(isActive);
    this.#runners.sv.setActive(isActive);
  }

  /** The next call to make, validation first: attachments wait for it. */
  poll(now: Millis): IpamCall | undefined {
    this.#now = now;
    return callOf("sv", this.#runners.sv.poll(now)) ?? callOf("ipam", this.#runners.ipam.poll(now));
  }

  nextTimeout(): Millis | undefined {
    const [a, b] = [this.#runners.ipam.nextTimeout(), this.#runners.sv.nextTimeout()];
    return a === undefined || (b !== undefined && b < a) ? b : a;
  }

  #followedKinds(): Readonly<Record<WatchedResource, WatchedKind>> {
    const { state, subnets } = this;
    const nameOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
    return {
      subnets: new WatchedKind(
        {
          upsert: (object) => this.#subnetChanged(readSubnet(object)),
          remove: (object) => this.#subnetRemoved(nameOf(object)),
          known: () => [...subnets.all()].map(keyOf),
          vanished: (name) => this.#subnetRemoved(name),
          synced: () => undefined,
        },
        nameOf,
      ),
      networkattachments: new WatchedKind(
        {
          upsert: (object) => this.#attachmentChanged(readAttachment(object)),
          remove: (object) => this.#attachmentRemoved(nameOf(object)),
          known: () => state.attachments.keys(),
          vanished: (name) => this.#attachmentRemoved(name),
          synced: () => undefined,
        },
        nameOf,
      ),
      iplocks: new WatchedKind(
        {
          upsert: (object) => this.#lockChanged(object),
          remove: (object) => this.#lockRemoved(nameOf(object)),
          known: () => this.#lockNames(),
          vanished: (name) => this.#lockRemoved(name),
          synced: (isFirst) => this.#locksSynced(isFirst),
        },
        nameOf,
      ),
    };
  }

  #subnetChanged(subnet: SubnetView): void {
    const key = keyOf(subnet);
    const before = this.subnets.upsert(subnet);
    if (before !== undefined && before.uid !== subnet.uid) this.#freeRivals(before);
    const isUnexamined = !subnet.isValidated && subnet.errors.length === 0;
    const hadWork =
      this.#validator.stale.get(key)?.hasWork === true && before?.resourceVersion !== subnet.resourceVersion;
    if (before?.uid !== subnet.uid || isUnexamined || hadWork) this.queues.sv.add(key, this.#now);
    const verdictOf = (view: SubnetView): string => `${view.uid} ${view.isValidated} ${view.errors.join()}`;
    if (isUnexamined && subnet.range.ok) return;
    if (before === undefined || verdictOf(before) !== verdictOf(subnet)) this.#wakeSubnet(key);
  }

  #subnetRemoved(key: ObjectKey): void {
    const subnet = this.subnets.remove(key);
    this.queues.sv.add(key, this.#now);
    if (subnet === undefined) return;
    this.#freeRivals(subnet);
    this.#wakeSubnet(key);
  }

  /** A subnet is gone: those of its virtual network that failed validation may pass now, without anybody touching them. */
  #freeRivals({ vni }: SubnetView): void {
    for (const rival of this.subnets.ofVni(vni)) {
      if (!rival.isValidated) this.queues.sv.add(keyOf(rival), this.#now);
    }
  }

  #wakeSubnet(key: ObjectKey): void {
    for (const attachment of this.state.attachments.ofSubnet(key)) this.queues.ipam.add(attachment, this.#now);
  }

  #attachmentChanged(attachment: AttachmentView): void {
    const key = keyOf(attachment);
    const before = this.state.attachments.get(key);
    if (before !== undefined && before.uid !== attachment.uid) this.state.gone.set(key, before.uid);
    this.state.attachments.upsert(attachment);
    this.queues.ipam.add(key, this.#now);
  }

  #attachmentRemoved(key: ObjectKey): void {
    const attachment = this.state.attachments.remove(key);
    if (attachment !== undefined) this.state.gone.set(key, attachment.uid);
    this.queues.ipam.add(key, this.#now);
  }

  #lockChanged(object: KubeObject): void {
    const lock = readLock(object);
    if (lock === undefined) return;
    const before = this.state.locks.upsert(lock);
    this.state.pool.locked(lock);
    if (before !== undefined && before.owner !== lock.owner) this.#wakeOwner(before);
    this.#wakeOwner(lock);
  }

  #lockRemoved(key: ObjectKey): void {
    const slash = key.indexOf("/");
    const locked = readLockName(key.slice(slash + 1));
    const lock = locked && this.state.locks.remove(key.slice(0, slash), locked);
    if (lock === undefined) return;
    this.state.lockRemoved(lock);
    this.#wakeOwner(lock);
  }

  #wakeOwner({ namespace, owner }: { readonly namespace: string; readonly owner: string }): void {
    if (owner !== "") this.queues.ipam.add(`${namespace}/${owner}`, this.#now);
  }

  *#lockNames(): Generator<string> {
    for (const lock of this.state.locks.all()) yield `${lock.namespace}/${lockNameOf(lock)}`;
  }

  #locksSynced(isFirst: boolean): void {
    if (isFirst) return;
    this.state.held.clear();
    this.state.pool.rebuild(this.state.locks.all());
  }
}

function callOf(queue: QueueName, call: TaskCall<ApiCall> | undefined): IpamCall | undefined {
  return call === undefined ? undefined : { queue, id: call.id, call: call.request };
}
