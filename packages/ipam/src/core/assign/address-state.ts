// All that the work on attachments shares: tables, pool, waiting room, and what is in flight.
import type { Clock, Random } from "@coracle/base";
import { type Locked, lockNameOf } from "../address/lock-name.ts";
import { AddressPool } from "../address/address-pool.ts";
import { AttachmentTable } from "../table/attachment-table.ts";
import { KeyIndex } from "../table/key-index.ts";
import { LockTable } from "../table/lock-table.ts";
import type { SubnetTable } from "../table/subnet-table.ts";
import type { LockView, ObjectKey } from "../table/views.ts";
import type { AddressObserver } from "./address-observer.ts";
import { type InFlightRecord, isCurrent } from "./in-flight.ts";
import type { LiveReads, Situation } from "./decision.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** What an {@link AddressState} is made of. */
export interface AddressStateOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly subnets: SubnetTable;
  readonly observer: AddressObserver;
  /** Told a key that should be worked on at once. */
  readonly call: (key: ObjectKey) => void;
}

/** State by key; only the task that works on a key changes what is in flight for it. */
export class AddressState {
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: AddressObserver;
  readonly subnets: SubnetTable;
  readonly attachments: AttachmentTable;
  readonly locks: LockTable;
  readonly pool: AddressPool;
  readonly waiting: WaitingRoom;
  readonly records: Map<ObjectKey, InFlightRecord> = new Map();
  /** Locks made or found whose event has not come yet. */
  readonly held: Map<ObjectKey, LockView> = new Map();
  /** UIDs of attachments seen to go, until their locks are gone as well. */
  readonly gone: Map<ObjectKey, string> = new Map();
  /** Locks seen to go while their address was being locked: the event may be faster than the answer. UID by name. */
  readonly #removed: Map<string, string> = new Map();
  /** Found their subnet full, and the status does not say so yet. */
  readonly contended: Set<ObjectKey> = new Set();

  constructor(options: AddressStateOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.observer = options.observer;
    this.subnets = options.subnets;
    const keys = new KeyIndex();
    this.attachments = new AttachmentTable(keys, new KeyIndex());
    this.locks = new LockTable(keys);
    this.pool = new AddressPool((locked) => this.locks.has(locked));
    this.waiting = new WaitingRoom(this.pool, options.call);
  }

  /** All that is known about a key now. */
  situation(key: ObjectKey, live: LiveReads): Situation {
    const attachment = this.attachments.get(key);
    const subnet = attachment && this.subnets.get(`${attachment.namespace}/${attachment.subnet}`);
    const locks = this.locks.ofOwner(key);
    const held = this.held.get(key);
    if (held !== undefined && locks.some((lock) => lock.uid === held.uid)) this.held.delete(key);
    else if (held !== undefined) locks.push(held);
    let record = this.records.get(key);
    if (record !== undefined) {
      const isValid = attachment !== undefined && subnet !== undefined && isCurrent(record, attachment, subnet);
      if (!isValid) {
        this.records.delete(key);
        record = undefined;
      }
    }
    const hasContention = attachment?.hasContention === true || this.contended.has(key);
    return { attachment, subnet, locks, record, goneUid: this.gone.get(key), hasContention, live };
  }

  /** Forgets what was in flight for a key whose attachment is gone. */
  forget(key: ObjectKey): void {
    this.records.delete(key);
    this.contended.delete(key);
    if (this.locks.ofOwner(key).length > 0) return;
    this.held.delete(key);
    this.gone.delete(key);
  }

  /** A watch showed that a lock is gone. */
  lockRemoved(lock: LockView): void {
    const key = `${lock.namespace}/${lock.owner}`;
    if (this.held.get(key)?.uid === lock.uid) this.held.delete(key);
    if (this.records.get(key)?.lock.uid === lock.uid) this.records.delete(key);
    if (this.pool.isChosen(lock)) this.#removed.set(lockNameOf(lock), lock.uid);
    else this.freed(lock);
  }

  /** A lock of a chosen address exists. Answers the UID of a lock of this address that a watch has shown to be gone since. */
  settle(locked: Locked): string | undefined {
    const name = lockNameOf(locked);
    const uid = this.#removed.get(name);
    this.#removed.delete(name);
    this.pool.settle(locked);
    if (uid !== undefined) this.freed(locked);
    return uid;
  }

  /** No lock was made for a chosen address. */
  giveBack(locked: Locked): void {
    this.#removed.delete(lockNameOf(locked));
    if (this.pool.giveBack(locked)) this.waiting.freed(locked);
  }

  /** The lock is gone from the server, whatever the watch shows. */
  buried(key: ObjectKey, lock: LockView): void {
    const held = this.held.get(key);
    if (held?.uid !== lock.uid) return;
    this.held.delete(key);
    // Its event will come; until then the address is held by the table alone, if the table knows it.
    this.freed(lock);
  }

  /** The address may be free again; whoever waits for it is called. */
  freed(locked: Locked): void {
    this.pool.unlocked(locked);
    if (!this.locks.has(locked)) this.waiting.freed(locked);
  }
}
