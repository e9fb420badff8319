// A model of Californium's plain cluster manager as it behaves on the wire, its weak sides included, for mixed clusters.
import type { Machine, Millis, Random } from "@coracle/base";
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import type { ManagementInput, ManagementOutput } from "../management-plane.ts";

const TICK_MS = 2000;
const REFRESH_MS = 4000;
const DISCOVER_MS = 10_000;
const EXPIRATION_MS = 6000;

interface Entry {
  /** Pings go to the first address for ever, forwarding to the newest. */
  readonly first: Endpoint;
  newest: Endpoint;
  lastSeen: number;
  state: number;
}

/** One node with a static list. Only datagrams and time matter to it. */
export class CaliforniumPeer implements Machine<ManagementInput, ManagementOutput> {
  readonly entries: Map<number, Entry> = new Map();
  ready = false;
  readonly #id: number;
  readonly #list: readonly Endpoint[];
  readonly #random: Random;
  readonly #addresses: Map<string, number> = new Map();
  readonly #outputs: ManagementOutput[] = [];
  #tickAt: Millis | undefined;
  #discoverAt = 0;

  constructor(id: number, list: readonly Endpoint[], random: Random) {
    this.#id = id;
    this.#list = list;
    this.#random = random;
  }

  handle(input: ManagementInput, now: Millis): void {
    if (input.kind === "start") this.#tickAt = (now + 100) as Millis;
    else if (input.kind === "datagram") this.#receive(input.from, input.bytes, now);
    else if (this.#tickAt !== undefined && this.#tickAt <= now) this.#tick(now);
  }

  poll(): ManagementOutput | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    return this.#tickAt;
  }

  #tick(now: Millis): void {
    this.#tickAt = (now + TICK_MS) as Millis;
    let expired = false;
    for (const [id, entry] of this.entries) {
      if (now - entry.lastSeen > REFRESH_MS + EXPIRATION_MS) {
        this.entries.delete(id);
        // Only the newest address is forgotten.
        this.#addresses.delete(formatEndpoint(entry.newest));
        expired = true;
      } else if (now - entry.lastSeen > REFRESH_MS) this.#send(61, entry.first, this.#state(0));
    }
    if (!expired && this.entries.size > 0 && now < this.#discoverAt) return;
    this.#discoverAt = now + DISCOVER_MS;
    const missing = this.#list.filter((endpoint) => !this.#addresses.has(formatEndpoint(endpoint)));
    for (const endpoint of missing.sort(() => this.#random.next() - 0.5)) this.#send(61, endpoint, this.#state(0));
  }

  #receive(from: Endpoint, bytes: Uint8Array, now: Millis): void {
    const [type = 0, id = 0, , , , state = 0] = bytes;
    if (bytes.length < 6 || id === this.#id || (type !== 60 && type !== 61)) return;
    const key = formatEndpoint(from);
    const former = this.#addresses.get(key);
    if (former !== undefined && former !== id) this.entries.delete(former);
    this.#addresses.set(key, id);
    const entry = this.entries.get(id) ?? { first: from, newest: from, lastSeen: now, state };
    this.entries.set(id, entry);
    entry.newest = from;
    entry.lastSeen = now;
    entry.state = state;
    const own = this.#state(state);
    if (type === 61) this.#send(60, from, own, bytes.subarray(6));
    const up = [...this.entries.values()].filter((other) => other.state >= 1).length;
    if (this.ready || own < 1 || (own < 2 && up + 1 < this.#list.length)) return;
    this.ready = true;
    for (const other of this.entries.values()) this.#send(61, other.first, 2);
  }

  #state(heard: number): number {
    if (this.ready || heard === 2) return 2;
    return this.entries.size + 1 >= this.#list.length ? 1 : 0;
  }

  #send(type: number, to: Endpoint, state: number, tail: Uint8Array = new Uint8Array(0)): void {
    this.#outputs.push({ kind: "transmit", to, bytes: Uint8Array.of(type, this.#id, 0, 0, 0, state, ...tail) });
  }
}
