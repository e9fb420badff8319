// The faults of the way as they are told over HTTP: what a query does not name is as without faults.
import { err, ok, type Result } from "@coracle/base";
import { parseDuration } from "@coracle/lifecycle";
import { NO_FAULTS } from "../../core/nat/faulty-path.ts";
import { DELAY_MS_MAX, type PathFaults, REORDER_BY_MAX } from "../../core/nat/nat-types.ts";

type Key = keyof PathFaults;

/** How each fault is named in a query, and read. */
const PARAMETERS: readonly (readonly [name: string, key: Key, read: (text: string) => Result<number, string>])[] = [
  ["duplicate", "duplicate", readShare],
  ["reorder", "reorder", readShare],
  ["reorderBy", "reorderBy", readCount],
  ["reorderHold", "reorderHoldMs", readDelay],
  ["delay", "delayMs", readDelay],
  ["jitter", "jitterMs", readDelay],
];

/** A number from 0 to 1, as `?share=0.5`. */
export function readShare(text: string): Result<number, string> {
  return /^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/.test(text) ? ok(Number(text)) : err("must be a number from 0 to 1");
}

/** Reads `duplicate=0.1&reorder=0.1&reorderBy=3&reorderHold=100ms&delay=20ms&jitter=30ms`, any part of it. */
export function readFaults(query: URLSearchParams): Result<PathFaults, string> {
  const faults: { -readonly [each in Key]: number } = { ...NO_FAULTS };
  for (const [name, text] of query) {
    const parameter = PARAMETERS.find(([each]) => each === name);
    if (parameter === undefined)
      return err(`Cannot use ${name}: known are ${PARAMETERS.map(([each]) => each).join(", ")}`);
    const [, key, read] = parameter;
    const value = read(text);
    if (!value.ok) return err(`Cannot use ${name}: it ${value.error}`);
    faults[key] = value.value;
  }
  return ok(faults);
}

function readCount(text: string): Result<number, string> {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= REORDER_BY_MAX ? ok(value) : err(`must be a number from 1 to ${REORDER_BY_MAX}`);
}

function readDelay(text: string): Result<number, string> {
  const parsed = parseDuration(text);
  if (!parsed.ok) return parsed;
  return parsed.value <= DELAY_MS_MAX ? parsed : err(`must be at most ${DELAY_MS_MAX} ms`);
}
