// The differences as text for people: step, request, and what was expected and came instead.
import type { Json } from "./json.ts";
import type { Difference, Judgement } from "./differences.ts";

const VALUE_LENGTH_MAX = 300;

/** A readable report; empty when nothing is wrong. `wording` adds texts that differ. */
export function report(judgement: Judgement, options: { readonly wording: boolean }): string {
  const shown = judgement.unexplained.filter((one) => options.wording || one.kind === "substance");
  const lines: string[] = [];
  let last = "";
  for (const difference of shown) {
    if (difference.step !== last) lines.push("", `${difference.step}  ${difference.request.slice(0, 160)}`);
    last = difference.step;
    lines.push(...describe(difference));
  }
  for (const entry of judgement.stale)
    lines.push("", `no longer differs: ${entry.step} ${entry.path} (${entry.reason})`);
  return lines.join("\n");
}

/** The counts in one line. */
export function summary(judgement: Judgement, answers: number): string {
  const substance = judgement.unexplained.filter((one) => one.kind === "substance");
  const wording = judgement.unexplained.length - substance.length;
  const steps = new Set(substance.map((one) => one.step)).size;
  return (
    `${answers} answers: ${answers - steps} alike, ${steps} with ${substance.length} differences; ` +
    `${judgement.accepted.length} accepted, ${judgement.stale.length} stale entries, ${wording} texts worded otherwise`
  );
}

function describe(difference: Difference): string[] {
  return [
    `  ${difference.path}`,
    `    kube-apiserver: ${value(difference.expected)}`,
    `    ours:           ${value(difference.actual)}`,
  ];
}

function value(json: Json | undefined): string {
  if (json === undefined) return "(absent)";
  const text = JSON.stringify(json);
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}… (${text.length} characters)` : text;
}
