// Which child process starts, restarts and stops when: a machine on a given clock, without processes of its own.
import { assert, Backoff, type BackoffOptions, type Machine, type Millis, type Random } from "@coracle/base";

/** A child to keep running. */
export interface ChildSpec {
  readonly name: string;
  /** Children that must be ready before this one starts, and that outlive it at the end. */
  readonly after: readonly string[];
  /** True lets it wait for the input `release` as well. */
  readonly isHeld?: boolean;
}

/** Where a child is in its life. */
export type ChildState = "waiting" | "starting" | "ready" | "unready" | "backing-off" | "stopping" | "stopped";

/** What a person wants to know of a child. */
export interface ChildStatus {
  readonly name: string;
  readonly state: ChildState;
  readonly restarts: number;
  readonly pid?: number;
}

/** What happened. */
export type SupervisorInput =
  | { readonly kind: "start" }
  | { readonly kind: "release" }
  | { readonly kind: "spawned"; readonly name: string; readonly pid: number }
  | { readonly kind: "exited"; readonly name: string; readonly code: number }
  | { readonly kind: "readiness"; readonly name: string; readonly ready: boolean }
  | { readonly kind: "stop" }
  | { readonly kind: "timeout" };

/** What the driver has to do. */
export type SupervisorOutput =
  | { readonly kind: "spawn"; readonly name: string }
  | { readonly kind: "signal"; readonly name: string; readonly signal: "SIGTERM" | "SIGKILL" }
  /** A child ended and will be started again after `delayMs`. */
  | { readonly kind: "restarting"; readonly name: string; readonly code: number; readonly delayMs: number }
  | { readonly kind: "ready"; readonly name: string }
  /** A child cannot run at all; everything else is being stopped. */
  | { readonly kind: "gave-up"; readonly name: string; readonly code: number }
  | { readonly kind: "finished" };

/** Settings of a {@link Supervisor}. */
export interface SupervisorOptions {
  readonly children: readonly ChildSpec[];
  readonly random: Random;
  /** Starts of a child that never became ready; after these the whole system stops. */
  readonly startsMax?: number;
  /** Exit code by which a child says that starting it again is pointless (a bad flag, a port in use). */
  readonly hopelessCode?: number;
  /** From SIGTERM to SIGKILL. */
  readonly stopTimeoutMs?: number;
}

const RESTART_BACKOFF: BackoffOptions = { initialMs: 500, capMs: 30_000, factor: 2, jitter: 0.3, resetMs: 60_000 };

interface Child {
  readonly spec: ChildSpec;
  readonly backoff: Backoff;
  state: ChildState;
  pid: number | undefined;
  restarts: number;
  starts: number;
  wasReady: boolean;
  deadline: Millis | undefined;
}

/** Keeps children running in the order of their dependencies, and ends them in the opposite order. */
export class Supervisor implements Machine<SupervisorInput, SupervisorOutput> {
  readonly #children = new Map<string, Child>();
  readonly #outputs: SupervisorOutput[] = [];
  readonly #startsMax: number;
  readonly #hopelessCode: number;
  readonly #stopTimeoutMs: number;
  #isReleased = false;
  #stopping = false;
  #finished = false;

  constructor(options: SupervisorOptions) {
    this.#startsMax = options.startsMax ?? 5;
    this.#hopelessCode = options.hopelessCode ?? 2;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 15_000;
    for (const spec of options.children) {
      assert(!this.#children.has(spec.name), `Cannot supervise two children with one name: "${spec.name}"`);
      const known = spec.after.every((name) => this.#children.has(name));
      assert(known, `Cannot start ${spec.name} after ${spec.after.join(", ")}: list a child behind those it needs`);
      this.#children.set(spec.name, {
        spec,
        backoff: new Backoff(RESTART_BACKOFF, options.random),
        state: "waiting",
        pid: undefined,
        restarts: 0,
        starts: 0,
        wasReady: false,
        deadline: undefined,
      });
    }
  }

  /** Every child, in the order given. */
  statuses(): ChildStatus[] {
    return [...this.#children.values()].map(({ spec, state, restarts, pid }) => ({
      name: spec.name,
      state,
      restarts,
      ...(pid === undefined ? {} : { pid }),
    }));
  }

  handle(input: SupervisorInput, now: Millis): void {
    switch (input.kind) {
      case "start":
        break;
      case "release":
        this.#isReleased = true;
        break;
      case "spawned":
        this.#child(input.name).pid = input.pid;
        break;
      case "exited":
        this.#exited(this.#child(input.name), input.code, now);
        break;
      case "readiness":
        this.#readiness(this.#child(input.name), input.ready);
        break;
      case "stop":
        this.#stopping = true;
        break;
      case "timeout":
        this.#expire(now);
        break;
    }
    if (this.#stopping) this.#stopNext(now);
    else this.#startNext();
  }

  poll(): SupervisorOutput | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    let earliest: Millis | undefined;
    for (const { deadline } of this.#children.values()) {
      if (deadline !== undefined && (earliest === undefined || deadline < earliest)) earliest = deadline;
    }
    return earliest;
  }

  #child(name: string): Child {
    const child = this.#children.get(name);
    assert(child !== undefined, `Cannot find child "${name}"`);
    return child;
  }

  #exited(child: Child, code: number, now: Millis): void {
    child.pid = undefined;
    child.deadline = undefined;
    if (this.#stopping) {
      child.state = "stopped";
      return;
    }
    const hopeless = !child.wasReady && (code === this.#hopelessCode || child.starts >= this.#startsMax);
    if (hopeless) {
      child.state = "stopped";
      this.#outputs.push({ kind: "gave-up", name: child.spec.name, code });
      this.#stopping = true;
      return;
    }
    const delayMs = child.backoff.step(now);
    child.state = "backing-off";
    child.restarts++;
    child.deadline = (now + delayMs) as Millis;
    this.#outputs.push({ kind: "restarting", name: child.spec.name, code, delayMs });
  }

  #readiness(child: Child, ready: boolean): void {
    if (child.state !== "starting" && child.state !== "ready" && child.state !== "unready") return;
    if (ready && child.state !== "ready") {
      child.state = "ready";
      child.wasReady = true;
      this.#outputs.push({ kind: "ready", name: child.spec.name });
    } else if (!ready && child.state === "ready") {
      child.state = "unready";
    }
  }

  #expire(now: Millis): void {
    for (const child of this.#children.values()) {
      if (child.deadline === undefined || child.deadline > now) continue;
      child.deadline = undefined;
      if (child.state === "backing-off") child.state = "waiting";
      else if (child.state === "stopping")
        this.#outputs.push({ kind: "signal", name: child.spec.name, signal: "SIGKILL" });
    }
  }

  #startNext(): void {
    for (const child of this.#children.values()) {
      const isHeld = child.spec.isHeld === true && !this.#isReleased;
      const isFree = !isHeld && child.spec.after.every((name) => this.#child(name).wasReady);
      if (child.state !== "waiting" || !isFree) continue;
      child.state = "starting";
      child.starts++;
      this.#outputs.push({ kind: "spawn", name: child.spec.name });
    }
  }

  /** Ends every child that no living child depends on; called again after each exit. */
  #stopNext(now: Millis): void {
    const children = [...this.#children.values()];
    for (const child of children) {
      if (child.state === "waiting" || child.state === "backing-off") {
        child.state = "stopped";
        child.deadline = undefined;
      }
    }
    for (const child of children) {
      const isNeeded = children.some(({ spec, state }) => state !== "stopped" && spec.after.includes(child.spec.name));
      if (child.state === "stopped" || child.state === "stopping" || isNeeded) continue;
      child.state = "stopping";
      child.deadline = (now + this.#stopTimeoutMs) as Millis;
      this.#outputs.push({ kind: "signal", name: child.spec.name, signal: "SIGTERM" });
    }
    if (!this.#finished && children.every(({ state }) => state === "stopped")) {
      this.#finished = true;
      this.#outputs.push({ kind: "finished" });
    }
  }
}
