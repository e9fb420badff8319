// Three heartbeats as real processes in each mode, one killed; one in the cluster of a router; stream, hook, file of nodes.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { type ClusterProgram, freeUdpPort, startProgram } from "./testing/cluster-program.ts";

const folder = mkdtempSync(join(tmpdir(), "coracle-heartbeat-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Nodes {
  readonly self: {
    readonly nodeId: number;
    readonly ready: boolean;
    readonly mode: string;
    readonly notReady: string | null;
  };
  readonly nodes: readonly { readonly nodeId: number; readonly liveness: string; readonly address: string }[];
}

function secretEnv(): Record<string, string> {
  return { DTLS_CID_MGMT_IDENTITY: "nodes", DTLS_CID_MGMT_SECRET_BASE64: randomBytes(32).toString("base64") };
}

async function nodesOf(program: ClusterProgram): Promise<Nodes> {
  return (await program.json("/nodes")) as Nodes;
}

function liveness({ nodes }: Nodes): Record<number, string> {
  return Object.fromEntries(nodes.map((node) => [node.nodeId, node.liveness]));
}

async function allReady(programs: readonly ClusterProgram[]): Promise<void> {
  const ready = async (): Promise<boolean> =>
    (await Promise.all(programs.map((program) => program.isReady()))).every(Boolean);
  await eventually(ready, "all ready", 30_000);
}

/** Its own resources are served. */
async function isUp(program: ClusterProgram): Promise<void> {
  await eventually(async () => (await fetch(`${program.url}/nodes`)).status === 200, "it is set up", 20_000);
}

async function endAll(programs: readonly ClusterProgram[]): Promise<void> {
  await Promise.all(programs.map((program) => program.end()));
}

const modes = [
  { mode: "plain", flags: [], isSecret: false },
  { mode: "dtls", flags: ["--cluster-security", "dtls"], isSecret: true },
  { mode: "dtls-mac", flags: [], isSecret: true },
] as const;

for (const { mode, flags, isSecret } of modes) {
  describe(`three heartbeats in mode ${mode}`, () => {
    it("find each other, and one that is killed expires and comes back", { timeout: 120_000 }, async () => {
      const env = isSecret ? secretEnv() : {};
      const ports = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
      const peers = ports.map((port) => `127.0.0.1:${port}`).join(",");
      const start = (index: number): Promise<ClusterProgram> => {
        const place = ["--listen", `127.0.0.1:${ports[index] ?? 0}`, "--node-id", String(index + 1)];
        return startProgram("heartbeat", [...place, "--peers", peers, ...flags], env);
      };
      const programs = await Promise.all([start(0), start(1), start(2)]);
      const ending = new AbortController();
      try {
        await allReady(programs);
        const [first, , third] = programs;
        assert.ok(first !== undefined && third !== undefined);
        const document = await nodesOf(first);
        assert.deepEqual(document.self, { nodeId: 1, ready: true, mode, notReady: null });
        assert.deepEqual(
          document.nodes.map(({ address }) => address),
          [`127.0.0.1:${ports[1]}`, `127.0.0.1:${ports[2]}`],
        );
        const stream = await fetch(`${first.url}/nodes/events`, { signal: ending.signal });
        await third.end("SIGKILL");
        const isDead = async (): Promise<boolean> => liveness(await nodesOf(first))[3] === "dead";
        await eventually(isDead, "the killed node is dead", 30_000);
        // Two of three still are a quorum.
        assert.equal(await first.isReady(), true);
        programs[2] = await start(2);
        await allReady(programs);
        const isBack = async (): Promise<boolean> => liveness(await nodesOf(first))[3] === "alive";
        await eventually(isBack, "it is alive again", 30_000);
        // What happened in this order, and between changes a comment.
        const story = /^event: nodes\n[^]*event: suspect\n[^]*event: dead\n[^]*event: returned\n/;
        await readUntil(stream, (seen) => story.test(seen) && seen.includes("\n: still here\n\n"));
      } finally {
        ending.abort();
        await endAll(programs);
      }
    });
  });
}

describe("a heartbeat", () => {
  for (const { mode, flags, isSecret } of modes) {
    it(`joins the cluster of a router in mode ${mode}`, { timeout: 60_000 }, async () => {
      const env = isSecret ? secretEnv() : {};
      const [one, two] = [await freeUdpPort(), await freeUdpPort()];
      const pskFile = join(folder, "psk.txt");
      writeFileSync(pskFile, `device=${randomBytes(16).toString("base64")}\n`, { mode: 0o600 });
      const peers = ["--peers", `127.0.0.1:${one},127.0.0.1:${two}`, ...flags];
      const own = ["--listen", "127.0.0.1:0", "--psk-file", pskFile, "--node-id", "1"];
      const router = startProgram("dtls-router", [...own, "--cluster-listen", `127.0.0.1:${one}`, ...peers], env);
      const heartbeat = startProgram("heartbeat", ["--node-id", "2", "--listen", `127.0.0.1:${two}`, ...peers], env);
      const programs = await Promise.all([router, heartbeat]);
      try {
        await allReady(programs);
        const documents = await Promise.all(programs.map(nodesOf));
        assert.deepEqual(documents.map(liveness), [{ 2: "alive" }, { 1: "alive" }]);
        assert.deepEqual(
          documents.map(({ self }) => self),
          [1, 2].map((nodeId) => ({ nodeId, ready: true, mode, notReady: null })),
        );
      } finally {
        await endAll(programs);
      }
    });
  }

  it("is not ready alone with a list of one other, and finds it", { timeout: 60_000 }, async () => {
    const [one, two] = [await freeUdpPort(), await freeUdpPort()];
    const start = (id: string, own: number, other: number): Promise<ClusterProgram> =>
      startProgram("heartbeat", ["--node-id", id, "--listen", `127.0.0.1:${own}`, "--peers", `127.0.0.1:${other}`]);
    const programs = [await start("1", one, two)];
    try {
      const [first] = programs;
      assert.ok(first !== undefined);
      await isUp(first);
      assert.equal((await nodesOf(first)).self.notReady, "the cluster has not formed: 1 of 2 nodes have been heard of");
      programs.push(await start("2", two, one));
      await allReady(programs);
      // It forwards nothing: frames for clients end here, and are counted.
      await sendTo(
        one,
        [63, 62].map((type) => Uint8Array.of(type, 0, 80, 4, 127, 0, 0, 1, ...new Uint8Array(40))),
      );
      const frames = /coracle_cluster_management_total\{event="unknown-datagram"\} 2\n/;
      const metrics = async (): Promise<string> => (await fetch(`${first.url}/metrics`)).text();
      await eventually(async () => frames.test(await metrics()), "both frames are counted");
    } finally {
      await endAll(programs);
    }
  });

  it("streams changes and tells a program, as nodes of a changed file join", { timeout: 60_000 }, async () => {
    const [one, two] = [await freeUdpPort(), await freeUdpPort()];
    const list = join(folder, "nodes.txt");
    const told = join(folder, "told.txt");
    const hook = join(folder, "hook.sh");
    writeFileSync(list, `127.0.0.1:${one}\n`);
    writeFileSync(told, "");
    writeFileSync(hook, `#!/bin/sh\ncat >> "$1"\nenv | grep -c DTLS_CID >> "$1"\n`);
    chmodSync(hook, 0o755);
    const common = ["--peers-file", list, "--nodes-expected", "2"];
    const env = secretEnv();
    const telling = ["--on-change", hook, "--on-change-arg", told, "--event-clients-max", "1"];
    const place = ["--node-id", "1", "--listen", `127.0.0.1:${one}`];
    const first = await startProgram("heartbeat", [...place, ...common, ...telling], env);
    const programs = [first];
    const ending = new AbortController();
    try {
      assert.equal((await fetch(`${first.url}/readyz`)).status, 500);
      await isUp(first);
      assert.match((await nodesOf(first)).self.notReady ?? "", /has not formed: 1 of 2 nodes have been heard of/);
      const stream = await fetch(`${first.url}/nodes/events`, { signal: ending.signal });
      assert.equal((await fetch(`${first.url}/nodes/events`)).status, 503);
      // A list that cannot be read changes nothing.
      writeFileSync(list, "127.0.0.1:no-port\n");
      await eventually(() => first.log.some((line) => line.includes("List of nodes refused")), "it is refused", 20_000);
      const other = ["--node-id", "2", "--listen", `127.0.0.1:${two}`, ...common];
      writeFileSync(list, `127.0.0.1:${one}\n127.0.0.1:${two}\n`);
      programs.push(await startProgram("heartbeat", other, env));
      const seen = await readUntil(stream, (text) => text.includes("event: ready"));
      assert.match(seen, /^event: nodes\ndata: \{"self":\{"nodeId":1,"ready":false,"mode":"dtls-mac",/);
      assert.match(seen, /id: 1\nevent: joined\ndata: \{"kind":"joined","node":\{"nodeId":2,[^]*id: 2\nevent: ready\n/);
      // Both changes come together; the program is given no secret.
      const isTold = (): boolean => /"kind":"joined"[^\n]*"kind":"ready"[^\n]*\n0\n/.test(readFileSync(told, "utf8"));
      await eventually(isTold, "the program is told", 20_000);
    } finally {
      ending.abort();
      await endAll(programs);
    }
  });

  it("ends its streams and its program at SIGTERM, red before it is gone", { timeout: 60_000 }, async () => {
    const port = await freeUdpPort();
    const [hook, told] = [join(folder, "slow.sh"), join(folder, "finished.txt")];
    writeFileSync(hook, '#!/bin/sh\nsleep 0.5\ncat > "$1"\n');
    chmodSync(hook, 0o755);
    const own = ["--node-id", "1", "--listen", `127.0.0.1:${port}`, "--peers", `127.0.0.1:${port}`];
    const telling = ["--on-change", hook, "--on-change-arg", told, "--on-change-settle", "1s"];
    const program = await startProgram("heartbeat", [...own, ...telling, "--shutdown-delay", "1s"]);
    try {
      // Alone in its cluster, which is told as a change that waits for others now.
      await allReady([program]);
      const stream = await fetch(`${program.url}/nodes/events`);
      const ended = stream.text();
      await eventually(() => program.log.some((line) => line.includes("The cluster has formed")), "it is told");
      const exited = new Promise<unknown>((resolve) => program.child.once("exit", resolve));
      program.child.kill("SIGTERM");
      await eventually(async () => !(await program.isReady()), "it is red");
      assert.match(await ended, /^event: nodes\n/);
      // Deno takes a child that was sent SIGTERM for killed, whatever its exit code.
      assert.equal((await exited) ?? 0, 0);
      assert.match(readFileSync(told, "utf8"), /"kind":"ready"/);
    } finally {
      await program.end("SIGKILL");
    }
  });

  it("says that another node has its id, and is not ready beside it", { timeout: 60_000 }, async () => {
    const ports = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
    const peers = ["--peers", ports.map((port) => `127.0.0.1:${port}`).join(","), "--nodes-expected", "2"];
    const start = (port: number | undefined, id: string): Promise<ClusterProgram> =>
      startProgram("heartbeat", ["--node-id", id, "--listen", `127.0.0.1:${port ?? 0}`, ...peers]);
    const programs = await Promise.all([start(ports[0], "1"), start(ports[1], "2")]);
    try {
      await allReady(programs);
      const second = await start(ports[2], "1");
      programs.push(second);
      await isUp(second);
      const reason = `another node at 127.0.0.1:${ports[0]} has this node's id, and the others keep to it`;
      await eventually(async () => (await nodesOf(second)).self.notReady === reason, "it says why", 20_000);
      assert.equal(await second.isReady(), false);
      const [first, other] = programs;
      assert.ok(first !== undefined && other !== undefined);
      await eventually(
        () => other.log.some((line) => line.includes("Two nodes use one id")),
        "the others say it",
        20_000,
      );
      // Who was there first stays who it was.
      assert.deepEqual([await first.isReady(), await other.isReady()], [true, true]);
      const [node] = (await nodesOf(other)).nodes;
      assert.deepEqual([node?.nodeId, node?.address, node?.liveness], [1, `127.0.0.1:${ports[0]}`, "alive"]);
    } finally {
      await endAll(programs);
    }
  });

  const WRONG = [
    { flags: ["--peers", "127.0.0.1:1"], says: /--node-id is required/ },
    { flags: ["--node-id", "256", "--peers", "127.0.0.1:1"], says: /--node-id.*256.*0 to 255/ },
    { flags: ["--node-id", "1"], says: /give --peers or --peers-file/ },
    { flags: ["--node-id", "1", "--peers", " , "], says: /--peers names no node/ },
    { flags: ["--node-id", "1", "--peers", "nowhere"], says: /--peers.*"nowhere" is not HOST:PORT/ },
    { flags: ["--node-id", "1", "--peers-file", "/does/not/exist"], says: /\/does\/not\/exist/ },
    {
      flags: ["--node-id", "1", "--peers", "127.0.0.1:1", "--listen", "0.0.0.0:0"],
      says: /--cluster-address is needed/,
    },
    { flags: ["--node-id", "1", "--peers", "127.0.0.1:1", "--cluster-security", "dtls"], says: /needs DTLS_CID_MGMT/ },
    { flags: ["--node-id", "1", "--peers", "127.0.0.1:1", "--on-change", "/no/such"], says: /--on-change.*not there/ },
    { flags: ["--node-id", "1", "--peers", "127.0.0.1:1", "--on-change-arg", "x"], says: /needs --on-change/ },
    {
      flags: ["--node-id", "1", "--peers", "127.0.0.1:1", "--nodes-expected", "2", "--ready-nodes-min", "3"],
      says: /--ready-nodes-min 3 is more than the 2 nodes expected/,
    },
  ];
  for (const { flags, says } of WRONG) {
    it(`refuses ${flags.join(" ")} in one line`, { timeout: 30_000 }, async () => {
      const refusal = await refusalOf(flags);
      assert.match(refusal, says);
      assert.doesNotMatch(refusal, /\n\s+at /);
    });
  }
});

async function sendTo(port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket("udp4");
  for (const bytes of datagrams) await new Promise((resolve) => socket.send(bytes, port, "127.0.0.1", resolve));
  socket.close();
}

/** What a program says that ends by itself at the start. */
async function refusalOf(flags: readonly string[]): Promise<string> {
  try {
    const program = await startProgram("heartbeat", flags);
    const exited = new Promise<unknown>((resolve) => program.child.once("exit", resolve));
    const timer = setTimeout(() => program.child.kill("SIGKILL"), 20_000);
    const code = program.child.exitCode ?? (await exited);
    clearTimeout(timer);
    return `${program.log.join("\n")}\nended with ${String(code)}`;
  } catch (error) {
    return String(error);
  }
}

async function readUntil(response: Response, isEnough: (text: string) => boolean): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  assert.ok(response.body !== null);
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (isEnough(text)) break;
  }
  return text;
}
