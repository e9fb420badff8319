// The text of a health answer, in Kubernetes' format (kubernetes/apiserver pkg/server/healthz), pure.

/** How one check came out. `detail` is public; a failure's `reason` is for the log alone. */
export type CheckOutcome =
  | { readonly healthy: true; readonly detail?: string | undefined }
  | { readonly healthy: false; readonly reason: string; readonly detail?: string | undefined };

/** One line's worth: a check that ran, or one the caller excluded. */
export interface CheckLine {
  readonly name: string;
  readonly outcome: CheckOutcome | "excluded";
}

/** The answer to a probe. */
export interface HealthAnswer {
  readonly status: 200 | 500;
  readonly body: string;
  /** For the log: every failed check with its reason; empty if healthy. */
  readonly failures: readonly { readonly name: string; readonly reason: string }[];
}

const DETAIL_LENGTH_MAX = 200;

/**
 * Answers `/livez`, `/readyz` or `/healthz` (`endpoint` without the slash). A line is `[+]name ok`, with a public detail
 * `[+]name ok: detail`; a failed one `[-]name failed: reason withheld`, or its public detail. Failure is always verbose.
 */
export function healthReport(
  endpoint: string,
  lines: readonly CheckLine[],
  options: { readonly verbose: boolean; readonly unknownExcludes: readonly string[] },
): HealthAnswer {
  const failures: { name: string; reason: string }[] = [];
  let text = "";
  for (const { name, outcome } of lines) {
    if (outcome !== "excluded" && !outcome.healthy) failures.push({ name, reason: outcome.reason });
    text += `${checkLine(name, outcome)}\n`;
  }
  if (options.unknownExcludes.length > 0) {
    const names = options.unknownExcludes.map((name) => JSON.stringify(name)).join(",");
    text += `warn: some health checks cannot be excluded: no matches for ${names}\n`;
  }
  if (failures.length > 0) return { status: 500, body: `${text}${endpoint} check failed\n`, failures };
  return { status: 200, body: options.verbose ? `${text}${endpoint} check passed\n` : "ok", failures };
}

/** Answers `/livez/<check>` and its like. */
export function singleCheckReport(name: string, outcome: CheckOutcome): HealthAnswer {
  if (outcome.healthy) return { status: 200, body: "ok", failures: [] };
  const shown = outcome.detail === undefined ? "reason withheld" : publicText(outcome.detail);
  return {
    status: 500,
    body: `internal server error: ${shown}\n`,
    failures: [{ name, reason: outcome.reason }],
  };
}

function checkLine(name: string, outcome: CheckOutcome | "excluded"): string {
  if (outcome === "excluded") return `[+]${name} excluded: ok`;
  const detail = outcome.detail === undefined ? undefined : publicText(outcome.detail);
  if (outcome.healthy) return detail === undefined ? `[+]${name} ok` : `[+]${name} ok: ${detail}`;
  return `[-]${name} failed: ${detail ?? "reason withheld"}`;
}

/** One line, bounded: a check's detail cannot forge the lines of other checks. */
function publicText(detail: string): string {
  return detail.replaceAll(/\p{Cc}+/gu, " ").slice(0, DETAIL_LENGTH_MAX);
}
