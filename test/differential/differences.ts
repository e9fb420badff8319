// Where two recordings differ, and which of it is accepted.
import { isList, isObject, type Json } from "./json.ts";
import type { RecordedAnswer, Recording } from "./run-script.ts";

/** One place where the servers answer differently. */
export interface Difference {
  /** `area/step`. */
  readonly step: string;
  /** What was asked. */
  readonly request: string;
  /** Dotted path in the recorded answer, lists by index: `body.metadata.managedFields.0.manager`. */
  readonly path: string;
  /** Undefined when absent. */
  readonly expected: Json | undefined;
  readonly actual: Json | undefined;
  /**
   * `wording`: a text for people, of a Status or a warning, that no client acts on; shown on demand.
   * Everything else is `substance`.
   */
  readonly kind: "substance" | "wording";
}

/** A difference that is meant to be. */
export interface DeliberateDifference {
  /** `area/step`; `*` stands for any text. */
  readonly step: string;
  /** Path; `*` stands for any text without a dot, `**` for any text. */
  readonly path: string;
  /** Why ours is right for us. */
  readonly reason: string;
}

/** All differences between what was recorded of the reference and what a server answers now. Only areas of `actual` count. */
export function findDifferences(expected: Recording, actual: Recording): Difference[] {
  const found: Difference[] = [];
  for (const [area, answers] of Object.entries(actual)) {
    const reference = expected[area] ?? {};
    for (const id of new Set([...Object.keys(reference), ...Object.keys(answers)]))
      found.push(...compareAnswers(`${area}/${id}`, reference[id], answers[id]));
  }
  return found;
}

function compareAnswers(
  step: string,
  expected: RecordedAnswer | undefined,
  actual: RecordedAnswer | undefined,
): Difference[] {
  const request = expected?.request ?? actual?.request ?? "";
  if (expected === undefined || actual === undefined)
    return [
      {
        step,
        request,
        path: "",
        expected: expected === undefined ? undefined : "an answer",
        actual: actual === undefined ? undefined : "an answer",
        kind: "substance",
      },
    ];
  return walk(asJson(expected), asJson(actual), "").map((difference) => ({
    step,
    request,
    ...difference,
    kind: isWording(difference) ? "wording" : "substance",
  }));
}

function asJson(answer: RecordedAnswer): Json {
  const { request: _request, ...compared } = answer;
  return compared as unknown as Json;
}

type Found = Pick<Difference, "path" | "expected" | "actual">;

function walk(expected: Json | undefined, actual: Json | undefined, path: string): Found[] {
  const child = (name: string | number): string => (path === "" ? String(name) : `${path}.${name}`);
  if (isList(expected) && isList(actual)) {
    const found: Found[] = [];
    for (let index = 0; index < Math.max(expected.length, actual.length); index++)
      found.push(...walk(expected[index], actual[index], child(index)));
    return found;
  }
  if (isObject(expected) && isObject(actual)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...names].flatMap((name) => walk(expected[name], actual[name], child(name)));
  }
  return expected === actual ? [] : [{ path, expected, actual }];
}

/** Both are texts, and the place is one where only people read. */
function isWording(found: Found): boolean {
  if (typeof found.expected !== "string" || typeof found.actual !== "string") return false;
  if (found.expected === "" || found.actual === "") return false;
  return /(^|\.)(message|description)$|^headers\.warning-\d+$|^body\.status\.error$/.test(found.path);
}

/** What {@link judge} found. */
export interface Judgement {
  /** Differences that nobody accepted. */
  readonly unexplained: readonly Difference[];
  /** Accepted ones. */
  readonly accepted: readonly Difference[];
  /** Entries of the list that no difference needs; only entries that a step of this run could have needed. */
  readonly stale: readonly DeliberateDifference[];
}

/** Sorts differences by the list of deliberate ones. `stepsRun` limits which entries can be stale. */
export function judge(
  differences: readonly Difference[],
  deliberate: readonly DeliberateDifference[],
  stepsRun: readonly string[],
): Judgement {
  const used = new Set<DeliberateDifference>();
  const unexplained: Difference[] = [];
  const accepted: Difference[] = [];
  for (const difference of differences) {
    const entries = deliberate.filter((entry) => explains(entry, difference));
    for (const entry of entries) used.add(entry);
    (entries.length > 0 ? accepted : unexplained).push(difference);
  }
  const stale = deliberate.filter(
    (entry) => !used.has(entry) && stepsRun.some((step) => pattern(entry.step, "[^]*").test(step)),
  );
  return { unexplained, accepted, stale };
}

function explains(entry: DeliberateDifference, difference: Difference): boolean {
  return pattern(entry.step, "[^]*").test(difference.step) && pattern(entry.path, "[^.]*").test(difference.path);
}

function pattern(glob: string, star: string): RegExp {
  const source = glob
    .split("**")
    .map((part) =>
      part
        .split("*")
        .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
        .join(star),
    )
    .join("[^]*");
  return new RegExp(`^${source}$`);
}
