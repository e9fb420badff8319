// Lists over HTTP with a cap: the first rows, and a header that says how many were left off.

/** Header of an answer whose list was cut: how many rows more there are. */
const ROWS_LEFT_OFF_HEADER = "coracle-rows-left-off";

/** The rows of the first `rowsMax` items, and the headers of an answer with them: none if that is all. */
export function firstRows<T, R>(
  items: Iterable<T>,
  rowsMax: number,
  rowOf: (item: T) => R,
): { rows: R[]; headers: Record<string, string> } {
  const rows: R[] = [];
  let leftOff = 0;
  for (const item of items) {
    if (rows.length < rowsMax) rows.push(rowOf(item));
    else leftOff++;
  }
  return { rows, headers: leftOff === 0 ? {} : { [ROWS_LEFT_OFF_HEADER]: String(leftOff) } };
}
