// Wall-clock times as texts.

/** Local time of day: `12:04:31`. */
export function clockText(wallMs: number): string {
  const date = new Date(wallMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** RFC 3339 in UTC with milliseconds. */
export function rfc3339(wallMs: number): string {
  // Many changes come within one millisecond while a state streams in.
  if (wallMs !== lastMs) {
    lastMs = wallMs;
    lastText = new Date(wallMs).toISOString();
  }
  return lastText;
}

let lastMs: number | undefined;
let lastText = "";
