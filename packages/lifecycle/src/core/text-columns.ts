// Two aligned columns with a wrapped right side: the layout of `--help`.

/** One line of a list: what stands left, and the text that explains it. */
export interface ColumnRow {
  readonly left: string;
  readonly right: string;
}

const INDENT = 2;
const GAP = 3;
const LEFT_WIDTH_MAX = 32;
const RIGHT_WIDTH_MIN = 24;

/** Breaks `text` at spaces into lines of at most `width` characters; a longer word gets a line of its own. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ").filter((part) => part !== "")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** The left column's width for these rows: as wide as the widest, within a bound. */
export function leftColumnWidth(rows: readonly ColumnRow[]): number {
  const widest = rows.reduce((max, row) => Math.max(max, row.left.length), 0);
  return Math.min(widest, LEFT_WIDTH_MAX);
}

/** Lays rows out in two columns within `width` characters; a left side too wide for its column gets a line of its own. */
export function layOutColumns(
  rows: readonly ColumnRow[],
  width: number,
  leftWidth: number = leftColumnWidth(rows),
): readonly string[] {
  const rightStart = INDENT + leftWidth + GAP;
  const rightWidth = Math.max(RIGHT_WIDTH_MIN, width - rightStart);
  const lines: string[] = [];
  for (const row of rows) {
    const [first = "", ...more] = wrapText(row.right, rightWidth);
    const left = `${" ".repeat(INDENT)}${row.left}`;
    if (row.left.length > leftWidth) {
      lines.push(left);
      if (first !== "") lines.push(`${" ".repeat(rightStart)}${first}`);
    } else {
      lines.push(`${left.padEnd(rightStart)}${first}`.trimEnd());
    }
    for (const line of more) lines.push(`${" ".repeat(rightStart)}${line}`.trimEnd());
  }
  return lines;
}
