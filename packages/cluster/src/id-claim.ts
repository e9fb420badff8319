// A node id that a second address claims: did the node move, or do two nodes share an id? Asking the known holder decides.
import type { Millis } from "@coracle/base";
import type { Endpoint } from "./endpoint.ts";
import type { NodeId } from "./node-id.ts";

/** Claims under way at once; more are ignored and counted, their nodes ping again. */
export const CLAIMS_MAX = 16;
/** Pings to the known holder within the claim's time: where a tenth is lost, all of them fail once in twenty thousand claims. */
const PROBES = 6;

/** A claim of an id by another address than the known one. */
export interface IdClaim {
  readonly nodeId: NodeId;
  readonly endpoint: Endpoint;
  readonly key: string;
  readonly deadline: Millis;
  nextProbeAt: Millis;
}

/** What to do with a claim now. */
export type ClaimStep =
  { readonly kind: "probe"; readonly nodeId: NodeId } | { readonly kind: "move"; readonly claim: IdClaim };

/** The open claims, at most one per id. */
export class IdClaims {
  readonly #timeoutMs: number;
  readonly #claims: Map<NodeId, IdClaim> = new Map();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#claims.size;
  }

  get(id: NodeId): IdClaim | undefined {
    return this.#claims.get(id);
  }

  /** Opens a claim; false if one is open for this id or too many are. */
  open(id: NodeId, endpoint: Endpoint, key: string, now: Millis): boolean {
    if (this.#claims.has(id) || this.#claims.size === CLAIMS_MAX) return false;
    this.#claims.set(id, {
      nodeId: id,
      endpoint,
      key,
      deadline: (now + this.#timeoutMs) as Millis,
      nextProbeAt: now,
    });
    return true;
  }

  close(id: NodeId): void {
    this.#claims.delete(id);
  }

  /** The next step that is due, or `undefined`. A silent holder has lost its id at the deadline. */
  expire(now: Millis): ClaimStep | undefined {
    for (const claim of this.#claims.values()) {
      if (claim.deadline <= now) {
        this.#claims.delete(claim.nodeId);
        return { kind: "move", claim };
      }
      if (claim.nextProbeAt <= now) {
        claim.nextProbeAt = (now + this.#timeoutMs / PROBES) as Millis;
        return { kind: "probe", nodeId: claim.nodeId };
      }
    }
    return undefined;
  }

  nextTimeout(): Millis | undefined {
    let earliest: Millis | undefined;
    for (const { deadline, nextProbeAt } of this.#claims.values()) {
      const at = nextProbeAt < deadline ? nextProbeAt : deadline;
      if (earliest === undefined || at < earliest) earliest = at;
    }
    return earliest;
  }
}
