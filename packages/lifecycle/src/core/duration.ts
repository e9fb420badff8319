// Durations as people write them: 500ms, 10s, 1m30s, 2h. The grammar is Go's, which Kubernetes flags use, without signs.
import { type Result, err, ok } from "@coracle/base";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/gy;

/** The longest duration: a thousand days. Timers and budgets stay far from integer limits. */
export const DURATION_MS_MAX: number = 1000 * 24 * 3_600_000;

/** Reads a duration into milliseconds. The error is a predicate that reads on from the quoted text. */
export function parseDuration(text: string): Result<number, string> {
  if (text === "0") return ok(0);
  let totalMs = 0;
  let end = 0;
  PART.lastIndex = 0;
  for (let match = PART.exec(text); match !== null; match = PART.exec(text)) {
    totalMs += Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? 0);
    end = PART.lastIndex;
  }
  if (end === 0 || end !== text.length) {
    return err(
      `is not a duration: use a number and ms, s, m or h, such as ${/^\d+$/.test(text) ? `${text}s` : "500ms, 10s or 1m30s"}`,
    );
  }
  if (totalMs > DURATION_MS_MAX) return err("is not a duration: the longest is 24000h");
  return ok(totalMs);
}

/** Writes milliseconds as the shortest text {@link parseDuration} reads back to the same value. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return "0s";
  let rest = durationMs;
  let text = "";
  for (const unit of ["h", "m"]) {
    const unitMs = UNIT_MS[unit] ?? 1;
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  if (rest >= 1000 && rest % 100 === 0) return `${text}${rest / 1000}s`;
  const seconds = Math.floor(rest / 1000);
  if (seconds > 0) text += `${seconds}s`;
  rest -= seconds * 1000;
  return rest > 0 ? `${text}${rest}ms` : text;
}
