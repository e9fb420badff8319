// Every attachment, packed: rows of typed arrays indexed by the number of its key, linked by subnet.
import type { KeyIndex } from "./key-index.ts";
import { UuidColumn, VersionColumn } from "./packed-texts.ts";
import { type AttachmentView, type ConditionState, keyOf, type ObjectKey, type ReadyBy, splitKey } from "./views.ts";

const NONE = -1;
const CONDITION_STATUS = [undefined, "True", "False", "Unknown"] as const;
const PRESENT = 1;
const HAS_ADDRESS = 2;
const HAS_CONTENTION = 4;
const CONDITION_SHIFT = 3;
const CONDITION_MASK = 3;
const READY_BY: readonly ReadyBy[] = ["nobody", "ipam", "agent"];
const READY_SHIFT = 5;

/** The attachments as the last watch event showed them. */
export class AttachmentTable {
  readonly #keys: KeyIndex;
  /** Keys of subnets that attachments name, whether they exist or not. */
  readonly #subnets: KeyIndex;
  readonly #uid: UuidColumn = new UuidColumn();
  readonly #version: VersionColumn = new VersionColumn();
  readonly #lockUid: UuidColumn = new UuidColumn();
  /** Microseconds since 1970. */
  #written: Float64Array = new Float64Array(0);
  #subnetWritten: Float64Array = new Float64Array(0);
  #address: Uint32Array = new Uint32Array(0);
  #vni: Uint32Array = new Uint32Array(0);
  #errorHash: Uint32Array = new Uint32Array(0);
  #since: Uint32Array = new Uint32Array(0);
  #flags: Uint8Array = new Uint8Array(0);
  #subnet: Int32Array = new Int32Array(0);
  #next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  /** First attachment of each subnet, by the subnet's number. */
  readonly #first: number[] = [];
  #rows = 0;
  #size = 0;

  constructor(keys: KeyIndex, subnets: KeyIndex) {
    this.#keys = keys;
    this.#subnets = subnets;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of the columns. */
  get sizeBytes(): number {
    return this.#uid.sizeBytes + this.#version.sizeBytes + this.#lockUid.sizeBytes + this.#rows * (8 * 2 + 4 * 7 + 1);
  }

  get(key: ObjectKey): AttachmentView | undefined {
    const row = this.#keys.find(key);
    return row === undefined || !this.#isPresent(row) ? undefined : this.#view(row, key);
  }

  upsert(view: AttachmentView): void {
    const key = keyOf(view);
    const known = this.#keys.find(key);
    const isNew = known === undefined || !this.#isPresent(known);
    const row = isNew ? this.#keys.acquire(key) : known;
    if (row >= this.#rows) this.#resize(Math.max(16, Math.ceil(row * 1.5)));
    if (isNew) this.#size++;
    else this.#unlink(row);
    this.#uid.set(row, view.uid);
    this.#version.set(row, view.resourceVersion);
    this.#lockUid.set(row, view.lockUid);
    this.#written[row] = view.writtenUs;
    this.#subnetWritten[row] = view.subnetWrittenUs;
    this.#address[row] = view.address ?? 0;
    this.#vni[row] = view.vni;
    this.#errorHash[row] = view.errorHash;
    this.#since[row] = view.condition?.sinceSeconds ?? 0;
    this.#flags[row] =
      PRESENT |
      (view.address === undefined ? 0 : HAS_ADDRESS) |
      (view.hasContention ? HAS_CONTENTION : 0) |
      (CONDITION_STATUS.indexOf(view.condition?.status) << CONDITION_SHIFT) |
      (READY_BY.indexOf(view.readyBy) << READY_SHIFT);
    this.#link(row, this.#subnets.acquire(`${view.namespace}/${view.subnet}`));
  }

  /** The last state of the attachment, if it was known. */
  remove(key: ObjectKey): AttachmentView | undefined {
    const row = this.#keys.find(key);
    if (row === undefined || !this.#isPresent(row)) return undefined;
    const view = this.#view(row, key);
    this.#unlink(row);
    this.#flags[row] = 0;
    this.#size--;
    this.#keys.release(row);
    return view;
  }

  /** Keys of the attachments that name a subnet. The table must not change meanwhile. */
  *ofSubnet(subnetKey: ObjectKey): Generator<ObjectKey> {
    const subnet = this.#subnets.find(subnetKey);
    if (subnet === undefined) return;
    for (let row = this.#first[subnet] ?? NONE; row !== NONE; row = this.#next[row] ?? NONE) {
      yield this.#keys.nameOf(row);
    }
  }

  /** Keys of all attachments. The table must not change meanwhile. */
  *keys(): Generator<ObjectKey> {
    for (let row = 0; row < this.#rows; row++) if (this.#isPresent(row)) yield this.#keys.nameOf(row);
  }

  #view(row: number, key: ObjectKey): AttachmentView {
    const flags = this.#flags[row] ?? 0;
    const subnet = splitKey(this.#subnets.nameOf(this.#subnet[row] ?? 0)).name;
    return {
      ...splitKey(key),
      uid: this.#uid.get(row),
      resourceVersion: this.#version.get(row),
      subnet,
      lockUid: this.#lockUid.get(row),
      vni: this.#vni[row] ?? 0,
      address: (flags & HAS_ADDRESS) === 0 ? undefined : this.#address[row],
      hasContention: (flags & HAS_CONTENTION) !== 0,
      errorHash: this.#errorHash[row] ?? 0,
      subnetWrittenUs: this.#subnetWritten[row] ?? 0,
      condition: this.#condition(row, (flags >> CONDITION_SHIFT) & CONDITION_MASK),
      readyBy: READY_BY[flags >> READY_SHIFT] ?? "nobody",
      writtenUs: this.#written[row] ?? 0,
    };
  }

  #condition(row: number, code: number): ConditionState | undefined {
    const status = CONDITION_STATUS[code];
    return status === undefined ? undefined : { status, sinceSeconds: this.#since[row] ?? 0 };
  }

  #isPresent(row: number): boolean {
    return ((this.#flags[row] ?? 0) & PRESENT) !== 0;
  }

  #link(row: number, subnet: number): void {
    const first = this.#first[subnet] ?? NONE;
    this.#subnet[row] = subnet;
    this.#next[row] = first;
    this.#previous[row] = NONE;
    if (first !== NONE) this.#previous[first] = row;
    this.#first[subnet] = row;
  }

  #unlink(row: number): void {
    const subnet = this.#subnet[row] ?? 0;
    const next = this.#next[row] ?? NONE;
    const previous = this.#previous[row] ?? NONE;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous === NONE) this.#first[subnet] = next;
    else this.#next[previous] = next;
    this.#subnets.release(subnet);
  }

  #resize(rows: number): void {
    this.#uid.resize(rows);
    this.#version.resize(rows);
    this.#lockUid.resize(rows);
    this.#written = grown(new Float64Array(rows), this.#written);
    this.#subnetWritten = grown(new Float64Array(rows), this.#subnetWritten);
    this.#address = grown(new Uint32Array(rows), this.#address);
    this.#vni = grown(new Uint32Array(rows), this.#vni);
    this.#errorHash = grown(new Uint32Array(rows), this.#errorHash);
    this.#since = grown(new Uint32Array(rows), this.#since);
    this.#flags = grown(new Uint8Array(rows), this.#flags);
    this.#subnet = grown(new Int32Array(rows), this.#subnet);
    this.#next = grown(new Int32Array(rows), this.#next);
    this.#previous = grown(new Int32Array(rows), this.#previous);
    this.#rows = rows;
  }
}

/** `next`, beginning with what `old` holds. */
export function grown<T extends { readonly length: number; set(from: T): void }>(next: T, old: T): T {
  next.set(old);
  return next;
}
