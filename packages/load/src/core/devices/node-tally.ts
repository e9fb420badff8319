// What each node of a cluster did for the devices: who had the session is in the first octet of its connection ID.
import type { FleetOutput, NodeOctet } from "./device-types.ts";

/** The numbers of one node. */
export interface NodeCounts {
  handshakes: number;
  answered: number;
  retransmissions: number;
  /** Requests of its sessions that were never answered. */
  lost: number;
}

/** Counts by node; an octet has 256 values, so no more can come. */
export class NodeTally {
  readonly #nodes: Map<NodeOctet, NodeCounts> = new Map();

  add(output: FleetOutput): void {
    switch (output.kind) {
      case "established":
        this.#of(output.node).handshakes++;
        return;
      case "answered":
        this.#of(output.node).answered++;
        return;
      case "retransmitted":
        this.#of(output.node).retransmissions++;
        return;
      case "lost":
        this.#of(output.node).lost++;
        return;
      default:
    }
  }

  /** By the octet in decimal; `none` is a server without connection IDs, or no session yet. */
  result(): Readonly<Record<string, Readonly<NodeCounts>>> {
    const nodes = [...this.#nodes].toSorted(([a = -1], [b = -1]) => a - b);
    return Object.fromEntries(
      nodes.map(([node, counts]) => [node === undefined ? "none" : String(node), { ...counts }]),
    );
  }

  #of(node: NodeOctet): NodeCounts {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known;
    const counts = { handshakes: 0, answered: 0, retransmissions: 0, lost: 0 };
    this.#nodes.set(node, counts);
    return counts;
  }
}
