// `coracle-ovs-agent run` as a program: readiness, its HTTP resources, every metric, the node's lock, a quiet end.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { until, withBench } from "./agent-bench.ts";

const MAIN = join(import.meta.dirname, "../src/main.ts");

/** A running agent. */
class AgentProgram {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  #output = "";
  #hasEnded = false;

  constructor(args: readonly string[]) {
    this.process = spawn("bun", [MAIN, "run", ...args, "--http", "127.0.0.1:0"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.exited = new Promise((resolve) => {
      // The code comes with the event: on Deno it is not yet in the process then.
      this.process.once("exit", (code) => {
        this.#hasEnded = true;
        resolve(code);
      });
    });
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#output = (this.#output + text).slice(-1_000_000);
    });
  }

  get output(): string {
    return this.#output;
  }

  /** The URL it serves at. */
  async url(): Promise<string> {
    let url: string | undefined;
    await until("the agent serves", () => {
      url = /"url":"(http:[^"]+)"/.exec(this.#output)?.[1];
      assert.ok(!this.#hasEnded, this.#output);
      return url !== undefined;
    });
    return url ?? "";
  }

  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    // Not by the child's own method: Deno tells the signal sent by it as how the child ended.
    if (!this.#hasEnded && this.process.pid !== undefined) process.kill(this.process.pid, signal);
    return this.exited;
  }
}

test("the agent serves its state, holds its node's lock, and leaves on SIGTERM", { timeout: 120_000 }, async () => {
  await withBench(async (bench) => {
    const folder = await mkdtemp(join(tmpdir(), "coracle-agent-lock-"));
    const place = ["--kubeconfig", bench.kubeconfig, "--node", "node-a", "--host-ip", "192.0.2.1", "--fabric", "log"];
    const args = [...place, "--node-lock", join(folder, "lock")];
    const agent = new AgentProgram(args);
    try {
      const url = await agent.url();
      const read = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();
      await until("it is ready", async () => (await fetch(`${url}/readyz`)).status === 200);
      assert.match(await read("/readyz?verbose"), /\[\+\]watches ok/);
      assert.match(await read("/readyz?verbose"), /\[\+\]fabric ok/);
      await bench.create("a");
      const hostIP = "192.0.2.2";
      await bench.create("r", { spec: { node: "node-b" }, address: { addressVNI: 1, ipv4: "10.0.0.2", hostIP } });
      await bench.see("a", ({ status }) => (status?.ifcName ?? "") !== "");
      await until("the remote one is there", async () => /"remoteCount":1/.test(await read("/fabric")));
      const { attachments } = JSON.parse(await read("/attachments")) as { attachments: Record<string, unknown>[] };
      assert.deepEqual(
        attachments.map(({ attachment, vni, ipv4, kind }) => ({ attachment, vni, ipv4, kind })),
        [{ attachment: "default/a", vni: 1, ipv4: "10.0.0.1", kind: "implemented" }],
      );
      assert.deepEqual(JSON.parse(await read("/vnis")), [
        { vni: 1, namespace: "default", locals: 1, waiting: 0, isSynced: true },
      ]);
      const second = new AgentProgram(args);
      try {
        assert.equal(await second.exited, 1);
        assert.match(second.output, /another agent \(pid \d+\) holds/);
      } finally {
        await second.end();
      }
      assert.equal(await agent.end("SIGTERM"), 0);
    } finally {
      await agent.end();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test("bad flags are one line and exit code 2; the commands of the ping test have codes of their own", () => {
  const run = (...args: string[]): { status: number | null; text: string } => {
    const { status, stdout, stderr } = spawnSync("bun", [MAIN, ...args], { encoding: "utf8" });
    return { status, text: stdout + stderr };
  };
  const cases: readonly [args: readonly string[], status: number, text: RegExp][] = [
    [["run", "--node", "a"], 2, /--host-ip/],
    [["run", "--node", "a", "--host-ip", "fd00::1"], 2, /tunnels run over IPv4 alone/],
    [["run", "--node", "a", "--host-ip", "10.0.0"], 2, /is not an IPv4 address/],
    [
      ["run", "--node", "a", "--host-ip", "10.0.0.1", "--allowed-programs", "/a,b/c"],
      2,
      /"b\/c" is not an absolute path/,
    ],
    [["run", "--node", "a", "--host-ip", "10.0.0.1", "--ovs-run-dir", "/nonexistent"], 2, /--node-lock/],
    [["test-by-ping"], 1, /0 arguments/],
    [["test-by-ping", "x", "../y", "10.0.0.1/24"], 1, /no network namespace/],
    [["test-by-ping", "x", "y", "10.0.0.1"], 1, /prefix length/],
    [["test-by-ping", "x", "y", "10.0.0.1/24", "10.0.0.2", "10001"], 1, /Usage/],
    [["test-by-ping", "x", "y", "10.0.0.1/24", "peer"], 1, /not an IPv4 address/],
    [["remove-netns"], 1, /name one/],
    [["test-by-ping", "--help"], 0, /Exit status/],
  ];
  for (const [args, status, text] of cases) {
    const ran = run(...args);
    assert.equal(ran.status, status, `${args.join(" ")}: ${ran.text}`);
    assert.match(ran.text, text);
  }
});
