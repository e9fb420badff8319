// Prints changes as lines: each at once while they are news, together while the first state streams in.
import { clockText, rfc3339, type Service } from "@coracle/lifecycle";
import { startTimer, stdout, systemClock, type Timer } from "@coracle/runtime";
import type { Change } from "../core/change.ts";
import type { ChangeTime, Output } from "../core/output.ts";
import type { ChangeSink } from "./resource-follower.ts";

/** Lines of the first state go out together from this size on: a write for each would cost more than reading the objects. */
const HELD_CHARACTERS_MAX = 32 * 1024;
/** … and no later than this, should the state be slow in coming. */
const HELD_MS_MAX = 100;

/** Each form writes time in one way: the other is not made. */
class LazyTime implements ChangeTime {
  readonly #wallMs: number;

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  get rfc3339(): string {
    return rfc3339(this.#wallMs);
  }

  get clock(): string {
    return clockText(this.#wallMs);
  }
}

/** Writes lines and waits for a slow reader; a reader that goes away ends the watcher, as a closed pipe ends any filter. */
export function createPrinter(output: Output, service: Service): ChangeSink {
  const writer = stdout();
  writer.onGone(() => service.stop("standard output is closed"));
  let held = "";
  let timer: Timer | undefined;
  const flush = (): boolean => {
    timer?.cancel();
    timer = undefined;
    const text = held;
    held = "";
    return text === "" || writer.write(text);
  };
  return async (change: Change) => {
    for (const line of output.lines(change, new LazyTime(systemClock.wallMs()))) held += `${line}\n`;
    const isFirstState = change.kind === "added" && change.initial;
    if (isFirstState && held.length < HELD_CHARACTERS_MAX) timer ??= startTimer(HELD_MS_MAX, flush);
    else if (!flush()) await writer.drained();
  };
}
