// Driving a list/watch machine by hand on a virtual clock: what it asks for and tells, as plain lists.
import { ManualClock, millis, SeededRandom } from "@coracle/base";
import {
  type GapCause,
  type JsonStreamOutput,
  type KubeObject,
  type KubeStatus,
  ListWatchMachine,
  type ListWatchInput,
  type ListWatchMode,
  type ListWatchOptions,
  type ListOptions,
  type WatchStreamEvent,
} from "../mod.ts";

/** A request the machine asked for. */
export interface AskedRequest {
  readonly id: number;
  readonly mode: ListWatchMode;
  readonly options: ListOptions;
  readonly atMs: number;
}

/** Settings with a seed in place of a generator. */
export type DriverOptions = Partial<Omit<ListWatchOptions, "random">> & { readonly seed?: number };

/** A started machine with its clock. Every input is followed by draining the outputs. */
export class MachineDriver {
  readonly clock: ManualClock = new ManualClock();
  readonly machine: ListWatchMachine;
  readonly requests: AskedRequest[] = [];
  readonly cancelled: number[] = [];
  readonly events: WatchStreamEvent[] = [];
  stopped = false;

  constructor(options: DriverOptions = {}) {
    const { seed = 1, ...rest } = options;
    this.machine = new ListWatchMachine({ random: new SeededRandom(seed), resource: "/api/v1/pods", ...rest });
    this.input({ kind: "start" });
  }

  /** The newest request. */
  get request(): AskedRequest {
    const request = this.requests.at(-1);
    if (request === undefined) throw new RangeError("nothing was asked for");
    return request;
  }

  input(input: ListWatchInput): void {
    this.machine.handle(input, this.clock.now());
    for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll()) {
      if (output.kind === "open") {
        const { id, mode, options } = output;
        this.requests.push({ id, mode, options, atMs: this.clock.now() });
      } else if (output.kind === "cancel") this.cancelled.push(output.id);
      else if (output.kind === "event") this.events.push(output.event);
      else this.stopped = true;
    }
  }

  /** The newest request is answered with 200. */
  open(): void {
    this.input({ kind: "opened", id: this.request.id });
  }

  /** The newest request is answered with a failure. */
  refuse(status: KubeStatus, retryAfterMs?: number): void {
    this.input({
      kind: "refused",
      id: this.request.id,
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  output(...outputs: readonly JsonStreamOutput[]): void {
    const { id } = this.request;
    for (const output of outputs) this.input({ kind: "output", id, output });
  }

  close(error?: string): void {
    this.input({ kind: "closed", id: this.request.id, ...(error === undefined ? {} : { error }) });
  }

  /** Moves on by `durationMs`, firing what comes due on the way. */
  wait(durationMs: number): void {
    const untilMs = this.clock.now() + durationMs;
    let next = this.machine.nextTimeout();
    while (next !== undefined && next <= untilMs) {
      this.clock.advance(next - this.clock.now());
      this.input({ kind: "timeout" });
      next = this.machine.nextTimeout();
    }
    this.clock.advance(untilMs - this.clock.now());
  }

  /** Moves on to the next deadline and answers how long that took. */
  waitForTimeout(): number {
    const next = this.machine.nextTimeout();
    if (next === undefined) throw new RangeError("no deadline is armed");
    const durationMs = next - this.clock.now();
    this.wait(durationMs);
    return durationMs;
  }

  /** Takes and forgets the events so far. */
  take(): WatchStreamEvent[] {
    return this.events.splice(0);
  }

  /** The causes of the gaps among the events that are not taken yet. */
  gaps(): GapCause[] {
    return this.events.flatMap((event) => (event.kind === "gap" ? [event.cause] : []));
  }

  now(): number {
    return millis(this.clock.now());
  }
}

/** An object with identity and version. */
export function object(name: string, resourceVersion: string, uid: string = `uid-${name}`): KubeObject {
  return { metadata: { name, namespace: "n", uid, resourceVersion } };
}

export function item(name: string, resourceVersion: string, uid?: string): JsonStreamOutput {
  return { kind: "item", object: object(name, resourceVersion, uid) };
}

export function listEnd(resourceVersion: string, continueToken: string = ""): JsonStreamOutput {
  return {
    kind: "list-end",
    listKind: "PodList",
    apiVersion: "v1",
    metadata: { resourceVersion, continue: continueToken },
  };
}

export function change(
  type: "ADDED" | "MODIFIED" | "DELETED",
  name: string,
  resourceVersion: string,
  uid?: string,
): JsonStreamOutput {
  return { kind: "change", type, object: object(name, resourceVersion, uid) };
}

export function bookmark(resourceVersion: string, initialEventsEnd: boolean = false): JsonStreamOutput {
  return { kind: "bookmark", resourceVersion, initialEventsEnd };
}

export function failure(status: KubeStatus): JsonStreamOutput {
  return { kind: "status", status };
}

/** A machine that has listed `a@3` as of version 5 and watches. */
export function watching(options: DriverOptions = {}): MachineDriver {
  const driver = new MachineDriver({ streamingList: false, ...options });
  driver.open();
  driver.output(item("a", "3"), listEnd("5"));
  driver.open();
  driver.take();
  return driver;
}

/** A machine that has streamed `a@3` as of version 5 and watches on. */
export function streaming(options: DriverOptions = {}): MachineDriver {
  const driver = new MachineDriver(options);
  driver.open();
  driver.output(change("ADDED", "a", "3"), bookmark("5", true));
  driver.take();
  return driver;
}
