// Reading what a `/metrics` endpoint says (Prometheus text format 0.0.4), as far as sums of counters and levels need it.

/** Lines beyond this are not read: our own programs have some hundred. */
const LINES_MAX = 10_000;
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of one answer. */
export class MetricSamples {
  readonly #samples = new Map<string, Sample[]>();

  constructor(text: string) {
    for (const line of text.split("\n", LINES_MAX)) {
      const [, name, labels = "", digits = ""] = LINE.exec(line) ?? [];
      const value = Number(digits);
      if (name === undefined || !Number.isFinite(value)) continue;
      const known = this.#samples.get(name) ?? [];
      if (known.length === 0) this.#samples.set(name, known);
      known.push({ labels: readLabels(labels), value });
    }
  }

  /** The sample with these labels, whatever others it has; 0 if there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels);
    const samples = this.#samples.get(name) ?? [];
    return samples.find((sample) => wanted.every(([label, value]) => sample.labels[label] === value))?.value ?? 0;
  }

  /** The sums of the samples by one label, without those that are 0. */
  by(name: string, label: string): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const { labels, value } of this.#samples.get(name) ?? []) {
      const key = labels[label] ?? "";
      if (value !== 0) sums.set(key, (sums.get(key) ?? 0) + value);
    }
    return sums;
  }
}

function readLabels(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from(text.matchAll(LABEL), ([, name = "", value = ""]) => [name, value]));
}
