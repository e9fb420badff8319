// Named health checks behind /livez, /readyz and /healthz: which apply where, how long they may take, who hears the reasons.
import { type Clock, type Millis, assert, millis } from "@coracle/base";
import { startTimer } from "@coracle/runtime";
import {
  type CheckLine,
  type CheckOutcome,
  type HealthAnswer,
  healthReport,
  singleCheckReport,
} from "../core/health-report.ts";
import type { Logger } from "../log/logger.ts";

/** `livez`: restart me if red. `readyz`: send me traffic. `healthz`: both, without the `shutdown` check. */
export type HealthEndpoint = "livez" | "readyz" | "healthz";

/** What a check is about. `liveness` counts everywhere; `readiness` not in `/livez`. */
export type CheckScope = "liveness" | "readiness";

/** One named check. It may be asked several times a second; one that takes longer than the limit has failed. */
export interface HealthCheck {
  /** Letters, digits, `.`, `_`, `-` and `/`; the same check is at `/readyz/<name>`. */
  readonly name: string;
  /** Default `readiness`: what this process depends on must not restart it. */
  readonly scope?: CheckScope;
  readonly check: (signal: AbortSignal) => CheckOutcome | Promise<CheckOutcome>;
}

/** A check whose state is told rather than asked for. */
export interface HealthState {
  /** Green, with a public one-line detail: `3 of 3 streams live`. */
  ok(detail?: string): void;
  /** Red. `reason` is logged only, `detail` is public. */
  fail(reason: string, detail?: string): void;
  /** Takes the check away. */
  remove(): void;
}

/** What a prober asks for. */
export interface ProbeOptions {
  readonly verbose?: boolean;
  readonly exclude?: readonly string[];
}

/** How checks are run. */
export interface HealthOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** A post-start hook that has not returned does not turn `/livez` red for this long. Default 60 000. */
  readonly livezGraceMs?: number;
  /** Time for one check. Default 5000. */
  readonly checkTimeoutMs?: number;
}

const CHECKS_MAX = 256;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;
const ALWAYS_OK: CheckOutcome = { healthy: true };

interface Entry {
  readonly name: string;
  readonly endpoints: ReadonlySet<HealthEndpoint>;
  readonly check: (signal: AbortSignal) => CheckOutcome | Promise<CheckOutcome>;
  /** Until then `/livez` takes the check for green. */
  readonly livezFrom: Millis;
  running: Promise<CheckOutcome> | undefined;
}

/** All checks of one process. `ping` and `shutdown` are always there. */
export class Health {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #checkTimeoutMs: number;
  readonly #livezGraceEnds: Millis;
  readonly #entries: Map<string, Entry> = new Map();
  readonly #shutdown: Entry;
  #isShuttingDown: boolean = false;
  /** The last failure logged per endpoint: probers ask every few seconds, the log hears of changes. */
  readonly #logged: Map<string, string> = new Map();

  constructor(options: HealthOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#checkTimeoutMs = options.checkTimeoutMs ?? 5000;
    this.#livezGraceEnds = millis(options.clock.now() + (options.livezGraceMs ?? 60_000));
    this.#insert("ping", ["livez", "readyz", "healthz"], () => ALWAYS_OK);
    this.#shutdown = {
      name: "shutdown",
      endpoints: new Set(["readyz"]),
      check: () => this.#checkShutdown(),
      livezFrom: millis(0),
      running: undefined,
    };
  }

  /** Adds a check; returns how to remove it. */
  add(check: HealthCheck): () => void {
    const endpoints: HealthEndpoint[] =
      check.scope === "liveness" ? ["livez", "readyz", "healthz"] : ["readyz", "healthz"];
    return this.#insert(check.name, endpoints, check.check);
  }

  /** Adds a check that is red until told otherwise. */
  addState(name: string, scope: CheckScope = "readiness"): HealthState {
    let outcome: CheckOutcome = { healthy: false, reason: "not known yet" };
    const remove = this.add({ name, scope, check: () => outcome });
    return {
      ok: (detail) => {
        outcome = { healthy: true, detail };
      },
      fail: (reason, detail) => {
        outcome = { healthy: false, reason, detail };
      },
      remove,
    };
  }

  /** Adds the check of a post-start hook: red until it returns, in `/livez` only after the boot grace. */
  addPostStartHook(name: string): HealthState {
    let outcome: CheckOutcome = { healthy: false, reason: "not finished" };
    const full = `poststarthook/${name}`;
    const remove = this.#insert(full, ["livez", "readyz", "healthz"], () => outcome, this.#livezGraceEnds);
    return {
      ok: (detail) => {
        outcome = { healthy: true, detail };
      },
      fail: (reason, detail) => {
        outcome = { healthy: false, reason, detail };
      },
      remove,
    };
  }

  /** Turns `/readyz` red for good. */
  startShutdown(): void {
    this.#isShuttingDown = true;
  }

  /** Runs every check of an endpoint at the same time and answers in Kubernetes' format. */
  async probe(endpoint: HealthEndpoint, options: ProbeOptions = {}): Promise<HealthAnswer> {
    const excluded = new Set(options.exclude);
    const lines = await Promise.all(
      this.#checksOf(endpoint).map(async (entry): Promise<CheckLine> => {
        if (excluded.delete(entry.name)) return { name: entry.name, outcome: "excluded" };
        return { name: entry.name, outcome: await this.#outcome(entry, endpoint) };
      }),
    );
    const answer = healthReport(endpoint, lines, {
      verbose: options.verbose ?? false,
      unknownExcludes: [...excluded].sort(),
    });
    this.#logFailures(endpoint, answer);
    return answer;
  }

  /** Runs one check; `undefined` if the endpoint has none of this name. */
  async probeOne(endpoint: HealthEndpoint, name: string): Promise<HealthAnswer | undefined> {
    const entry = this.#checksOf(endpoint).find((candidate) => candidate.name === name);
    if (entry === undefined) return undefined;
    const answer = singleCheckReport(name, await this.#outcome(entry, endpoint));
    this.#logFailures(`${endpoint}/${name}`, answer);
    return answer;
  }

  #insert(
    name: string,
    endpoints: readonly HealthEndpoint[],
    check: Entry["check"],
    livezFrom: Millis = millis(0),
  ): () => void {
    assert(NAME.test(name), `Cannot name a health check so: current value is ${name}`);
    assert(
      !this.#entries.has(name) && name !== "shutdown",
      `Cannot add a health check twice: current value is ${name}`,
    );
    assert(this.#entries.size < CHECKS_MAX, `Cannot add more than ${CHECKS_MAX} health checks`);
    const entry: Entry = { name, endpoints: new Set(endpoints), check, livezFrom, running: undefined };
    this.#entries.set(name, entry);
    return () => {
      if (this.#entries.get(name) === entry) this.#entries.delete(name);
    };
  }

  #checksOf(endpoint: HealthEndpoint): readonly Entry[] {
    return [...this.#entries.values(), this.#shutdown].filter((entry) => entry.endpoints.has(endpoint));
  }

  #checkShutdown(): CheckOutcome {
    return this.#isShuttingDown ? { healthy: false, reason: "process is shutting down" } : ALWAYS_OK;
  }

  async #outcome(entry: Entry, endpoint: HealthEndpoint): Promise<CheckOutcome> {
    if (endpoint === "livez" && this.#clock.now() < entry.livezFrom) return ALWAYS_OK;
    // One run at a time: probers that ask while a check hangs wait for the same run.
    entry.running ??= this.#run(entry).finally(() => {
      entry.running = undefined;
    });
    return entry.running;
  }

  async #run(entry: Entry): Promise<CheckOutcome> {
    const abort = new AbortController();
    const late = Promise.withResolvers<CheckOutcome>();
    const timer = startTimer(this.#checkTimeoutMs, () => {
      late.resolve({ healthy: false, reason: `no answer within ${this.#checkTimeoutMs} ms` });
      abort.abort(new Error("The health check took too long"));
    });
    try {
      return await Promise.race([entry.check(abort.signal), late.promise]);
    } catch (error) {
      return { healthy: false, reason: error instanceof Error ? error.message : String(error) };
    } finally {
      timer.cancel();
    }
  }

  #logFailures(where: string, answer: HealthAnswer): void {
    const text = answer.failures.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
    if ((this.#logged.get(where) ?? "") === text) return;
    if (text === "") {
      this.#logged.delete(where);
      this.#log.info("Health check passed again", { check: where });
      return;
    }
    this.#logged.set(where, text);
    this.#log.warning("Health check failed", { check: where, failures: answer.failures });
  }
}
