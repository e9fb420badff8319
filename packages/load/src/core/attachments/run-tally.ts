// Adds up what a run does and finds: counters, latencies, findings, and from them the verdict.
import type { Random } from "@coracle/base";
import { type LatencyName, LATENCY_NAMES } from "./latencies.ts";
import type { Finding, FindingKind, LoadEnding, LoadOutput, LoadPhase } from "./load-types.ts";
import { SampleSet, type SampleSummary } from "./sample-set.ts";

/** Findings that are kept with their text; all are counted. */
export const FINDINGS_KEPT_MAX = 100;

/** Counters of a run. */
export interface RunCounts {
  readonly created: number;
  readonly createsFailed: number;
  readonly deleted: number;
  readonly deletesFailed: number;
  readonly addressed: number;
  readonly ready: number;
  /** Deleted before they had an interface or an error: latencies tell of the others alone. */
  readonly unready: number;
  /** Attachments that once found their subnet full. */
  readonly contended: number;
  readonly testsPassed: number;
  readonly testsFailed: number;
  /** Failed, with a peer that was deleted meanwhile: they prove nothing. */
  readonly testsMoot: number;
  readonly lateChanges: number;
  readonly lateOperations: number;
  readonly lateTotalMs: number;
}

/** What a run comes to. */
export interface RunResult {
  readonly verdict: Verdict;
  readonly counts: RunCounts;
  readonly findings: Readonly<Record<FindingKind, number>>;
  readonly firstFindings: readonly Finding[];
  readonly latencies: Partial<Record<LatencyName, SampleSummary>>;
  readonly ending: LoadEnding | undefined;
}

/** How it went, the worst first. */
export type Verdict =
  "faulty" | "nothing-ready" | "tests-failed" | "creates-failed" | "leftovers" | "interrupted" | "good";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Takes the machine's outputs. */
export class RunTally {
  readonly counts: Mutable<RunCounts> = {
    created: 0,
    createsFailed: 0,
    deleted: 0,
    deletesFailed: 0,
    addressed: 0,
    ready: 0,
    unready: 0,
    contended: 0,
    testsPassed: 0,
    testsFailed: 0,
    testsMoot: 0,
    lateChanges: 0,
    lateOperations: 0,
    lateTotalMs: 0,
  };
  readonly findings: Record<FindingKind, number> = {
    broken: 0,
    stuck: 0,
    "test-failed": 0,
    "duplicate-address": 0,
    "outside-network": 0,
    "duplicate-interface": 0,
    vanished: 0,
  };
  readonly #samples: ReadonlyMap<LatencyName, SampleSet>;
  readonly #firstFindings: Finding[] = [];
  #phase: LoadPhase = "warm-up";
  #ending: LoadEnding | undefined;

  constructor(random: Random) {
    this.#samples = new Map(LATENCY_NAMES.map((name) => [name, new SampleSet(random)]));
  }

  get phase(): LoadPhase {
    return this.#phase;
  }

  /** Takes one output in. */
  add(output: LoadOutput): void {
    switch (output.kind) {
      case "call":
        return this.#addCall(output.verb, output.isOk);
      case "latency":
        return this.#samples.get(output.latency)?.add(output.seconds, output.name);
      case "reached":
        this.counts[output.stage] += 1;
        if (output.stage === "addressed" && output.contention) this.counts.contended += 1;
        return;
      case "test":
        if (output.exitStatus === 0) this.counts.testsPassed += 1;
        else if (output.isMoot) this.counts.testsMoot += 1;
        else this.counts.testsFailed += 1;
        return;
      case "unready":
        this.counts.unready += 1;
        return;
      case "late-change":
        this.counts.lateChanges += 1;
        return;
      case "late-operation":
        this.counts.lateOperations += 1;
        this.counts.lateTotalMs += output.delayMs;
        return;
      case "finding":
        this.findings[output.finding.kind] += 1;
        if (this.#firstFindings.length < FINDINGS_KEPT_MAX) this.#firstFindings.push(output.finding);
        return;
      case "phase":
        this.#phase = output.phase;
        return;
      case "finished":
        this.#ending = output.ending;
        return;
      default:
        return;
    }
  }

  /** The numbers of one latency so far. */
  summary(latency: LatencyName): SampleSummary | undefined {
    return this.#samples.get(latency)?.summary();
  }

  /** What it comes to; `keep`: what is left at the end was asked for. */
  result(options: { readonly keep: boolean }): RunResult {
    const latencies: Partial<Record<LatencyName, SampleSummary>> = {};
    for (const name of LATENCY_NAMES) {
      const summary = this.summary(name);
      if (summary !== undefined) latencies[name] = summary;
    }
    return {
      verdict: this.#verdict(options.keep),
      counts: { ...this.counts },
      findings: { ...this.findings },
      firstFindings: [...this.#firstFindings],
      latencies,
      ending: this.#ending,
    };
  }

  #addCall(verb: "create" | "delete", isOk: boolean): void {
    if (verb === "create") this.counts[isOk ? "created" : "createsFailed"] += 1;
    else this.counts[isOk ? "deleted" : "deletesFailed"] += 1;
  }

  #verdict(keep: boolean): Verdict {
    const { "test-failed": testsFailed, ...faults } = this.findings;
    if (Object.values(faults).some((count) => count > 0)) return "faulty";
    if (testsFailed > 0) return "tests-failed";
    const isInterrupted = this.#ending?.reason === "interrupted";
    if (!isInterrupted && this.counts.ready === 0) return "nothing-ready";
    if (this.counts.createsFailed > 0) return "creates-failed";
    if (!keep && (this.#ending?.left ?? 0) > 0) return "leftovers";
    return isInterrupted ? "interrupted" : "good";
  }
}

/** Exit code of each verdict. */
export const VERDICT_EXIT_CODES: Readonly<Record<Verdict, number>> = {
  good: 0,
  faulty: 3,
  "tests-failed": 4,
  "nothing-ready": 5,
  "creates-failed": 6,
  leftovers: 7,
  interrupted: 130,
};
