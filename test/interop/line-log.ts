// The lines that a program has told so far, and waiting for one of them.

const WAIT_MS = 20_000;
const LINES_MAX = 20_000;

/** A program driven by lines. */
export interface LinePeer {
  /** How many lines it has told: a place to see on from. */
  readonly told: number;
  /** Every line so far. */
  readonly lines: readonly string[];
  tell(line: string): void;
  /** The first match in the lines from `from` on; throws when the program ends or time is up. */
  see(pattern: RegExp, from?: number): Promise<RegExpExecArray>;
  /** Tells a line and sees the answer to it. */
  ask(line: string, pattern: RegExp): Promise<RegExpExecArray>;
  stop(): Promise<void>;
}

/** Lines in the order they came. */
export class LineLog {
  readonly lines: string[] = [];
  readonly #waiting: Set<() => void> = new Set();
  #hasEnded = false;

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  note(line: string): void {
    if (this.lines.length < LINES_MAX) this.lines.push(line);
    this.#wake();
  }

  /** Nothing more will come. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /** The first match in the lines from `from` on; throws with `complaint` when the program ends or time is up. */
  async see(pattern: RegExp, from: number, complaint: () => string): Promise<RegExpExecArray> {
    const deadline = performance.now() + WAIT_MS;
    let at = from;
    for (;;) {
      for (; at < this.lines.length; at++) {
        const match = pattern.exec(this.lines[at] ?? "");
        if (match !== null) return match;
      }
      const leftMs = deadline - performance.now();
      if (this.#hasEnded || leftMs <= 0) {
        const last = this.lines.slice(-5).join(" | ");
        const end = this.#hasEnded ? ", the program has ended" : "";
        throw new Error(`Cannot see ${pattern}${end}: last lines ${last}; ${complaint()}`);
      }
      await this.#change(leftMs);
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
