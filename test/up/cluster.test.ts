// `coracle up` with its DTLS cluster: devices are served while their addresses change, routers and heartbeats may be killed, secrets stay secret.
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { ChildProgram } from "../system/child-program.ts";
import { isRunning, MAIN, Up } from "./running-up.ts";

const TEST_TIMEOUT_MS = 180_000;
const WAIT_MS = 60_000;
const CLUSTER_CHILDREN = [
  ...[1, 2, 3].map((id) => `dtls-router-${id}`),
  ...[1, 2, 3].map((id) => `heartbeat-${id}`),
  "balancer",
  "devices",
];

interface ClusterEvent {
  readonly routers: readonly {
    readonly router: number;
    readonly served: number;
    readonly forwarded: number;
    readonly backwarded: number;
    readonly handshakes: number;
  }[];
  readonly membersAlive: number;
  readonly connected: number;
  readonly answered: number;
  readonly addressChanges: number;
  readonly recordsDropped: Readonly<Record<string, number>>;
  readonly lost: number;
}

interface SystemEvent {
  readonly children: readonly { readonly name: string; readonly restarts: number }[];
  readonly commands: readonly string[];
}

/** The newest line about `event` for which `accept` holds; waits for it. */
async function seeEvent<T>(running: ChildProgram, event: string, accept: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + WAIT_MS;
  for (let fromMs = 0; Date.now() < deadline; fromMs = Date.now()) {
    const lines = running.stdout
      .split("\n")
      .filter((line) => line.includes(`"event":"${event}"`) && line.endsWith("}"));
    const last = lines.at(-1);
    const value: T | undefined = last === undefined ? undefined : JSON.parse(last);
    if (value !== undefined && accept(value)) return value;
    assert.ok(!running.hasEnded, running.stderr);
    await new Promise((resolve) => setTimeout(resolve, fromMs === 0 ? 10 : 200));
  }
  throw new Error(`Cannot see an accepted "${event}": output is\n${running.stdout}\n${running.stderr}`);
}

const seeCluster = (running: ChildProgram, accept: (value: ClusterEvent) => boolean): Promise<ClusterEvent> =>
  seeEvent(running, "cluster", accept);

const sum = (event: ClusterEvent, name: "served" | "forwarded" | "backwarded" | "handshakes"): number =>
  event.routers.reduce((total, router) => total + router[name], 0);

/** Starts `up` with quick changes of addresses and waits until all its parts are ready. */
function startCluster(up: Up, ...flags: string[]): Promise<ChildProgram> {
  return startClusterBy(["bun", MAIN], up, ...flags);
}

async function startClusterBy(command: readonly string[], up: Up, ...flags: string[]): Promise<ChildProgram> {
  const running = up.startWith(command, "--fabric", "log", "--no-sample", "--rebind-every", "1s", ...flags);
  for (const name of CLUSTER_CHILDREN) await running.see(new RegExp(`"message":"${name} is ready"`), WAIT_MS);
  await running.see(/"message":"all \d+ devices are connected"/, WAIT_MS);
  return running;
}

async function fetchJson(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

test(
  "devices are served by whichever router has their session, and nothing is lost while addresses change",
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await Up.with(async (up) => {
      const running = await startCluster(up);
      const seen = await seeCluster(running, (event) => event.addressChanges >= 80 && sum(event, "backwarded") >= 20);
      assert.equal(seen.lost, 0, JSON.stringify(seen));
      assert.deepEqual(seen.recordsDropped, {});
      assert.equal(seen.connected, 40);
      assert.equal(seen.membersAlive, 3);
      assert.equal(sum(seen, "handshakes"), 40);
      assert.ok(sum(seen, "served") >= seen.answered, JSON.stringify(seen));
      assert.ok(seen.answered > 0 && sum(seen, "forwarded") > 0, JSON.stringify(seen));

      const { commands } = await seeEvent<SystemEvent>(running, "system", () => true);
      const hinted = commands.flatMap((command) => /^curl -s '?(http:[^' ]+)'?$/.exec(command)?.[1] ?? []);
      for (const path of ["/nodes", "/readyz?verbose", "/cid/02"]) {
        assert.ok(
          hinted.some((url) => url.includes(path)),
          `${path} in ${commands.join("\n")}`,
        );
      }
      for (const url of hinted) assert.equal((await fetch(url)).status, 200, url);
      const cid = hinted.find((url) => url.includes("/cid/")) ?? "";
      assert.match(
        JSON.stringify(await fetchJson(cid)),
        /"owner":"member".*names node 2: records with it are forwarded/,
      );
      const rebind =
        commands
          .find((command) => command.includes("/rebind"))
          ?.split(" ")
          .at(-1) ?? "";
      assert.deepEqual(await (await fetch(rebind, { method: "POST" })).json(), { moved: 40 });

      const pids = await up.childPids();
      assert.equal(pids.length, 13);
      assert.equal(await running.end("SIGINT"), 0);
      assert.match(running.stdout, /stopped: 13 processes drained in .* s, data kept in/);
      for (const pid of pids) assert.equal(await isRunning(pid), false, `${pid} still runs`);
    });
  },
);

test(
  "a killed router and a killed heartbeat are shown, come back, and the devices connect anew",
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await Up.with(async (up) => {
      const running = await startCluster(up, "--devices", "12");
      const children = await up.children();
      process.kill(children.get("heartbeat-3") ?? 0, "SIGKILL");
      process.kill(children.get("dtls-router-2") ?? 0, "SIGKILL");
      await running.see(/"message":"heartbeat-3 ended with 128; again in/, WAIT_MS);
      await running.see(/"message":"dtls-router-2 ended with 128; again in/, WAIT_MS);
      const back = /"message":"dtls-router-2 is ready"[^]*"message":"dtls-router-2 is ready"/;
      await running.see(back, WAIT_MS);
      await running.see(/"message":"heartbeat-3 is ready"[^]*"message":"heartbeat-3 is ready"/, WAIT_MS);
      // The records of its sessions have no owner until the devices give up and connect anew: that is a loss, and shown.
      const after = await seeCluster(running, (event) => event.lost > 0 && sum(event, "handshakes") > 12);
      const { answered } = after;
      const served = await seeCluster(running, (event) => event.connected === 12 && event.answered >= answered + 12);
      assert.equal(served.membersAlive, 3, JSON.stringify(served));
      await seeEvent<SystemEvent>(running, "system", (event) =>
        event.children.some(({ name, restarts }) => name === "dtls-router-2" && restarts === 1),
      );
      assert.equal(await running.end("SIGTERM"), 0);
    });
  },
);

test(
  "keys are for their owner alone, the secret is on no command line, and both are new each time",
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await Up.with(async (up) => {
      const seenKeys: string[] = [];
      const seenSecrets: string[] = [];
      for (let round = 0; round < 2; round++) {
        const running = await startClusterBy(["env", "CORACLE_REBIND_EVERY=2s", "bun", MAIN], up, "--devices", "2");
        const path = join(up.data, "devices.psk");
        assert.equal((await stat(path)).mode & 0o777, 0o600);
        assert.equal((await stat(up.data)).mode & 0o777, 0o700);
        seenKeys.push(await readFile(path, "utf8"));
        for (const [name, pid] of await up.children()) {
          const [environment, commandLine] = await Promise.all(
            ["environ", "cmdline"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8")),
          );
          const secret = /DTLS_CID_MGMT_SECRET_BASE64=([^\0]+)/.exec(environment ?? "")?.[1];
          // A flag of `up` by variable; the balancer and the devices have a flag of that name, too.
          assert.ok(!(environment ?? "").includes("CORACLE_REBIND_EVERY"), `${name}'s environment`);
          assert.equal(secret !== undefined, /^(dtls-router|heartbeat)-/.test(name), `${name}'s environment`);
          if (secret === undefined) continue;
          seenSecrets.push(secret);
          assert.ok(!(commandLine ?? "").includes(secret), `${name}'s command line`);
          for (const key of (seenKeys.at(-1) ?? "").split("\n")) {
            const [, value = ""] = /^device-\d+=(.+)$/.exec(key) ?? [];
            assert.ok(value === "" || !(commandLine ?? "").includes(value), `${name}'s command line`);
          }
        }
        const logs = await Promise.all(
          CLUSTER_CHILDREN.map((name) => readFile(join(up.data, "logs", `${name}.log`), "utf8").catch(() => "")),
        );
        for (const secret of seenSecrets) assert.ok(!logs.join("").includes(secret), "a secret is in a log");
        assert.equal(await running.end("SIGINT"), 0);
      }
      assert.equal(new Set(seenKeys).size, 2);
      assert.equal(new Set(seenSecrets).size, 2);
    });
  },
);

test("up and all its children run on Deno as well", { timeout: TEST_TIMEOUT_MS }, async () => {
  await Up.with(async (up) => {
    const deno = join(import.meta.dirname, "../../node_modules/.bin/deno");
    const running = await startClusterBy([deno, "run", "--allow-all", MAIN], up, "--devices", "8");
    const seen = await seeCluster(running, (event) => event.addressChanges >= 8 && sum(event, "backwarded") >= 2);
    assert.equal(seen.lost, 0, JSON.stringify(seen));
    const pids = await up.childPids();
    assert.equal(pids.length, 13);
    // The program of this name is a wrapper, which passes no signal on.
    process.kill(await up.pid(), "SIGINT");
    assert.equal(await running.exited, 0);
    for (const pid of pids) assert.equal(await isRunning(pid), false, `${pid} still runs`);
  });
});

test("ports that the cluster cannot have are told before anything starts", { timeout: TEST_TIMEOUT_MS }, async () => {
  await Up.with(async (up) => {
    const beyond = up.startWith(["bun", MAIN], "--cluster-http", "127.0.0.1:65530");
    assert.equal(await beyond.exited, 2);
    assert.match(beyond.stderr, /^--cluster-http: 8 programs would need ports up to 65537; the last is 65535\n$/);
    const [port = 0] = up.ports;
    const twice = up.startWith(["bun", MAIN], "--cluster-http", `127.0.0.1:${port}`);
    assert.equal(await twice.exited, 2);
    assert.match(twice.stderr, /^coracle up: --cluster-http: .* is given to --listen already\n$/);
  });
});
