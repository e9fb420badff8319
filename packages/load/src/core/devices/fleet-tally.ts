// The numbers of a fleet's run, from its outputs.
import { type Random, unreachable } from "@coracle/base";
import { SampleSet, type SampleSummary } from "../attachments/sample-set.ts";
import type { FleetOutput } from "./device-types.ts";
import { type NodeCounts, NodeTally } from "./node-tally.ts";

/** Everything counted. */
export interface FleetCounts {
  requests: number;
  answered: number;
  lost: number;
  retransmissions: number;
  late: number;
  handshakes: number;
  resumed: number;
  handshakesFailed: number;
  sessionsClosed: number;
  rebinds: number;
}

/** The result of a run. */
export interface FleetResult {
  readonly counts: Readonly<FleetCounts>;
  /** By the first octet of the server's connection ID: its node, in a cluster. */
  readonly nodes: Readonly<Record<string, Readonly<NodeCounts>>>;
  /** Answers by code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Failed handshakes by cause. */
  readonly failures: Readonly<Record<string, number>>;
  /** Request to answer, seconds; absent without an answer. */
  readonly request: SampleSummary | undefined;
  /** First ClientHello to established, seconds. */
  readonly handshake: SampleSummary | undefined;
}

/** Codes and causes told apart; the rest is counted as `other`. */
const NAMES_MAX = 64;

/** Adds up outputs. */
export class FleetTally {
  readonly counts: FleetCounts = {
    requests: 0,
    answered: 0,
    lost: 0,
    retransmissions: 0,
    late: 0,
    handshakes: 0,
    resumed: 0,
    handshakesFailed: 0,
    sessionsClosed: 0,
    rebinds: 0,
  };
  readonly #codes: Map<string, number> = new Map();
  readonly #failures: Map<string, number> = new Map();
  readonly #requests: SampleSet;
  readonly #handshakes: SampleSet;
  readonly #nodes: NodeTally = new NodeTally();
  readonly #random: Random;
  #recent: SampleSet;

  constructor(random: Random) {
    this.#random = random;
    this.#requests = new SampleSet(random);
    this.#handshakes = new SampleSet(random);
    this.#recent = new SampleSet(random);
  }

  /** Takes an output in. */
  add(output: FleetOutput): void {
    const { counts } = this;
    this.#nodes.add(output);
    switch (output.kind) {
      case "send":
      case "finished":
        return;
      case "requested":
        counts.requests++;
        return;
      case "retransmitted":
        counts.retransmissions++;
        return;
      case "answered":
        counts.answered++;
        this.#requests.add(output.tookMs / 1000, `device ${output.device}`);
        this.#recent.add(output.tookMs / 1000, "");
        return count(this.#codes, output.code);
      case "lost":
        counts.lost++;
        return;
      case "late":
        counts.late++;
        return;
      case "rebind":
        counts.rebinds++;
        return;
      case "established":
        counts.handshakes++;
        if (output.isResumed) counts.resumed++;
        this.#handshakes.add(output.tookMs / 1000, `device ${output.device}`);
        return;
      case "handshake-failed":
        counts.handshakesFailed++;
        return count(this.#failures, output.cause);
      case "session-closed":
        counts.sessionsClosed++;
        return;
      default:
        unreachable(output);
    }
  }

  /** Request to answer since this was last asked for. */
  takeRecent(): SampleSummary | undefined {
    const recent = this.#recent.summary();
    this.#recent = new SampleSet(this.#random);
    return recent;
  }

  /** The numbers of each node. */
  nodes(): Readonly<Record<string, Readonly<NodeCounts>>> {
    return this.#nodes.result();
  }

  result(): FleetResult {
    return {
      counts: { ...this.counts },
      nodes: this.nodes(),
      codes: Object.fromEntries(this.#codes),
      failures: Object.fromEntries(this.#failures),
      request: this.#requests.summary(),
      handshake: this.#handshakes.summary(),
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  const key = counts.has(name) || counts.size < NAMES_MAX ? name : "other";
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
