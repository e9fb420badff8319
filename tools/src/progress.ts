// How far the steps of a gate are: on a terminal a line that counts, elsewhere nothing until a step has ended.
const REDRAW_MS = 1000;
const CLEAR = "\r\u001b[K";

/** Where progress is written. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Told what the steps do; several run at once. */
export class Progress {
  readonly #out: ProgressOutput;
  /** Steps that run now, with the tests that they have passed. */
  readonly #running = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #seconds = 0;

  constructor(out: ProgressOutput) {
    this.#out = out;
    if (out.isTTY !== true) return;
    this.#timer = setInterval(() => {
      this.#seconds += REDRAW_MS / 1000;
      this.#draw();
    }, REDRAW_MS);
  }

  started(name: string): void {
    this.#running.set(name, 0);
    this.#draw();
  }

  /** Something that a step wrote; tests in it that passed are counted. */
  said(name: string, text: string): void {
    const passed = text.match(/^\(pass\) |\.\.\. \S*ok/gm)?.length ?? 0;
    this.#running.set(name, (this.#running.get(name) ?? 0) + passed);
  }

  /** The step is over; `told` stays on the screen. */
  ended(name: string, told: string): void {
    this.#running.delete(name);
    this.#out.write(`${this.#out.isTTY === true ? CLEAR : ""}${told}\n`);
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#out.isTTY === true) this.#out.write(CLEAR);
  }

  #draw(): void {
    if (this.#out.isTTY !== true) return;
    const steps = Array.from(this.#running, ([name, passed]) => (passed === 0 ? name : `${name}: ${passed} passed`));
    const clock = `${Math.floor(this.#seconds / 60)}:${String(this.#seconds % 60).padStart(2, "0")}`;
    this.#out.write(`${CLEAR}${[clock, ...steps].join("  ").slice(0, (this.#out.columns ?? 80) - 1)}`);
  }
}
