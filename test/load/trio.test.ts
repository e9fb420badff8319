// The load driver's own workload against API server, address controller and agents, faster than by default; then what their metrics say.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assertExposed } from "../metrics/exposed.ts";
import { ChildProgram } from "../system/child-program.ts";
import { withTrio } from "./trio.ts";

/** Ten networks, 450 attachments, as without flags; ten operations a second would take a minute and a half. */
const RUN = ["--rate", "50", "--threads", "4"];
const TESTS = ["--test-program", "/bin/true"];
const COUNT = 450;

test(
  "13.18 a run against the whole system ends without a double owner, a broken attachment or a failed test, and leaves nothing",
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
      assert.deepEqual([created, deleted], [COUNT, COUNT]);
      // On a busy machine some are replaced before they are ready.
      assert.ok(ready > COUNT * 0.75 && ready + unready >= COUNT, JSON.stringify(result.counts));
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
