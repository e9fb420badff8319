// The `jsonl` output: one JSON object a line, `type` and `object` as in a Kubernetes watch, plus what a watch does not tell.
import { unreachable } from "@coracle/base";
import type { Change, ObjectChange } from "./change.ts";
import { gapText } from "./render-diff.ts";

/** The line for `change` of `resource` (its plural name); `time` is RFC 3339. */
export function renderJsonl(change: Change, time: string, resource: string): string {
  if (isObjectChange(change)) {
    // By far most of the lines: no object is made for them that is thrown away at once.
    const marks = `${change.initial ? ',"initial":true' : ""}${change.inferred ? ',"inferred":true' : ""}`;
    const head = `{"type":"${change.kind.toUpperCase()}","resource":${JSON.stringify(resource)},"time":"${time}"`;
    return `${head}${marks},"object":${JSON.stringify(change.object)}}`;
  }
  const { type, ...rest } = lineObject(change, time);
  return JSON.stringify({ type, resource, ...rest });
}

function isObjectChange(change: Change): change is ObjectChange {
  return change.kind === "added" || change.kind === "modified" || change.kind === "deleted";
}

function lineObject(change: Exclude<Change, ObjectChange>, time: string): Record<string, unknown> {
  switch (change.kind) {
    case "synced": {
      const { resourceVersion, objects, inferred } = change;
      return { type: "SYNCED", time, resourceVersion, objects, inferred };
    }
    case "gap":
      return { type: "GAP", time, cause: change.cause, message: gapText(change.cause, change.lastResourceVersion) };
    case "lost": {
      const { status, retryInMs } = change;
      const retry = retryInMs === undefined ? {} : { retryInMs: Math.round(retryInMs) };
      return { type: "ERROR", time, ...retry, object: status };
    }
    case "resumed":
      return { type: "RESUMED", time, resourceVersion: change.resourceVersion, downMs: Math.round(change.downMs) };
    case "bookmark":
      return { type: "BOOKMARK", time, resourceVersion: change.resourceVersion };
    default:
      return unreachable(change);
  }
}
