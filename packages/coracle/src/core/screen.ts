// A table that stays at the top of the terminal while lines scroll under it (ECMA-48: DECSTBM, CUP, EL; DECSC/DECRC).
import { Ring } from "@coracle/base";

/** The terminal's size. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const CLEAR_SCREEN = "\u001b[2J\u001b[H";
const CLEAR_LINE = "\u001b[2K";
const SAVE_CURSOR = "\u001b7";
const RESTORE_CURSOR = "\u001b8";
const ALL_ROWS_SCROLL = "\u001b[r";
/** Rows that must remain for scrolling lines; a table that leaves fewer is cut. */
const SCROLL_ROWS_MIN = 3;

/** Lines kept to fill the screen again after it was cleared. */
const RECENT_LINES_MAX = 200;

/** Turns a changing table and a stream of lines into the bytes for a terminal. Holds the last table and the last lines. */
export class Screen {
  #size: ScreenSize;
  #table: readonly string[] = [];
  #drawnRows = -1;
  readonly #recent = new Ring<string>(RECENT_LINES_MAX);

  constructor(size: ScreenSize) {
    this.#size = size;
  }

  /** A table of more rows than this is cut. */
  get tableRowsMax(): number {
    return Math.max(1, this.#size.rows - SCROLL_ROWS_MIN);
  }

  /** The bytes that show `table`; only lines that differ are written again. */
  drawTable(table: readonly string[]): string {
    const visible = this.#fit(table);
    if (visible.length !== this.#drawnRows) {
      this.#table = visible;
      this.#drawnRows = visible.length;
      const firstScrollRow = visible.length + 1;
      const region = `\u001b[${firstScrollRow};${this.#size.rows}r\u001b[${this.#size.rows};1H`;
      const recent = this.#recentLines(this.#size.rows - visible.length);
      return `${ALL_ROWS_SCROLL}${CLEAR_SCREEN}${visible.join("\r\n")}${region}${recent}`;
    }
    const changed = visible.flatMap((line, index) =>
      line === this.#table[index] ? [] : [`\u001b[${index + 1};1H${CLEAR_LINE}${line}`],
    );
    this.#table = visible;
    return changed.length === 0 ? "" : `${SAVE_CURSOR}${changed.join("")}${RESTORE_CURSOR}`;
  }

  /** The bytes that let one line scroll in at the bottom. */
  scrollLine(line: string): string {
    if (this.#recent.full) this.#recent.shift();
    this.#recent.push(line);
    return this.#lineBytes(line);
  }

  /** Takes a new size; the next table is drawn whole. */
  resize(size: ScreenSize): void {
    this.#size = size;
    this.#drawnRows = -1;
  }

  /** The bytes that give the terminal back, cursor below everything. */
  close(): string {
    return `${ALL_ROWS_SCROLL}\u001b[${this.#size.rows};1H\r\n`;
  }

  #lineBytes(line: string): string {
    return `\r\n${CLEAR_LINE}${cut(line, this.#size.columns)}`;
  }

  #recentLines(rows: number): string {
    const shown = Math.min(rows, this.#recent.size);
    const lines = Array.from({ length: shown }, (_, index) => this.#recent.at(this.#recent.size - shown + index) ?? "");
    return lines.map((line) => this.#lineBytes(line)).join("");
  }

  #fit(table: readonly string[]): string[] {
    return table.slice(0, this.tableRowsMax).map((line) => cut(line, this.#size.columns));
  }
}

/** Keeps a line from wrapping: a wrapped line would push the table down. Control characters cannot come through. */
function cut(line: string, columns: number): string {
  const printable = Array.from(line).filter((character) => !/\p{Cc}/u.test(character));
  return printable.length <= columns ? printable.join("") : `${printable.slice(0, Math.max(0, columns - 1)).join("")}…`;
}
