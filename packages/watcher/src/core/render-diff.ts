// The `diff` output: one line a change, saying what differs (`+`, `~`, `-`) and where continuity broke (`!`).
import { unreachable } from "@coracle/base";
import type { KubeObject } from "@coracle/kube";
import { type Change, keyOf, type ObjectChange } from "./change.ts";
import { diffObjects, formatChange } from "./object-diff.ts";
import { readField } from "./read-field.ts";

/** How the lines are made. */
export interface DiffStyle {
  /** Wall-clock text at the start of a line. */
  readonly timeText: string;
  /** Fields shown of an object that appeared; dotted paths. */
  readonly fields: readonly string[];
}

const NAME_WIDTH = 24;
const CHANGES_PER_LINE = 4;

/** The line for `change`, or nothing where there is nothing to tell. */
export function renderDiff(change: Change, style: DiffStyle): string | undefined {
  const line = (sign: string, text: string): string => `${style.timeText}  ${sign} ${text}`.trimEnd();
  switch (change.kind) {
    case "added":
      return line("+", named(change.object, fieldTexts(change.object, style.fields).join("  ")));
    case "deleted":
      return line("-", named(change.object, ""));
    case "modified": {
      const text = changedText(change);
      return text === undefined ? undefined : line("~", named(change.object, text));
    }
    case "synced":
      if (change.first) return line("!", `following ${change.objects} objects from revision ${change.resourceVersion}`);
      return line("!", `listed again at ${change.resourceVersion}: ${change.inferred} changes inferred`);
    case "gap":
      return line("!", gapText(change.cause, change.lastResourceVersion));
    case "lost":
      return line("!", lostText(change.status.message ?? change.status.reason ?? "", change.retryInMs));
    case "resumed":
      return line(
        "!",
        `connection lost ${seconds(change.downMs)}: resumed at revision ${change.resourceVersion}, nothing missed`,
      );
    case "bookmark":
      return undefined;
    default:
      return unreachable(change);
  }
}

/** What a gap means, in words. */
export function gapText(cause: string, lastResourceVersion: string): string {
  const from = lastResourceVersion === "" ? "" : ` after ${lastResourceVersion}`;
  switch (cause) {
    case "expired":
      return `the server no longer has the history${from}: listing again`;
    case "resource-version-too-large":
      return `the server does not know revision ${lastResourceVersion}: listing again`;
    case "resource-version-reset":
      return `the server's revisions went back, as after a restore: listing again`;
    case "resource-not-found":
      return `the server does not serve this resource now: waiting for it`;
    case "cursor-mismatch":
      return `the saved cursor belongs to another query: starting anew`;
    default:
      return `continuity was lost (${cause})${from}: listing again`;
  }
}

function lostText(message: string, retryInMs: number | undefined): string {
  return retryInMs === undefined ? `gave up: ${message}` : `${message}; again in ${seconds(retryInMs)}`;
}

/** Nothing but noise changed: not worth a line. Without the state before only the fact is told. */
function changedText(change: ObjectChange): string | undefined {
  if (change.before === undefined) return "changed";
  const changes = diffObjects(change.before, change.object, CHANGES_PER_LINE + 1);
  if (changes.length === 0) return undefined;
  const shown = changes.slice(0, CHANGES_PER_LINE).map((found) => formatChange(found));
  return `${shown.join("  ")}${changes.length > CHANGES_PER_LINE ? "  …" : ""}`;
}

function named(object: KubeObject, text: string): string {
  return `${keyOf(object).padEnd(NAME_WIDTH)} ${text}`;
}

function fieldTexts(object: KubeObject, fields: readonly string[]): string[] {
  return fields.flatMap((field) => {
    const value = readField(object, field);
    if (value === undefined || value === null || value === "") return [];
    return [typeof value === "string" ? value : JSON.stringify(value)];
  });
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
