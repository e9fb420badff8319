// Every lock, packed: found by its address and by the attachment that has it.
import { grown } from "./attachment-table.ts";
import type { KeyIndex } from "./key-index.ts";
import { UuidColumn, VersionColumn } from "./packed-texts.ts";
import { type LockView, type ObjectKey, splitKey } from "./views.ts";
import type { Locked } from "../address/lock-name.ts";

const NONE = -1;
const ADDRESSES = 2 ** 32;

/** The locks as the last watch event showed them. */
export class LockTable {
  /** Keys of owners, shared with the attachments. */
  readonly #owners: KeyIndex;
  /** Rows by 2^32 times the VNI plus the address, 53 bits, for each namespace. */
  readonly #byAddress: Map<string, Map<number, number>> = new Map();
  /** First lock of each owner, by the owner's number. */
  #first: Int32Array = new Int32Array(0);
  readonly #uid: UuidColumn = new UuidColumn();
  readonly #ownerUid: UuidColumn = new UuidColumn();
  readonly #version: VersionColumn = new VersionColumn();
  #address: Uint32Array = new Uint32Array(0);
  #vni: Uint32Array = new Uint32Array(0);
  #created: Uint32Array = new Uint32Array(0);
  #owner: Int32Array = new Int32Array(0);
  #next: Int32Array = new Int32Array(0);
  readonly #free: number[] = [];
  #rows = 0;
  #rowsUsed = 0;
  #size = 0;

  constructor(owners: KeyIndex) {
    this.#owners = owners;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of the columns. */
  get sizeBytes(): number {
    const packed = this.#uid.sizeBytes + this.#ownerUid.sizeBytes + this.#version.sizeBytes;
    return packed + this.#rows * 4 * 5 + this.#first.byteLength;
  }

  /** Whether a lock of this address is known in any namespace. */
  has({ vni, address }: Locked): boolean {
    for (const rows of this.#byAddress.values()) if (rows.has(vni * ADDRESSES + address)) return true;
    return false;
  }

  find(namespace: string, { vni, address }: Locked): LockView | undefined {
    const row = this.#byAddress.get(namespace)?.get(vni * ADDRESSES + address);
    return row === undefined ? undefined : this.#view(row, namespace);
  }

  /** The locks that name this attachment, in no order. */
  ofOwner(owner: ObjectKey): LockView[] {
    const id = this.#owners.find(owner);
    const locks: LockView[] = [];
    if (id === undefined) return locks;
    const { namespace } = splitKey(owner);
    for (let row = this.#firstOf(id); row !== NONE; row = this.#next[row] ?? NONE) {
      locks.push(this.#view(row, namespace));
    }
    return locks;
  }

  /** The lock that was there before, if any. */
  upsert(lock: LockView): LockView | undefined {
    const before = this.remove(lock.namespace, lock);
    const row = this.#allocate();
    const owner = this.#owners.acquire(`${lock.namespace}/${lock.owner}`);
    this.#uid.set(row, lock.uid);
    this.#ownerUid.set(row, lock.ownerUid);
    this.#version.set(row, lock.resourceVersion);
    this.#address[row] = lock.address;
    this.#vni[row] = lock.vni;
    this.#created[row] = lock.createdSeconds;
    this.#owner[row] = owner;
    if (owner >= this.#first.length) this.#growFirst(owner);
    this.#next[row] = this.#firstOf(owner);
    this.#first[owner] = row;
    this.#namespace(lock.namespace).set(lock.vni * ADDRESSES + lock.address, row);
    this.#size++;
    return before;
  }

  /** The lock that was there, if any. */
  remove(namespace: string, { vni, address }: Locked): LockView | undefined {
    const rows = this.#byAddress.get(namespace);
    const row = rows?.get(vni * ADDRESSES + address);
    if (rows === undefined || row === undefined) return undefined;
    const view = this.#view(row, namespace);
    rows.delete(vni * ADDRESSES + address);
    if (rows.size === 0) this.#byAddress.delete(namespace);
    const owner = this.#owner[row] ?? 0;
    const next = this.#next[row] ?? NONE;
    if (this.#firstOf(owner) === row) this.#first[owner] = next;
    else {
      let before = this.#firstOf(owner);
      while (this.#next[before] !== row) before = this.#next[before] ?? NONE;
      this.#next[before] = next;
    }
    this.#owners.release(owner);
    this.#free.push(row);
    this.#size--;
    return view;
  }

  /** All locks. The table must not change meanwhile. */
  *all(): Generator<{ readonly namespace: string } & Locked> {
    for (const [namespace, rows] of this.#byAddress) {
      for (const row of rows.values()) {
        yield { namespace, vni: this.#vni[row] ?? 0, address: this.#address[row] ?? 0 };
      }
    }
  }

  #firstOf(owner: number): number {
    return this.#first[owner] ?? NONE;
  }

  #view(row: number, namespace: string): LockView {
    return {
      namespace,
      vni: this.#vni[row] ?? 0,
      address: this.#address[row] ?? 0,
      uid: this.#uid.get(row),
      resourceVersion: this.#version.get(row),
      owner: splitKey(this.#owners.nameOf(this.#owner[row] ?? 0)).name,
      ownerUid: this.#ownerUid.get(row),
      createdSeconds: this.#created[row] ?? 0,
    };
  }

  #namespace(namespace: string): Map<number, number> {
    const found = this.#byAddress.get(namespace);
    if (found !== undefined) return found;
    const made = new Map<number, number>();
    this.#byAddress.set(namespace, made);
    return made;
  }

  #allocate(): number {
    const row = this.#free.pop() ?? this.#rowsUsed++;
    if (row >= this.#rows) this.#resize(Math.max(16, Math.ceil(row * 1.5)));
    return row;
  }

  #growFirst(owner: number): void {
    const next = new Int32Array(Math.max(16, Math.ceil(owner * 1.5))).fill(NONE);
    this.#first = grown(next, this.#first);
  }

  #resize(rows: number): void {
    this.#uid.resize(rows);
    this.#ownerUid.resize(rows);
    this.#version.resize(rows);
    this.#address = grown(new Uint32Array(rows), this.#address);
    this.#vni = grown(new Uint32Array(rows), this.#vni);
    this.#created = grown(new Uint32Array(rows), this.#created);
    this.#owner = grown(new Int32Array(rows), this.#owner);
    this.#next = grown(new Int32Array(rows), this.#next);
    this.#rows = rows;
  }
}
