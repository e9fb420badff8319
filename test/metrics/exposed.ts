// Compares what a binary exposes with what docs/metrics.md says.
import assert from "node:assert/strict";
import { readMetricTables } from "./metric-tables.ts";
import { parseExposition } from "./scrape.ts";

/**
 * Every metric that the document gives to `binary` is there with its type; labels and buckets are compared as far as there are
 * samples. Answers how many had samples.
 */
export async function assertExposed(binary: string, url: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`);
  assert.equal(answer.status, 200);
  const scraped = parseExposition(await answer.text());
  const mapped = readMetricTables().mapped.filter((metric) => metric.binary === binary);
  assert.ok(mapped.length > 0, `docs/metrics.md knows no metric of ${binary}`);
  let sampled = 0;
  for (const { name, type, labels, buckets } of mapped) {
    const metric = scraped.get(name);
    assert.ok(metric !== undefined, `${binary} does not expose ${name}`);
    assert.equal(metric.type, type, name);
    if (metric.labels.size > 0) assert.deepEqual([...metric.labels].toSorted(), [...labels].toSorted(), name);
    if (metric.buckets.size > 0) assert.deepEqual([...metric.buckets], buckets, name);
    if (metric.labels.size > 0 || metric.buckets.size > 0) sampled += 1;
  }
  return sampled;
}
