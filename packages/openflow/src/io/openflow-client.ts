// A switch that is always being connected to: sessions follow each other for ever, each resynchronised before it is used.
import { Backoff, type BackoffOptions, type Clock, type Millis, type Random } from "@coracle/base";
import { driveStream, sleep, type StreamDriver, type StreamTarget, systemClock, systemRandom } from "@coracle/runtime";
import {
  OpenflowSession,
  type PacketIn,
  type PortStatus,
  type SessionError,
  type SessionInput,
  type SessionOptions,
  type SessionOutput,
  type SessionReply,
  type SessionRequest,
  type SwitchFeatures,
} from "../mod.ts";
import { OpenflowCommands } from "./openflow-commands.ts";
import { OpenflowRequestError } from "./openflow-error.ts";

/** What a client tells while it lives. */
export type OpenflowNotice =
  | { readonly kind: "up"; readonly features: SwitchFeatures }
  | { readonly kind: "down"; readonly code: string; readonly message: string; readonly retryInMs: number }
  | { readonly kind: "port-status"; readonly status: PortStatus }
  | { readonly kind: "packet-in"; readonly packet: PacketIn }
  | { readonly kind: "stray-error"; readonly name: string; readonly text: string };

/** How to reach a switch. */
export interface OpenflowClientOptions {
  /** The management socket `RUNDIR/BRIDGE.mgmt`, or a TCP address. */
  readonly target: StreamTarget;
  /** Without an answer for this long a request fails; a bundle's clock starts anew with each part sent. Default 10 s. */
  readonly requestTimeoutMs?: number;
  readonly session?: SessionOptions;
  readonly backoff?: BackoffOptions;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Runs on every new connection before anyone else may use it: replay the desired flows here. Throwing reconnects. */
  readonly onResync?: (commands: OpenflowCommands, features: SwitchFeatures) => Promise<void>;
  readonly onNotice?: (notice: OpenflowNotice) => void;
}

/** 0.1 s to 1 s: a switch on the same machine is back soon, and a try costs next to nothing. */
export const SWITCH_BACKOFF: BackoffOptions = { initialMs: 100, capMs: 1000, factor: 2, jitter: 0.5, resetMs: 30_000 };

/** A connection that was ready for this long has worked: the next one is tried for as soon as the first. */
const STEADY_MS = 1000;

type Driver = StreamDriver<Extract<SessionInput, { kind: "request" }>>;
type Answer = Extract<SessionOutput, { kind: "answer" }>["result"];

/** Starts connecting. Requests made while there is no connection reject with `DISCONNECTED` at once. */
export function openOpenflow(options: OpenflowClientOptions): OpenflowClient {
  return new OpenflowClient(options);
}

/** See {@link openOpenflow}. */
export class OpenflowClient extends OpenflowCommands {
  /** Resolves when the client has been closed and its last connection is gone. */
  readonly closed: Promise<void>;
  readonly #options: OpenflowClientOptions;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #readyWaiters = new Set<() => void>();
  #driver: Driver | undefined;
  #isReady = false;
  #readyAt: Millis | undefined;
  #nextId = 1;

  constructor(options: OpenflowClientOptions) {
    super((request) => this.#askWhenReady(request));
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.closed = this.#run();
  }

  /** True while connected and resynchronised. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when the client is connected and resynchronised; rejects if it is closed first. */
  whenReady(): Promise<void> {
    if (this.#isReady) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#readyWaiters.delete(settle);
        if (this.#isReady) resolve();
        else
          reject(
            new OpenflowRequestError({ code: "DISCONNECTED", message: "Cannot wait for a client that is closed" }),
          );
      };
      if (this.#abort.signal.aborted) settle();
      else this.#readyWaiters.add(settle);
    });
  }

  /** Ends the connection and connects no more. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#driver?.close();
    await this.closed;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(this.#options.backoff ?? SWITCH_BACKOFF, this.#options.random ?? systemRandom);
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const reason = await this.#oneConnection();
      this.#isReady = false;
      this.#driver = undefined;
      if (signal.aborted) break;
      const now = this.#clock.now();
      if (this.#readyAt !== undefined && now - this.#readyAt >= STEADY_MS) backoff.reset();
      this.#readyAt = undefined;
      const retryInMs = backoff.step(now);
      this.#options.onNotice?.({ kind: "down", ...reason, retryInMs });
      await sleep(retryInMs, signal).catch(() => undefined);
    }
    for (const settle of this.#readyWaiters) settle();
  }

  async #oneConnection(): Promise<{ readonly code: string; readonly message: string }> {
    let resync: Promise<void> | undefined;
    try {
      const opening: Promise<Driver> = driveStream<Extract<SessionInput, { kind: "request" }>, ClientOutput>({
        target: this.#options.target,
        machine: new OpenflowSession(this.#options.session),
        clock: this.#clock,
        signal: this.#abort.signal,
        onOutput: (output) => {
          if (output.kind === "ready") resync = opening.then((driver) => this.#resync(driver, output.features));
          else this.#output(output);
        },
      });
      const driver = await opening;
      this.#driver = driver;
      const reason = await driver.ended;
      await resync;
      return reason;
    } catch (thrown) {
      return { code: codeOf(thrown), message: messageOf(thrown) };
    }
  }

  async #resync(driver: Driver, features: SwitchFeatures): Promise<void> {
    try {
      await this.#options.onResync?.(new OpenflowCommands((request) => this.#ask(driver, request)), features);
    } catch (thrown) {
      const text = `the resynchronisation failed: ${messageOf(thrown)}`;
      this.#options.onNotice?.({ kind: "stray-error", name: codeOf(thrown), text });
      driver.close();
      return;
    }
    if (this.#driver !== driver) return;
    this.#isReady = true;
    this.#readyAt = this.#clock.now();
    this.#options.onNotice?.({ kind: "up", features });
    for (const settle of this.#readyWaiters) settle();
  }

  #output(output: ClientOutput): void {
    switch (output.kind) {
      case "answer": {
        const settle = this.#waiting.get(output.id);
        this.#waiting.delete(output.id);
        return settle?.(output.result);
      }
      case "port-status":
      case "packet-in":
        return this.#options.onNotice?.(output);
      case "stray-error":
        return this.#options.onNotice?.({ kind: "stray-error", name: output.error.name, text: output.error.text });
      case "ready":
        return;
    }
  }

  #askWhenReady(request: SessionRequest): Promise<SessionReply> {
    if (this.#driver !== undefined && this.#isReady) return this.#ask(this.#driver, request);
    const error: SessionError = {
      code: "DISCONNECTED",
      message: `Cannot send ${request.kind} as there is no connection`,
    };
    return Promise.reject(new OpenflowRequestError(error));
  }

  #ask(driver: Driver, request: SessionRequest): Promise<SessionReply> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) =>
        answer.ok ? resolve(answer.value) : reject(new OpenflowRequestError(answer.error)),
      );
      driver.handle({ kind: "request", id, request, timeoutMs: this.#options.requestTimeoutMs ?? 10_000 });
    });
  }
}

type ClientOutput = Exclude<SessionOutput, { kind: "send" | "close" }>;

function codeOf(thrown: unknown): string {
  const code: unknown = typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, "code") : undefined;
  return typeof code === "string" ? code : "FAILED";
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
