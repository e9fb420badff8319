// What the binaries expose is what docs/metrics.md says: common metrics of a plain server, and those of the load driver.
import assert from "node:assert/strict";
import { test } from "node:test";
import { standInController } from "../load/stand-in-controller.ts";
import { ChildProgram } from "../system/child-program.ts";
import { System } from "../system/system.ts";
import { assertExposed } from "./exposed.ts";
import { readMetricTables } from "./metric-tables.ts";
import { parseExposition } from "./scrape.ts";

test("an exposition is read with types, labels and buckets", () => {
  const text = [
    "# HELP a_seconds A.",
    "# TYPE a_seconds histogram",
    'a_seconds_bucket{le="0.5",op="x \\"y\\""} 1',
    'a_seconds_bucket{le="+Inf",op="z"} 1',
    'a_seconds_sum{op="z"} 0.5',
    "# TYPE b gauge",
    "b 1",
  ].join("\n");
  const metrics = parseExposition(text);
  assert.deepEqual([...(metrics.get("a_seconds")?.labels ?? [])], ["op"]);
  assert.deepEqual([...(metrics.get("a_seconds")?.buckets ?? [])], [0.5]);
  assert.equal(metrics.get("b")?.type, "gauge");
});

test("13.17 the load driver exposes every metric of the document, with all buckets", { timeout: 120_000 }, async () => {
  await System.with(async (system) => {
    const ending = new AbortController();
    const controller = standInController(await system.client(), ending.signal);
    const place = ["--kubeconfig", system.kubeconfig, "--nodes", "n1", "--http", "127.0.0.1:0", "--log-level", "info"];
    const tested = [
      "--test-program",
      "/bin/agent",
      "--wait-after-create",
      "60s",
      "--num-nets",
      "1",
      "--top-net-size",
      "4",
    ];
    const child = ChildProgram.source("load", ["attachments", ...place, ...tested]);
    try {
      const [, url = ""] = await child.see(/"url":"(http:[^"]+)"/);
      for (;;) {
        const text = await (await fetch(`${url}/metrics`)).text();
        if (/coracle_driver_test_count\{/.test(text)) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const mapped = readMetricTables().mapped.filter(({ binary }) => binary === "load");
      assert.equal(await assertExposed("load", url), mapped.length);
      const { types } = readMetricTables();
      const scraped = parseExposition(await (await fetch(`${url}/metrics`)).text());
      for (const [name, { type }] of scraped) assert.equal(types.get(name), type, `docs/metrics.md on ${name}`);
      child.process.kill("SIGINT");
      assert.equal(await child.exited, 130);
    } finally {
      await child.end();
      ending.abort();
      await controller;
    }
  });
});
