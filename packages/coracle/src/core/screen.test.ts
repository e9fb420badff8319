// What the terminal shows, read back by a small emulation of the control sequences the screen uses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Screen, type ScreenSize } from "./screen.ts";

/** Understands exactly what `Screen` sends. */
class Terminal {
  readonly lines: string[];
  #row = 0;
  #column = 0;
  #top = 0;
  #bottom: number;
  #saved: [number, number] = [0, 0];

  constructor(size: ScreenSize) {
    this.lines = Array.from({ length: size.rows }, () => "");
    this.#bottom = size.rows - 1;
  }

  write(text: string): void {
    for (const match of text.matchAll(/\u001b\[([\d;]*)([HJKr])|\u001b([78])|(\r\n)|([^\u001b\r\n]+)/g)) {
      const [, parameters = "", final, cursor, newLine, plain] = match;
      if (final !== undefined) this.#control(final, parameters.split(";").map(Number));
      else if (cursor === "7") this.#saved = [this.#row, this.#column];
      else if (cursor === "8") [this.#row, this.#column] = this.#saved;
      else if (newLine !== undefined) this.#newLine();
      else if (plain !== undefined) this.#print(plain);
    }
  }

  #control(final: string, [first = 0, second = 0]: number[]): void {
    if (final === "H") [this.#row, this.#column] = [Math.max(0, first - 1), Math.max(0, second - 1)];
    else if (final === "J") this.lines.fill("");
    else if (final === "K") this.lines[this.#row] = "";
    else [this.#top, this.#bottom] = first === 0 ? [0, this.lines.length - 1] : [first - 1, second - 1];
  }

  #newLine(): void {
    this.#column = 0;
    if (this.#row < this.#bottom) this.#row++;
    else {
      this.lines.splice(this.#top, 1);
      this.lines.splice(this.#bottom, 0, "");
    }
  }

  #print(text: string): void {
    const line = this.lines[this.#row] ?? "";
    this.lines[this.#row] = line.slice(0, this.#column).padEnd(this.#column) + text;
    this.#column += text.length;
  }
}

const size = { columns: 12, rows: 7 };

test("lines scroll under the table, which is redrawn in place", () => {
  const screen = new Screen(size);
  const terminal = new Terminal(size);
  terminal.write(screen.drawTable(["a ready", "b starting"]));
  for (let line = 1; line <= 9; line++) terminal.write(screen.scrollLine(`event ${line}`));
  terminal.write(screen.drawTable(["a ready", "b ready"]));
  terminal.write(screen.scrollLine("event 10"));
  assert.deepEqual(terminal.lines, ["a ready", "b ready", "event 6", "event 7", "event 8", "event 9", "event 10"]);
});

test("an unchanged table costs no bytes", () => {
  const screen = new Screen(size);
  screen.drawTable(["a"]);
  assert.equal(screen.drawTable(["a"]), "");
});

test("long lines are cut, tall tables leave room, control characters do not come through", () => {
  const screen = new Screen(size);
  const terminal = new Terminal(size);
  terminal.write(screen.drawTable(["0123456789abcdef", "2", "3", "4", "5", "6", "7", "8"]));
  terminal.write(screen.scrollLine("x\u001b[2Jy"));
  assert.equal(terminal.lines[0], "0123456789a…");
  assert.equal(terminal.lines[3], "4");
  assert.equal(terminal.lines[4], "");
  assert.equal(terminal.lines[6], "x[2Jy");
});

test("after a resize the table and the newest lines are drawn again", () => {
  const screen = new Screen(size);
  screen.drawTable(["a"]);
  for (let line = 1; line <= 300; line++) screen.scrollLine(`event ${line}`);
  screen.resize({ columns: 20, rows: 5 });
  const terminal = new Terminal({ columns: 20, rows: 5 });
  terminal.write(screen.drawTable(["a longer table line"]));
  assert.deepEqual(terminal.lines, ["a longer table line", "event 297", "event 298", "event 299", "event 300"]);
});
