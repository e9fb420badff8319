// Client flows this node forwards: the only destinations it relays answers to, so that it is no open relay.
import { assert, type Millis } from "@coracle/base";
import type { Endpoint } from "./endpoint.ts";
import { EndpointIndex } from "./endpoint-index.ts";
import type { ForwardFrame } from "./forward-header.ts";
import type { NodeId } from "./node-id.ts";

const NONE = -1;
const PROBATION = 0;
const CONFIRMED = 1;

/** Settings of a {@link FlowTable}. */
export interface FlowTableOptions {
  /** Flows kept; a quarter of them may be unconfirmed. */
  readonly flowsMax: number;
  /** A flow without a datagram either way for this long is forgotten. */
  readonly flowLifetimeMs: number;
  readonly hashSeed: number;
}

/**
 * Client address to owner node. A flow starts on probation when a datagram is forwarded and is confirmed when the owner
 * answers it, which an owner does only after the record's MAC was right. Each class evicts its own least recently used, so
 * a flood of forged sources pushes out other forged sources, not working devices.
 */
export class FlowTable {
  readonly #options: FlowTableOptions;
  readonly #index: EndpointIndex;
  readonly #owner: Uint8Array;
  readonly #class: Uint8Array;
  readonly #seenAt: Float64Array;
  readonly #newer: Int32Array;
  readonly #older: Int32Array;
  readonly #newest: Int32Array = Int32Array.of(NONE, NONE);
  readonly #oldest: Int32Array = Int32Array.of(NONE, NONE);
  readonly #sizes: Int32Array = Int32Array.of(0, 0);
  readonly #sizesMax: Int32Array;

  constructor(options: FlowTableOptions) {
    const { flowsMax } = options;
    assert(flowsMax >= 4 && flowsMax % 4 === 0, `Cannot keep flows in quarters: flowsMax is ${flowsMax}`);
    this.#options = options;
    this.#index = new EndpointIndex(flowsMax, options.hashSeed);
    this.#owner = new Uint8Array(flowsMax);
    this.#class = new Uint8Array(flowsMax);
    this.#seenAt = new Float64Array(flowsMax);
    this.#newer = new Int32Array(flowsMax);
    this.#older = new Int32Array(flowsMax);
    this.#sizesMax = Int32Array.of(flowsMax / 4, flowsMax - flowsMax / 4);
  }

  /** Flows kept, confirmed or not; stale ones count until they are met. */
  get size(): number {
    return this.#index.size;
  }

  get confirmed(): number {
    return this.#sizes[CONFIRMED] ?? 0;
  }

  /** Notes that a datagram of `client` was forwarded to `owner`. A changed owner starts on probation again. */
  touch(client: Endpoint, owner: NodeId, now: Millis): void {
    const { address, port } = client;
    let slot = this.#index.find(address, 0, address.length, port);
    if (slot === NONE) {
      this.#makeRoom(PROBATION);
      slot = this.#index.insert(address, 0, address.length, port);
      this.#link(slot, PROBATION);
    } else {
      const kept =
        this.#owner[slot] === owner && !this.#stale(slot, now) ? (this.#class[slot] ?? PROBATION) : PROBATION;
      this.#move(slot, kept);
    }
    this.#owner[slot] = owner;
    this.#seenAt[slot] = now;
  }

  /** True if the client in `frame` has a flow to `owner`; the flow is then confirmed and fresh. */
  confirm(bytes: Uint8Array, frame: ForwardFrame, owner: NodeId, now: Millis): boolean {
    const slot = this.#index.find(bytes, frame.addressOffset, frame.addressSizeBytes, frame.port);
    if (slot === NONE || this.#owner[slot] !== owner) return false;
    if (this.#stale(slot, now)) {
      this.#forget(slot);
      return false;
    }
    this.#move(slot, CONFIRMED);
    this.#seenAt[slot] = now;
    return true;
  }

  #stale(slot: number, now: Millis): boolean {
    return now - (this.#seenAt[slot] ?? 0) > this.#options.flowLifetimeMs;
  }

  #move(slot: number, to: number): void {
    this.#unlink(slot);
    this.#makeRoom(to);
    this.#link(slot, to);
  }

  #makeRoom(list: number): void {
    if ((this.#sizes[list] ?? 0) >= (this.#sizesMax[list] ?? 0)) this.#forget(this.#oldest[list] ?? NONE);
  }

  #forget(slot: number): void {
    this.#unlink(slot);
    this.#index.remove(slot);
  }

  #link(slot: number, list: number): void {
    const newest = this.#newest[list] ?? NONE;
    this.#class[slot] = list;
    this.#newer[slot] = NONE;
    this.#older[slot] = newest;
    if (newest === NONE) this.#oldest[list] = slot;
    else this.#newer[newest] = slot;
    this.#newest[list] = slot;
    this.#sizes[list] = (this.#sizes[list] ?? 0) + 1;
  }

  #unlink(slot: number): void {
    const list = this.#class[slot] ?? PROBATION;
    const newer = this.#newer[slot] ?? NONE;
    const older = this.#older[slot] ?? NONE;
    if (newer === NONE) this.#newest[list] = older;
    else this.#older[newer] = older;
    if (older === NONE) this.#oldest[list] = newer;
    else this.#newer[older] = newer;
    this.#sizes[list] = (this.#sizes[list] ?? 0) - 1;
  }
}
