// A watch as a response body: frames are pulled as the client reads, so a slow client fills its own queue and nothing else.
import { startTimer, type Timer } from "@coracle/runtime";
import type { WatchEnd, Watcher } from "../core/watch/watcher.ts";

/** What the stream tells its server. */
export interface WatchStreamOptions {
  readonly watcher: Watcher;
  /** The stream closes after this, milliseconds. */
  readonly deadlineMs: number;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /** Aborts when the server asks its watches to end. */
  readonly ending: AbortSignal;
  /** Called once, after the last frame or when the client is gone. */
  readonly onEnd: (why: WatchEnd) => void;
  /** Called before the deadline, for the last bookmark. */
  readonly beforeDeadline: () => void;
}

/** A bookmark is sent this long before the deadline. */
const BOOKMARK_AHEAD_MS = 2000;
/** Frames that wait are joined up to this size: one write for many small events. */
const CHUNK_SIZE_BYTES = 64 * 1024;

/** The body of a watch. */
export function watchStream(options: WatchStreamOptions): ReadableStream<Uint8Array> {
  const source = new WatchSource(options);
  return new ReadableStream<Uint8Array>(
    { pull: (controller) => source.pull(controller), cancel: () => source.cancel() },
    { highWaterMark: 0 },
  );
}

class WatchSource {
  readonly #options: WatchStreamOptions;
  readonly #timers: Timer[] = [];
  #ended = false;

  constructor(options: WatchStreamOptions) {
    this.#options = options;
    const { watcher, deadlineMs, signal, ending } = options;
    this.#timers.push(startTimer(deadlineMs, () => watcher.close("deadline")));
    if (deadlineMs > BOOKMARK_AHEAD_MS) {
      this.#timers.push(startTimer(deadlineMs - BOOKMARK_AHEAD_MS, options.beforeDeadline));
    }
    signal.addEventListener("abort", this.#onClientGone, { once: true });
    ending.addEventListener("abort", this.#onShutdown, { once: true });
    if (signal.aborted) this.#onClientGone();
    if (ending.aborted) this.#onShutdown();
  }

  readonly #onClientGone = (): void => {
    this.#options.watcher.close("client");
    this.#finish();
  };

  readonly #onShutdown = (): void => this.#options.watcher.close("shutdown");

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { watcher } = this.#options;
    for (;;) {
      const chunk = nextChunk(watcher);
      if (chunk !== undefined) return controller.enqueue(chunk);
      if (watcher.end !== undefined) {
        this.#finish();
        return controller.close();
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      watcher.onWake = resolve;
      await promise;
    }
  }

  cancel(): void {
    this.#onClientGone();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) timer.cancel();
    const { signal, ending, watcher, onEnd } = this.#options;
    signal.removeEventListener("abort", this.#onClientGone);
    ending.removeEventListener("abort", this.#onShutdown);
    onEnd(watcher.end ?? "client");
  }
}

/** The next frame, joined with those that follow when they are small. */
function nextChunk(watcher: Watcher): Uint8Array | undefined {
  const first = watcher.next();
  if (first === undefined || first.length >= CHUNK_SIZE_BYTES) return first;
  let frame = watcher.next();
  if (frame === undefined) return first;
  const frames = [first];
  let sizeBytes = first.length;
  while (frame !== undefined) {
    frames.push(frame);
    sizeBytes += frame.length;
    if (sizeBytes >= CHUNK_SIZE_BYTES) break;
    frame = watcher.next();
  }
  const chunk = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const piece of frames) {
    chunk.set(piece, offset);
    offset += piece.length;
  }
  return chunk;
}
