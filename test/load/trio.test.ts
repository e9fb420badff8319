// §13 item 18 in small: the load driver against API server, address controller and agents; then what their metrics say.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assertExposed } from "../metrics/exposed.ts";
import { ChildProgram } from "../watcher/child-program.ts";
import { withTrio } from "./trio.ts";

const RUN = ["--num-nets", "4", "--top-net-size", "20", "--num-attachments", "80", "--rate", "20", "--threads", "2"];
const TESTS = ["--test-program", "/bin/true", "--test-fraction", "0.5"];

test(
  "a run against the whole system ends without a double owner, a broken attachment or a failed test, and leaves nothing",
  { timeout: 180_000 },
  async () => {
    await withTrio(["n1", "n2", "n3"], async ({ system, nodes, ipamUrl, agentUrls, programs }) => {
      const json = join(system.folder, "result.json");
      const place = ["--kubeconfig", system.kubeconfig, "--nodes", nodes.join(","), "--http", "127.0.0.1:0"];
      const child = ChildProgram.source("load", ["attachments", ...place, ...RUN, ...TESTS, "--json", json]);
      try {
        const code = await child.exited;
        const told = programs.map((program) => program.stderr.slice(-2000)).join("\n");
        assert.equal(code, 0, `${child.stdout}${child.stderr}\n${told}`);
      } finally {
        await child.end();
      }
      const result = JSON.parse(await readFile(json, "utf8")) as {
        readonly verdict: string;
        readonly counts: Readonly<Record<string, number>>;
        readonly findings: Readonly<Record<string, number>>;
        readonly ending: object;
        readonly locksLeft: number;
      };
      assert.equal(result.verdict, "good");
      const { created, deleted, ready = 0, unready = 0 } = result.counts;
      assert.deepEqual([created, deleted], [80, 80]);
      // On a busy machine some are replaced before they are ready.
      assert.ok(ready > 60 && ready + unready >= 80, JSON.stringify(result.counts));
      assert.deepEqual(new Set(Object.values(result.findings)), new Set([0]));
      assert.ok((result.counts["testsPassed"] ?? 0) > 10);
      assert.deepEqual(result.ending, { reason: "complete", unconfirmed: 0, left: 0 });
      assert.equal(result.locksLeft, 0);
      const agents = await Promise.all(agentUrls.map((url) => assertExposed("ovs-agent", url)));
      for (const sampled of agents) assert.ok(sampled >= 15, `an agent has samples of ${sampled} metrics`);
      const sampled = await assertExposed("ipam", ipamUrl);
      assert.ok(sampled >= 15, `the controller has samples of ${sampled} metrics`);
    });
  },
);
