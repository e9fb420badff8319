// Why the packet path drops a datagram, and how often it did: one counter per cause, none shared.

/** Every cause of a drop on the public or the cluster port. */
export const DROP_CAUSES = [
  /** A record that claims a connection ID but is cut off or of a wrong version. */
  "broken-record",
  /** A connection ID whose node is not in the table. */
  "unknown-node",
  /** A connection ID that is in none of the configurations of this node's layout. */
  "unknown-cid-config",
  /** With its header the datagram would not fit a UDP datagram. */
  "oversize",
  /** Mode with MAC, and there is no management session with the owner or router. */
  "no-keys",
  /** A frame too short to carry a record. */
  "short-frame",
  /** A frame whose address is neither 4 nor 16 bytes. */
  "bad-address-size",
  /** A forward from an address that is no member. */
  "forward-unknown-sender",
  /** A backward from an address that is no member. */
  "backward-unknown-sender",
  /** A forward whose MAC is wrong. */
  "bad-forward",
  /** A backward whose MAC is wrong. */
  "bad-backward",
  /** A forward without a connection ID of this node: forwarding it again could loop. */
  "misrouted",
  /** A backward whose payload is not DTLS records. */
  "backward-no-record",
  /** A backward to a client whose datagrams this node did not forward to that owner lately. */
  "unknown-flow",
  /** Backward frames are switched off here. */
  "backward-off",
  /** A frame with client port 0, which nothing can be sent to. */
  "bad-port",
] as const;

/** One of {@link DROP_CAUSES}. */
export type DropCause = (typeof DROP_CAUSES)[number];

/** What the packet path did, by outcome. */
export const ROUTE_COUNTERS = [
  "local",
  "forwarded",
  "processed-forward",
  "backwarded",
  "sent-backward",
  "answered-direct",
  "router-left",
  "management",
] as const;

/** One of {@link ROUTE_COUNTERS}. */
export type RouteCounter = (typeof ROUTE_COUNTERS)[number];

/** Counters over a fixed list of names; adding is one store, reading makes a snapshot. */
export class Counters<Name extends string> {
  readonly #names: readonly Name[];
  readonly #values: Record<string, number> = {};

  constructor(names: readonly Name[]) {
    this.#names = names;
    for (const name of names) this.#values[name] = 0;
  }

  /** Counts one. */
  add(name: Name): void {
    this.#values[name] = (this.#values[name] ?? 0) + 1;
  }

  get(name: Name): number {
    return this.#values[name] ?? 0;
  }

  /** Every name with its count, in the order of the list. */
  snapshot(): [name: Name, count: number][] {
    return this.#names.map((name) => [name, this.get(name)]);
  }
}
