// Prometheus' text format as data: types, label names and bucket bounds of each metric.

/** What one exposition says of a metric. */
export interface ScrapedMetric {
  readonly type: string;
  /** Names of labels seen on samples, `le` not counted. */
  readonly labels: ReadonlySet<string>;
  /** Upper bounds seen, without +Inf. */
  readonly buckets: ReadonlySet<number>;
}

/** Reads an exposition. */
export function parseExposition(text: string): ReadonlyMap<string, ScrapedMetric> {
  const metrics = new Map<string, { type: string; labels: Set<string>; buckets: Set<number> }>();
  for (const line of text.split("\n")) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type !== null) metrics.set(type[1] ?? "", { type: type[2] ?? "", labels: new Set(), buckets: new Set() });
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+/.exec(line);
    if (sample === null || line.startsWith("#")) continue;
    const [, name = "", labelText = ""] = sample;
    const metric = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ""));
    for (const [, label = "", value = ""] of labelText.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
      if (label !== "le") metric?.labels.add(label);
      else if (value !== "+Inf") metric?.buckets.add(Number(value));
    }
  }
  return metrics;
}
