// Sums over the samples of a program's metrics.

/** The samples of one reading. */
export class Exposition {
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  }

  /** Reads the metrics of a program. */
  static async read(url: string): Promise<Exposition> {
    return new Exposition(await (await fetch(`${url}/metrics`)).text());
  }

  /** The samples of a family by the value of one label; without the label its name is empty. */
  samples(family: string, label: string): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const line of this.#lines) {
      const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (match?.[1] !== family) continue;
      const value = new RegExp(`(?:^|,)${label}="([^"]*)"`).exec(match[2] ?? "")?.[1] ?? "";
      sums.set(value, (sums.get(value) ?? 0) + Number(match[3]));
    }
    return sums;
  }

  /** The sum of a family, over `only` some values of a label if given. */
  total(family: string, label = "", only?: readonly string[]): number {
    let sum = 0;
    for (const [value, count] of this.samples(family, label))
      if (only === undefined || only.includes(value)) sum += count;
    return sum;
  }

  /** The values of a label whose samples are above zero. */
  named(family: string, label: string): readonly string[] {
    return [...this.samples(family, label)].flatMap(([value, count]) => (value !== "" && count > 0 ? [value] : []));
  }
}
