// The connection agent exposes every metric of the document, with types, labels and all buckets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ChildProgram } from "../system/child-program.ts";
import { RESOURCES, System } from "../system/system.ts";
import { assertExposed } from "./exposed.ts";
import { readMetricTables } from "./metric-tables.ts";
import { parseExposition } from "./scrape.ts";

const WAIT_MS = 20_000;

test(
  "13.17 the connection agent exposes every metric of the document, with all buckets",
  { timeout: 120_000 },
  async () => {
    await System.with(async (system) => {
      const client = await system.client();
      const place = ["--node", "a", "--host-ip", "192.0.2.1", "--fabric", "log", "--http", "127.0.0.1:0"];
      const args = ["run", ...place, "--kubeconfig", system.kubeconfig, "--allowed-programs", "/bin/echo"];
      const agent = ChildProgram.source("ovs-agent", args);
      try {
        const [, url = ""] = await agent.see(/"url":"(http:[^"]+)"/);
        const create = async (
          name: string,
          node: string,
          status: Readonly<Record<string, string | number>>,
        ): Promise<void> => {
          const metadata = { name, namespace: "default" };
          const spec = { node, subnet: "s", postCreateExec: ["/bin/echo", "${mac}"] };
          const kind = { apiVersion: "network.coracle.dev/v1alpha1", kind: "NetworkAttachment" };
          await client.create(RESOURCES.attachments, { ...kind, metadata, spec });
          await client.patch(
            RESOURCES.attachments,
            { ...metadata, subresource: "status" },
            { status },
            { type: "merge" },
          );
        };
        await create("local", "a", { addressVNI: 1, ipv4: "10.0.0.1" });
        const deadline = Date.now() + WAIT_MS;
        const until = async (pattern: RegExp): Promise<void> => {
          while (!pattern.test(await (await fetch(`${url}/metrics`)).text())) {
            assert.ok(Date.now() < deadline, `no ${pattern.source}`);
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        };
        await until(/exec_status_count\{[^}]*\} 1/);
        // Made after the local one, so that the remote one's own write is the last relevant one.
        await create("remote", "b", { addressVNI: 1, ipv4: "10.0.0.2", hostIP: "192.0.2.2" });
        await until(/impl_to_remote_ifc_latency_seconds_count\{[^}]*\} 1/);
        const { mapped, types } = readMetricTables();
        assert.equal(
          await assertExposed("ovs-agent", url),
          mapped.filter(({ binary }) => binary === "ovs-agent").length,
        );
        const scraped = parseExposition(await (await fetch(`${url}/metrics`)).text());
        for (const [name, { type }] of scraped) assert.equal(types.get(name), type, `docs/metrics.md on ${name}`);
      } finally {
        await agent.end();
      }
    });
  },
);
