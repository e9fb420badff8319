// The refusal of an apply that would change fields of other managers (apimachinery managedfields NewConflictError).
import type { StatusFailure } from "../json/mod.ts";
import { hasPath, pathsOf } from "./field-set.ts";
import type { FieldPath, FieldSet } from "./field-set.ts";
import { compareTexts } from "./field-managers.ts";
import type { ManagedEntry } from "./field-managers.ts";
import type { Conflicts } from "./ownership.ts";
import { printElement } from "./path-element.ts";

/** One contested field. */
export interface Conflict {
  readonly entry: ManagedEntry;
  readonly path: FieldPath;
}

/** Every contested field, grouped by manager. */
export function conflictList(conflicts: Conflicts): readonly Conflict[] {
  return [...conflicts.values()]
    .sort((a, b) => compareTexts(printManager(a.entry), printManager(b.entry)))
    .flatMap(({ entry, set }) => pathsOf(set).map((path) => ({ entry, path })));
}

/** Conflicts that the set does not excuse. */
export function conflictsOutside(conflicts: readonly Conflict[], excused: FieldSet): readonly Conflict[] {
  return conflicts.filter(({ path }) => !hasPath(excused, path));
}

/** 409 Conflict with one cause per field. */
export function conflictFailure(conflicts: readonly Conflict[]): StatusFailure {
  const causes = conflicts.map(({ entry, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${printManager(entry)}`,
    field: printPath(path),
  }));
  return { code: 409, reason: "Conflict", message: conflictMessage(conflicts), details: { causes } };
}

function conflictMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${printManager(first.entry)}: ${printPath(first.path)}`;
  }
  const lines: string[] = [];
  for (const [manager, members] of Map.groupBy(conflicts, ({ entry }) => printManager(entry))) {
    lines.push(`conflicts with ${manager}:`, ...members.map(({ path }) => `- ${printPath(path)}`));
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

function printPath(path: FieldPath): string {
  return path.map(printElement).join("");
}

function printManager(entry: ManagedEntry): string {
  const name = JSON.stringify(entry.manager);
  const subresource = entry.subresource === "" ? "" : ` with subresource ${JSON.stringify(entry.subresource)}`;
  const version = entry.operation === "Update" ? ` using ${entry.apiVersion}` : "";
  return `${name}${subresource}${version}`;
}
