// What changed between two states of an object, as short lines for people.

/** One changed leaf. `before` or `after` is `undefined` where the field appeared or went. */
export interface FieldChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

const DEPTH_MAX = 32;
/** Fields that change with every write and say nothing. */
const NOISE = new Set(["metadata.resourceVersion", "metadata.managedFields", "metadata.generation"]);

/** The changed leaves in path order, at most `changesMax`; lists of equal length are compared item by item, others whole. */
export function diffObjects(before: unknown, after: unknown, changesMax: number): FieldChange[] {
  const changes: FieldChange[] = [];
  collect({ path: "", before, after }, 0, (change) => {
    if (changes.length < changesMax) changes.push(change);
    return changes.length < changesMax;
  });
  return changes;
}

/** `status.phase Pending → Running`; a field that appeared or went shows `∅`. */
export function formatChange(change: FieldChange, valueLengthMax = 40): string {
  return `${change.path} ${formatValue(change.before, valueLengthMax)} → ${formatValue(change.after, valueLengthMax)}`;
}

/** Returns false when no more changes are wanted. */
function collect(pair: FieldChange, depth: number, emit: (change: FieldChange) => boolean): boolean {
  const { path, before, after } = pair;
  if (Object.is(before, after) || NOISE.has(path)) return true;
  if (depth < DEPTH_MAX) {
    if (isRecord(before) && isRecord(after)) {
      const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
      return names.every((name) =>
        collect(
          { path: path === "" ? name : `${path}.${name}`, before: before[name], after: after[name] },
          depth + 1,
          emit,
        ),
      );
    }
    if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
      return before.every((item, index) =>
        collect({ path: `${path}[${index}]`, before: item, after: after[index] }, depth + 1, emit),
      );
    }
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return true;
  return emit(pair);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function formatValue(value: unknown, lengthMax: number): string {
  if (value === undefined) return "∅";
  const text = typeof value === "string" && value !== "" ? value : JSON.stringify(value);
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}
