// `trace`, `flows` and `drift` as programs beside an agent program on an Open vSwitch of the test's own.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { serveHttp } from "@coracle/runtime";
import { withOvs } from "../../ovsdb/src/io/testing/private-ovs.ts";
import { createRoutes } from "../src/io/http-routes.ts";
import { createOvsFabric } from "../src/io/fabric/mod.ts";
import { until, withBench } from "./agent-bench.ts";

const MAIN = join(import.meta.dirname, "../src/main.ts");
const NAME = "trace, flows and drift beside an agent";

test(NAME, { timeout: 120_000 }, async () => {
  await withOvs(NAME, async (ovs) => {
    await withBench(async (bench) => {
      const place = { hostIp: "192.0.2.1", datapathType: "dummy", deviceType: "dummy" };
      const fabric = createOvsFabric({ ...place, runDirectory: ovs.folder });
      const { agent } = await bench.start(fabric);
      const routes = createRoutes(agent, { ovsRunDir: ovs.folder, tracesMax: 1 });
      const server = await serveHttp({ host: "127.0.0.1", port: 0, handler: (request) => routes.fetch(request) });
      try {
        const run = (...args: string[]): Promise<{ status: number; text: string }> => {
          const { promise, resolve } = Promise.withResolvers<{ status: number; text: string }>();
          const where = ["--ovs-run-dir", ovs.folder, "--agent", `127.0.0.1:${server.address.port}`];
          const child = spawn("bun", [MAIN, ...args, ...where], { stdio: ["ignore", "pipe", "pipe"] });
          let text = "";
          for (const stream of [child.stdout, child.stderr])
            stream.setEncoding("utf8").on("data", (more: string) => (text += more));
          child.once("close", (status) => resolve({ status: status ?? -1, text }));
          return promise;
        };
        await bench.create("a");
        const hostIP = "192.0.2.2";
        await bench.create("r", { spec: { node: "node-b" }, address: { addressVNI: 1, ipv4: "10.0.0.2", hostIP } });
        await until("both are there", () => fabric.state().remoteCount === 1 && fabric.state().localCount === 1);
        const trace = await run("trace", "default/a", "10.0.0.2");
        assert.match(trace.text, /10\.0\.0\.2 is on another host: through the tunnel to 192\.0\.2\.2/);
        assert.match(trace.text, /Open vSwitch says:/);
        assert.equal(trace.status, 0, trace.text);
        const lost = await run("trace", "default/a", "10.0.0.99");
        assert.match(lost.text, /dropped: nobody in the virtual network of default\/a has 10\.0\.0\.99/);
        assert.equal(lost.status, 1);
        const get = async (path: string): Promise<{ status: number; text: string }> => {
          const response = await fetch(`${server.url}/attachments/default/${path}`);
          return { status: response.status, text: await response.text() };
        };
        assert.match((await get("a")).text, /"attachment":"default\/a".*"kind":"implemented"/);
        assert.equal((await get("x")).status, 404);
        const served = await get("a/trace/10.0.0.2");
        assert.deepEqual([served.status, served.text], [200, trace.text]);
        assert.deepEqual([(await get("x/trace/10.0.0.2")).status, (await get("a/trace/8.8.8.8")).status], [404, 400]);
        // All begin before any can end, as each has to ask the switch.
        const traced = async (): Promise<Response> => routes.request("/attachments/default/a/trace/10.0.0.2");
        const many = await Promise.all(Array.from({ length: 3 }, traced));
        assert.deepEqual(many.filter(({ status }) => status === 429).length, 2, "one trace at a time");
        const elsewhere = await run("trace", "default/r", "10.0.0.1");
        assert.match(elsewhere.text, /has no interface on this host/);
        assert.equal(elsewhere.status, 3);
        const none = await run("drift");
        assert.match(none.text, /^no drift: \d+ flows are as they should be\n$/);
        assert.equal(none.status, 0);
        ovs.ofctl(["add-flow", ovs.managementSocket("coracle"), "table=0,priority=9,ip,actions=drop"]);
        const drift = await run("drift", "--json");
        const { lines } = JSON.parse(drift.text) as { lines: { status: string }[] };
        assert.deepEqual(
          lines.map(({ status }) => status),
          ["unexpected"],
        );
        assert.equal(drift.status, 1);
        assert.match((await run("flows")).text, /^\+ .*priority=9,ip actions=drop$/m);
      } finally {
        await server.close();
      }
      const unreachable = [MAIN, "drift", "--agent", "127.0.0.1:1"];
      const { status, stderr } = spawnSync("bun", unreachable, { encoding: "utf8" });
      assert.equal(status, 3);
      assert.match(stderr, /127\.0\.0\.1:1/);
    });
  });
});
