// Three heartbeats as real processes in each mode, one killed; one in the cluster of a router; stream, hook, file of nodes.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { type ClusterProgram, freeUdpPort, startProgram } from "./testing/cluster-program.ts";

const folder = mkdtempSync(join(tmpdir(), "coracle-heartbeat-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Nodes {
  readonly self: { readonly nodeId: number; readonly ready: boolean; readonly mode: string };
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
      try {
        await allReady(programs);
        const [first, , third] = programs;
        assert.ok(first !== undefined && third !== undefined);
        const document = await nodesOf(first);
        assert.deepEqual(document.self, { nodeId: 1, ready: true, mode });
        assert.deepEqual(
          document.nodes.map(({ address }) => address),
          [`127.0.0.1:${ports[1]}`, `127.0.0.1:${ports[2]}`],
        );
        await third.end("SIGKILL");
        const isDead = async (): Promise<boolean> => liveness(await nodesOf(first))[3] === "dead";
        await eventually(isDead, "the killed node is dead", 30_000);
        // Two of three still are a quorum.
        assert.equal(await first.isReady(), true);
        programs[2] = await start(2);
        await allReady(programs);
        const isBack = async (): Promise<boolean> => liveness(await nodesOf(first))[3] === "alive";
        await eventually(isBack, "it is alive again", 30_000);
      } finally {
        await endAll(programs);
      }
    });
  });
}

describe("a heartbeat", () => {
  it("joins the cluster of a router", { timeout: 60_000 }, async () => {
    const env = secretEnv();
    const [one, two] = [await freeUdpPort(), await freeUdpPort()];
    const pskFile = join(folder, "psk.txt");
    writeFileSync(pskFile, `device=${randomBytes(16).toString("base64")}\n`, { mode: 0o600 });
    const peers = ["--peers", `127.0.0.1:${one},127.0.0.1:${two}`];
    const own = ["--listen", "127.0.0.1:0", "--psk-file", pskFile, "--node-id", "1"];
    const router = startProgram("dtls-router", [...own, "--cluster-listen", `127.0.0.1:${one}`, ...peers], env);
    const heartbeat = startProgram("heartbeat", ["--node-id", "2", "--listen", `127.0.0.1:${two}`, ...peers], env);
    const programs = await Promise.all([router, heartbeat]);
    try {
      await allReady(programs);
      assert.deepEqual((await Promise.all(programs.map(nodesOf))).map(liveness), [{ 2: "alive" }, { 1: "alive" }]);
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
      const stream = await fetch(`${first.url}/nodes/events`, { signal: ending.signal });
      assert.equal((await fetch(`${first.url}/nodes/events`)).status, 503);
      const other = ["--node-id", "2", "--listen", `127.0.0.1:${two}`, ...common];
      programs.push(await startProgram("heartbeat", other, env));
      writeFileSync(list, `127.0.0.1:${one}\n127.0.0.1:${two}\n`);
      const seen = await readUntil(stream, "event: ready");
      assert.match(seen, /^event: nodes\ndata: \{"self":\{"nodeId":1,"ready":false,"mode":"dtls-mac"\}/);
      assert.match(seen, /event: joined\ndata: \{"kind":"joined","node":\{"nodeId":2,/);
      await eventually(() => /"kind":"ready"/.test(readFileSync(told, "utf8")), "the program is told", 20_000);
      // The program is given no secret.
      assert.match(readFileSync(told, "utf8"), /"kind":"joined"[^\n]*\n0\n/);
    } finally {
      ending.abort();
      await endAll(programs);
    }
  });
});

async function readUntil(response: Response, end: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  assert.ok(response.body !== null);
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.includes(end)) break;
  }
  return text;
}
