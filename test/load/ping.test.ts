// The load driver with real ping tests: Open vSwitch, interfaces in network namespaces, pings between them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { laboratorySupport } from "@coracle/lab/io";
import { withOvs } from "../../packages/ovsdb/src/io/testing/private-ovs.ts";
import { ChildProgram } from "../system/child-program.ts";
import { System } from "../system/system.ts";

const NAME = "pings of the load driver";
const packages = join(import.meta.dirname, "../../packages");
/** A few networks of which each has peers; every attachment behind the first of its network is pinged from. */
const RUN = [
  "--num-nets",
  "2",
  "--top-net-size",
  "4",
  "--num-attachments",
  "10",
  "--rate",
  "1",
  "--test-fraction",
  "1",
];

test(
  "attachments of a run ping each other, and their namespaces are gone at the end",
  { timeout: 240_000 },
  async () => {
    const missing = await whatIsMissing();
    if (missing !== undefined) {
      process.stdout.write(`did not run: ${NAME}: ${missing}\n`);
      return;
    }
    const runId = `cora${process.pid.toString(36)}`;
    await withOvs(NAME, async (ovs) => {
      await System.with(async (system) => {
        const tester = join(system.folder, "coracle-ovs-agent");
        await writeFile(tester, `#!/bin/sh\nexec bun ${join(packages, "ovs-agent/src/main.ts")} "$@"\n`);
        await chmod(tester, 0o755);
        const place = ["--kubeconfig", system.kubeconfig, "--http", "127.0.0.1:0"];
        const switchOf = ["--fabric", "ovs", "--datapath-type", "netdev", "--ovs-run-dir", ovs.folder];
        const own = ["--node", "n1", "--host-ip", "127.0.0.1", "--allowed-programs", tester];
        const programs = [
          ChildProgram.source("ipam", place),
          ChildProgram.source("ovs-agent", ["run", ...switchOf, ...own, ...place]),
        ];
        const json = join(system.folder, "result.json");
        try {
          for (const program of programs) await program.see(/"message":"Ready"/, 60_000);
          const load = [
            "--nodes",
            "n1",
            "--runid",
            runId,
            "--test-program",
            tester,
            "--json",
            json,
            "--ready-within",
            "60s",
          ];
          const child = ChildProgram.source("load", ["attachments", ...place, ...RUN, ...load]);
          programs.push(child);
          assert.equal(await child.exited, 0, `${child.stdout}${child.stderr}\n${programs[1]?.stderr ?? ""}`);
          const { counts, latencies } = JSON.parse(await readFile(json, "utf8")) as {
            readonly counts: Readonly<Record<string, number>>;
            readonly latencies: Readonly<Record<string, { readonly count: number }>>;
          };
          // One that is replaced before its test ends reports none.
          assert.equal(counts["testsFailed"], 0);
          assert.ok((counts["testsPassed"] ?? 0) >= 6, JSON.stringify(counts));
          assert.ok((latencies["createToTested"]?.count ?? 0) >= 3, "most attachments ping a peer");
          await namespacesGone(runId);
        } finally {
          await Promise.all(programs.map((program) => program.end()));
          for (const name of namespacesOf(runId)) spawnSync("ip", ["netns", "delete", name]);
        }
      });
    });
  },
);

async function whatIsMissing(): Promise<string | undefined> {
  const support = await laboratorySupport();
  return support.kind === "missing" ? `${support.reason}; ${support.remedy}` : undefined;
}

function namespacesOf(runId: string): readonly string[] {
  const list = spawnSync("ip", ["-json", "netns", "list"], { encoding: "utf8" });
  const names = list.stdout.trim() === "" ? [] : (JSON.parse(list.stdout) as { readonly name: string }[]);
  return names.map(({ name }) => name).filter((name) => name.startsWith(`${runId}-`));
}

/** The agent runs the last post-delete commands when the attachments are gone already. */
async function namespacesGone(runId: string): Promise<void> {
  for (let attempt = 0; namespacesOf(runId).length > 0; attempt++) {
    assert.ok(attempt < 100, `network namespaces are left: ${namespacesOf(runId).join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
