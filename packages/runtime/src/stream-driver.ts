// Drives a sans-I/O machine over one stream: hands it bytes and timeouts, writes what it sends. Takes no decision itself.
import type { Clock, Machine, Millis } from "@coracle/base";
import { startTimer, type Timer } from "./clock.ts";
import { connectStream, type StreamConnection, type StreamTarget } from "./stream.ts";

/** What a stream tells a machine. */
export type StreamInput =
  | { readonly kind: "connected" }
  | { readonly kind: "received"; readonly bytes: Uint8Array }
  | { readonly kind: "disconnected" }
  | { readonly kind: "timeout" };

/** What a machine tells a stream. `bytes` stay untouched until the machine is polled again. */
export type StreamOutput =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "close"; readonly error: { readonly code: string; readonly message: string } };

/** How to drive. */
export interface StreamDriverOptions<Input, Output> {
  readonly target: StreamTarget;
  readonly machine: Machine<Input | StreamInput, Output | StreamOutput>;
  readonly clock: Clock;
  readonly connectTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Every output that is not for the stream, in order. */
  readonly onOutput: (output: Output) => void;
}

/** A machine on a stream. */
export interface StreamDriver<Input> {
  /** Gives the machine an input of its own and acts on what it says. */
  handle(input: Input): void;
  /** Resolves with the reason once the machine or the peer has ended. */
  readonly ended: Promise<{ readonly code: string; readonly message: string }>;
  /** Ends the stream; the machine hears `disconnected`. */
  close(): void;
}

/** Connects, then drives until the end. Rejects with `StreamError` when it cannot connect. */
export async function driveStream<Input, Output extends { readonly kind: string }>(
  options: StreamDriverOptions<Input, Output>,
): Promise<StreamDriver<Input>> {
  const loop = new DriverLoop(options);
  await connectStream({
    target: options.target,
    onOpen: (stream) => loop.attach(stream),
    onData: (bytes) => loop.handle({ kind: "received", bytes }),
    onClose: () => loop.handle({ kind: "disconnected" }),
    ...(options.connectTimeoutMs === undefined ? {} : { connectTimeoutMs: options.connectTimeoutMs }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return loop;
}

class DriverLoop<Input, Output extends { readonly kind: string }> implements StreamDriver<Input> {
  readonly ended: Promise<{ readonly code: string; readonly message: string }>;
  readonly #options: StreamDriverOptions<Input, Output>;
  #end: (reason: { code: string; message: string }) => void = () => undefined;
  #stream: StreamConnection | undefined;
  #timer: { readonly deadline: Millis; readonly timer: Timer } | undefined;
  #isWriting = false;
  #isEnded = false;

  constructor(options: StreamDriverOptions<Input, Output>) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  attach(stream: StreamConnection): void {
    this.#stream = stream;
    this.handle({ kind: "connected" });
  }

  handle(input: Input | StreamInput): void {
    this.#options.machine.handle(input, this.#options.clock.now());
    this.#drain();
  }

  close(): void {
    this.#stream?.close();
  }

  /** While a write is under way the machine is not polled: its send buffer is in use, and this is the backpressure. */
  #drain(): void {
    while (!this.#isWriting) {
      const output = this.#options.machine.poll();
      if (output === undefined) break;
      if (isSend(output)) this.#write(output.bytes);
      else if (isClose(output)) this.#finish(output.error);
      else this.#options.onOutput(output);
    }
    this.#arm();
  }

  #write(bytes: Uint8Array): void {
    if (this.#stream === undefined || this.#isEnded) return;
    this.#isWriting = true;
    const resume = (): void => {
      this.#isWriting = false;
      this.#drain();
    };
    // A failed write is followed by the stream's close, which tells the machine.
    this.#stream.write(bytes).then(resume, resume);
  }

  #finish(reason: { readonly code: string; readonly message: string }): void {
    this.#isEnded = true;
    this.#stream?.close();
    this.#end(reason);
  }

  /** A deadline that has moved on keeps its timer, which looks again when it fires: each chunk received moves one. */
  #arm(): void {
    const { machine, clock } = this.#options;
    const deadline = this.#isEnded ? undefined : machine.nextTimeout();
    if (this.#timer !== undefined && deadline !== undefined && this.#timer.deadline <= deadline) return;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    if (deadline === undefined) return;
    const timer = startTimer(Math.max(0, Math.ceil(deadline - clock.now())), () => {
      this.#timer = undefined;
      if ((machine.nextTimeout() ?? Infinity) > clock.now()) this.#arm();
      else this.handle({ kind: "timeout" });
    });
    this.#timer = { deadline, timer };
  }
}

function isSend(output: { readonly kind: string }): output is Extract<StreamOutput, { kind: "send" }> {
  return output.kind === "send";
}

function isClose(output: { readonly kind: string }): output is Extract<StreamOutput, { kind: "close" }> {
  return output.kind === "close";
}
