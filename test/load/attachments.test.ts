// `coracle-load attachments` as a program, against our API server and a stand-in for controller and agents.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ChildProgram } from "../system/child-program.ts";
import { RESOURCES, System } from "../system/system.ts";
import { standInController, type StandInOptions } from "./stand-in-controller.ts";

const SMALL = ["--num-nets", "3", "--top-net-size", "12", "--num-attachments", "30", "--rate", "20", "--threads", "4"];
const TIMEOUT = { timeout: 120_000 };

interface Result {
  readonly run: { readonly seed: number; readonly runId: string; readonly nodes: readonly string[] };
  readonly verdict: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: Readonly<Record<string, number>>;
  readonly firstFindings: readonly { readonly message: string }[];
  readonly latencies: Readonly<Record<string, { readonly count: number; readonly p50: number; readonly max: number }>>;
  readonly locksLeft: number;
}

interface Loaded {
  readonly code: number;
  readonly child: ChildProgram;
  readonly system: System;
  readonly result: () => Promise<Result>;
  readonly left: () => Promise<{
    readonly namespaces: readonly string[];
    readonly subnets: number;
    readonly attachments: number;
  }>;
}

/** Runs the program to its end and then `body`; `during` runs meanwhile. */
async function withLoad(
  args: readonly string[],
  body: (loaded: Loaded) => Promise<void>,
  options: StandInOptions & {
    /** Node objects to make, by name, with the value of their label `role`; without them nodes are named by flag. */
    readonly nodeRoles?: Readonly<Record<string, string>>;
    readonly during?: (child: ChildProgram, url: string) => Promise<void>;
  } = {},
): Promise<void> {
  await System.with(async (system) => {
    const client = await system.client();
    const ending = new AbortController();
    const controller = standInController(client, ending.signal, options);
    const json = join(system.folder, "result.json");
    for (const [name, role] of Object.entries(options.nodeRoles ?? {})) {
      const node = { apiVersion: "v1", kind: "Node", metadata: { name, labels: { role } } };
      await client.create({ group: "", version: "v1", resource: "nodes" }, node);
    }
    const nodes = options.nodeRoles === undefined ? ["--nodes", "n1,n2"] : [];
    const common = ["--kubeconfig", system.kubeconfig, ...nodes, "--http", "127.0.0.1:0", "--json", json];
    const child = ChildProgram.source("load", ["attachments", ...common, "--log-level", "info", ...args]);
    try {
      const [, url = ""] = options.during === undefined ? [] : await child.see(/"url":"(http:[^"]+)"/);
      await options.during?.(child, url);
      const code = await child.exited;
      await body({
        code,
        child,
        system,
        result: async () => JSON.parse(await readFile(json, "utf8")) as Result,
        left: async () => ({
          namespaces: (await client.list(RESOURCES.namespaces)).items.map(({ metadata }) => metadata.name ?? ""),
          subnets: (await client.list({ ...RESOURCES.attachments, resource: "subnets" })).items.length,
          attachments: (await client.list(RESOURCES.attachments)).items.length,
        }),
      });
    } finally {
      await child.end();
      ending.abort();
      await controller;
    }
  });
}

async function assertRemoved({ left }: Loaded, runId: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const { namespaces, subnets, attachments } = await left();
    assert.deepEqual([subnets, attachments], [0, 0]);
    if (!namespaces.includes(runId)) return;
    assert.ok(attempt < 100, `the namespace ${runId} does not go`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("a run makes, measures and removes everything, and writes what it was asked for", TIMEOUT, async () => {
  await withLoad(
    [...SMALL, "--runid", "first", "--seed", "5", "--test-program", "/bin/agent", "--pending-wait", "2s"],
    async (loaded) => {
      const { verdict, counts, latencies, run, locksLeft } = await loaded.result();
      assert.equal(loaded.code, 0, loaded.child.stdout + loaded.child.stderr);
      assert.deepEqual([verdict, run.seed, run.runId, locksLeft], ["good", 5, "first", 0]);
      assert.deepEqual([counts["created"], counts["deleted"]], [30, 30]);
      // On a busy machine some are replaced before they are ready.
      const ready = counts["ready"] ?? 0;
      assert.ok(ready > 10 && ready + (counts["unready"] ?? 0) >= 30, JSON.stringify(counts));
      assert.ok((counts["testsPassed"] ?? 0) > 0);
      for (const name of ["create", "delete"]) assert.equal(latencies[name]?.count, 30, name);
      for (const name of ["createToReady", "serverCreateToReady", "serverAddressedToReady"]) {
        assert.equal(latencies[name]?.count, ready, name);
      }
      // The server's own times are of one clock: none is negative, and the parts are below the whole.
      const parts = (latencies["serverCreateToAddressed"]?.p50 ?? 0) + (latencies["serverAddressedToReady"]?.p50 ?? 0);
      assert.ok(parts > 0 && parts < 2 * (latencies["serverCreateToReady"]?.max ?? 0), String(parts));
      assert.match(loaded.child.stdout, /create → ready +\d+/);
      assert.match(loaded.child.stdout, /verdict: good/);
      await assertRemoved(loaded, "first");
    },
  );
});

test("two owners of one address end in an exit code of their own", TIMEOUT, async () => {
  await withLoad(
    [...SMALL, "--runid", "cheat"],
    async (loaded) => {
      const { verdict, findings, firstFindings } = await loaded.result();
      assert.deepEqual([loaded.code, verdict], [3, "faulty"]);
      assert.ok((findings["duplicate-address"] ?? 0) > 0);
      assert.match(firstFindings[0]?.message ?? "", /belongs to .* and .* at one time/);
      await assertRemoved(loaded, "cheat");
    },
    { oneAddress: true },
  );
});

test("a broken attachment ends the run early", TIMEOUT, async () => {
  await withLoad(
    [...SMALL, "--runid", "broken", "--num-attachments", "2000"],
    async (loaded) => {
      const { verdict, counts, firstFindings } = await loaded.result();
      assert.deepEqual([loaded.code, verdict], [3, "faulty"]);
      assert.ok((counts["created"] ?? 0) < 100);
      assert.match(firstFindings[0]?.message ?? "", /host: it does not work/);
      await assertRemoved(loaded, "broken");
    },
    { breaks: /5$/ },
  );
});

test(
  "the first signal stops and removes everything; metrics, state and the folder tell of the run",
  TIMEOUT,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "coracle-load-"));
    const output = join(folder, "out");
    let metrics = "";
    let state: unknown;
    const during = async (child: ChildProgram, url: string): Promise<void> => {
      while (!/successful_creates\{[^}]+\} [1-9]/.test(metrics)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        metrics = await (await fetch(`${url}/metrics`)).text();
      }
      state = await (await fetch(`${url}/run`)).json();
      child.process.kill("SIGINT");
    };
    const check = async (loaded: Loaded): Promise<void> => {
      const { verdict } = await loaded.result();
      assert.deepEqual([loaded.code, verdict], [130, "interrupted"], loaded.child.stderr);
      assert.match(
        metrics,
        /^coracle_driver_attachment_create_latency_seconds_bucket\{le="0.0625",runID="cut"\} \d+$/m,
      );
      assert.equal((state as { runId: string }).runId, "cut");
      await assertRemoved(loaded, "cut");
    };
    try {
      const args = [...SMALL, "--runid", "cut", "--num-attachments", "5000", "--output", output, "--dump-ops-times"];
      await withLoad(args, check, { during });
      const file = (name: string): Promise<string> => readFile(join(output, name), "utf8");
      assert.equal(await file("size-distribution.csv"), "network,size\n1,12\n2,6\n3,4\n");
      assert.equal(await file("size-distribution-outline.csv"), "first,last,size\n1,1,12\n2,2,6\n3,3,4\n");
      assert.match(await file("driver.metrics"), /coracle_driver_successful_deletes/);
      assert.equal((await file("attachments-ops-times.csv")).trim().split("\n").length, 1 + 2 * 5000);
      assert.match(await file("result.json"), /"verdict": "interrupted"/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

test("subnets that nobody validates end in an exit code of their own, and nothing is left", TIMEOUT, async () => {
  await withLoad(
    [...SMALL, "--runid", "alone", "--validate-within", "1s"],
    async (loaded) => {
      assert.equal(loaded.code, 8);
      assert.match(loaded.child.stderr, /0 of 6 subnets are validated after 1000 ms/);
      await assertRemoved(loaded, "alone");
    },
    { ignoresSubnets: true },
  );
});

test("nodes are those with the label when none is named", TIMEOUT, async () => {
  await withLoad(
    [...SMALL, "--runid", "placed", "--node-label-selector", "role=data", "--round-robin"],
    async (loaded) => {
      const { run, counts } = await loaded.result();
      assert.equal(loaded.code, 0, loaded.child.stderr);
      assert.deepEqual([run.nodes, counts["deleted"]], [["x1", "x3"], 30]);
    },
    { nodeRoles: { x3: "data", x2: "control", x1: "data" } },
  );
});

test("an estimate needs no server", TIMEOUT, async () => {
  const child = ChildProgram.source("load", ["attachments", "--estimate"]);
  try {
    assert.equal(await child.exited, 0, child.stderr);
    assert.match(child.stdout, /1 +100 +172\.24\.0\.0\/26 and 172\.24\.0\.64\/26/);
    assert.match(child.stdout, /10 networks, 20 subnets, 296 slots/);
  } finally {
    await child.end();
  }
});
