// The part of a router node that a packet thread runs: what is forwarded or sent back leaves at once, the rest goes up.
import type { Millis } from "@coracle/base";
import { type DatagramView, type Endpoint, RecordRouter, type RecordRouterOptions } from "@coracle/cluster";
import type { PostedCounts } from "./packet-messages.ts";

/** The two ports of a node, by the number of their socket. */
export const Port = { public: 0, cluster: 1 } as const;

/** What a {@link PacketPath} does outside. */
export interface PacketActions {
  /** Sends `bytes[start, end)`, which may lie in the memory of the datagram at hand. */
  send(port: number, datagram: DatagramView, to: Endpoint): void;
  /** Hands the datagram at hand to the main thread. */
  passUp(): void;
  /** A frame came from an address that is no member. */
  stranger(from: Endpoint): void;
}

/** Strangers are told of no more often than this. */
const STRANGER_MS = 100;

/** Forwards records of other nodes and sends back their answers; sessions and membership live on the main thread. */
export class PacketPath {
  readonly router: RecordRouter;
  readonly #actions: PacketActions;
  readonly #view: DatagramView = { bytes: new Uint8Array(0), start: 0, end: 0 };
  #strangerAt = Number.NEGATIVE_INFINITY;

  constructor(options: RecordRouterOptions, actions: PacketActions) {
    this.router = new RecordRouter(options);
    this.#actions = actions;
  }

  /** Takes a datagram of a port. In front of it there is room for a header. */
  receive(port: number, datagram: DatagramView, arrival: { readonly source: Endpoint; readonly now: Millis }): void {
    const { source, now } = arrival;
    const { router } = this;
    const isPublic = port === Port.public;
    const decision = isPublic ? router.routePublic(datagram, source, now) : router.routeCluster(datagram, source, now);
    switch (decision.kind) {
      case "local":
      case "management":
        this.#actions.passUp();
        return;
      case "forward":
        if (decision.member !== undefined) this.#send(Port.cluster, datagram, decision, decision.member.endpoint);
        return;
      case "send-client": {
        const { addressOffset, addressSizeBytes, port: clientPort } = decision.frame;
        const address = datagram.bytes.slice(addressOffset, addressOffset + addressSizeBytes);
        this.#send(Port.public, datagram, decision, { address, port: clientPort });
        return;
      }
      case "send-backward":
        return;
      case "drop":
        if (decision.cause === "forward-unknown-sender" || decision.cause === "backward-unknown-sender") {
          this.#tellStranger(source, now);
        }
    }
  }

  /** What was counted so far. */
  counts(): PostedCounts {
    const { counters, drops, flows } = this.router;
    return { routes: counters.snapshot(), drops: drops.snapshot(), flows: flows.size, flowsConfirmed: flows.confirmed };
  }

  #send(port: number, datagram: DatagramView, part: { start: number; end: number }, to: Endpoint): void {
    const view = this.#view;
    view.bytes = datagram.bytes;
    view.start = part.start;
    view.end = part.end;
    this.#actions.send(port, view, to);
  }

  #tellStranger(from: Endpoint, now: Millis): void {
    if (now - this.#strangerAt < STRANGER_MS) return;
    this.#strangerAt = now;
    this.#actions.stranger(from);
  }
}
