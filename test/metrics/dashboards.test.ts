// The dashboards ask for metrics that exist, with labels and suffixes that they have.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readMetricTables } from "./metric-tables.ts";

const folder = join(import.meta.dirname, "../../deploy/dashboards");
const SUFFIX = /_(?:bucket|sum|count)$/;

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly description: string;
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

function dashboards(): { readonly file: string; readonly dashboard: Dashboard }[] {
  return readdirSync(folder).map((file) => ({
    file,
    dashboard: JSON.parse(readFileSync(join(folder, file), "utf8")) as Dashboard,
  }));
}

/** Names of metrics in an expression or a query of a variable. */
function metricsIn(expression: string): string[] {
  return expression.match(/\b(?:coracle|process)_[a-z0-9_]+\b/g) ?? [];
}

/** The metric a name belongs to, and whether the name fits its type. */
function check(name: string, types: ReadonlyMap<string, string>, where: string): void {
  const type = types.get(name);
  if (type !== undefined) {
    assert.notEqual(type, "histogram", `${where}: ${name} is a histogram: ask for its buckets, sum or count`);
    return;
  }
  assert.equal(types.get(name.replace(SUFFIX, "")), "histogram", `${where}: docs/metrics.md knows no ${name}`);
}

test("every metric of every dashboard is in docs/metrics.md", () => {
  const { types } = readMetricTables();
  assert.ok(types.size > 60, `the tables have ${types.size} metrics`);
  const all = dashboards();
  assert.deepEqual(
    all.map(({ file }) => file).toSorted((a, b) => a.localeCompare(b)),
    ["agent.json", "apiserver.json", "ipam.json", "load.json"],
  );
  let names = 0;
  for (const { file, dashboard } of all) {
    for (const { title, targets, description } of dashboard.panels) {
      assert.ok(description.length > 10, `${file}: "${title}" does not say what it shows`);
      assert.ok(targets.length > 0, `${file}: "${title}" shows nothing`);
      for (const { expr } of targets) {
        const found = metricsIn(expr);
        assert.ok(found.length > 0, `${file}: "${title}" asks for no metric of ours: ${expr}`);
        for (const name of found) check(name, types, `${file}: "${title}"`);
        names += found.length;
      }
    }
    for (const { query } of dashboard.templating.list) {
      for (const name of metricsIn(query)) check(name, types, `${file}: a variable`);
    }
  }
  assert.ok(names > 100);
});

test("a panel with a name that does not exist would be found", () => {
  const { types } = readMetricTables();
  assert.throws(() => check("coracle_agent_attachment_create_to_local_ifc_latency_seconds_bucket", types, "x"));
  assert.throws(() => check("coracle_agent_fabric_latency_seconds", types, "x"), /is a histogram/);
});

test("labels in filters and legends are those of the metrics; panels have numbers of their own", () => {
  const { mapped } = readMetricTables();
  const labels = new Map(mapped.map((metric) => [metric.name, metric.labels]));
  const uids = new Set<string>();
  for (const { file, dashboard } of dashboards()) {
    assert.ok(!uids.has(dashboard.uid), file);
    uids.add(dashboard.uid);
    assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length, file);
    for (const { expr } of dashboard.panels.flatMap(({ targets }) => targets)) {
      for (const [, name = "", filter = ""] of expr.matchAll(/(coracle_[a-z0-9_]+)\{([^}]*)\}/g)) {
        const known = labels.get(name) ?? labels.get(name.replace(SUFFIX, ""));
        if (known === undefined) continue;
        for (const [, label = ""] of filter.matchAll(/([A-Za-z_]+)=~?"/g)) {
          assert.ok(known.includes(label), `${file}: ${name} has no label ${label}`);
        }
      }
    }
  }
});
