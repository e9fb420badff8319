// Devices through the simulated NAT to three routers of one cluster: addresses change all the time, and no request is lost.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { ChildProgram } from "../system/child-program.ts";

const NODES = [1, 2, 3];
const REQUESTS = 3000;

interface Result {
  readonly counts: Readonly<Record<string, number>>;
  readonly codes: Readonly<Record<string, number>>;
  readonly request: { readonly p50: number; readonly p99: number };
}

interface Ended {
  readonly code: number;
  readonly result: Result;
}

interface Flows {
  readonly flows: number;
  readonly perBackend: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
}

let folder: string;
const programs: ChildProgram[] = [];
let routers: readonly { readonly url: string; readonly port: number }[] = [];

before(
  async () => {
    folder = mkdtempSync(join(tmpdir(), "coracle-devices-"));
    const keys = Array.from({ length: 50 }, (_, index) => `device-${index}=${randomBytes(16).toString("base64")}\n`);
    writeFileSync(join(folder, "keys.txt"), keys.join(""), { mode: 0o600 });
    const ports = await Promise.all(NODES.map(() => freeUdpPort()));
    const peers = ports.map((port) => `127.0.0.1:${port}`).join(",");
    const secret = { DTLS_CID_MGMT_IDENTITY: "nodes", DTLS_CID_MGMT_SECRET_BASE64: randomBytes(32).toString("base64") };
    routers = await Promise.all(
      NODES.map(async (id, index) => {
        const own = ["--node-id", String(id), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
        const cluster = ["--cluster-listen", `127.0.0.1:${ports[index]}`, "--peers", peers];
        const keyFile = ["--psk-file", join(folder, "keys.txt")];
        const program = ChildProgram.source("dtls-router", [...own, ...cluster, ...keyFile], secret);
        programs.push(program);
        const [, url = ""] = await program.see(/"url":"(http:[^"]+)"/);
        const [, port = ""] = await program.see(/"port":"listen","at":(\d+)/);
        return { url, port: Number(port) };
      }),
    );
    const isReady = async (): Promise<boolean> => {
      const answers = await Promise.all(routers.map(({ url }) => fetch(`${url}/readyz`)));
      return answers.every(({ status }) => status === 200);
    };
    await eventually(isReady, "the cluster has formed", 30_000);
  },
  { timeout: 60_000 },
);

after(async () => {
  await Promise.all(programs.map((program) => program.end()));
  rmSync(folder, { recursive: true, force: true });
});

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  const { port } = socket.address();
  await new Promise<void>((resolve) => {
    socket.close(resolve);
  });
  return port;
}

/** Starts the NAT in front of all routers. */
async function startNat(flags: readonly string[]): Promise<{ readonly port: string; readonly url: string }> {
  const backends = routers.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const place = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--backends", backends];
  const program = ChildProgram.source("load", ["nat", ...place, ...flags]);
  programs.push(program);
  const [, url = ""] = await program.see(/"url":"(http:[^"]+)"/);
  const [, port = ""] = await program.see(/"port":"listen","at":(\d+)/);
  return { port, url };
}

/** Starts a fleet; resolves when every device has a session. */
async function startDevices(port: string, flags: readonly string[]): Promise<{ ended: Promise<Ended> }> {
  const json = join(folder, `${port}.json`);
  const place = ["--target", `127.0.0.1:${port}`, "--psk-file", join(folder, "keys.txt"), "--json", json];
  const watched = ["--http", "127.0.0.1:0", "--log-level", "info"];
  const program = ChildProgram.source("load", ["devices", ...place, ...watched, "--count", "50", ...flags]);
  programs.push(program);
  const [, url = ""] = await program.see(/"url":"(http:[^"]+)"/);
  // A handshake has no connection ID yet: one that is moved may fail and begin again, which is not the matter here.
  const areConnected = async (): Promise<boolean> => (await sumOf("coracle_devices_connected", [url])) === 50;
  await eventually(areConnected, "50 sessions", 30_000);
  const ended = program.exited.then((code) => ({ code, result: JSON.parse(readFileSync(json, "utf8")) as Result }));
  return { ended };
}

async function sumOf(sample: string, urls: readonly string[]): Promise<number> {
  const texts = await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  const values = texts.map((text) => text.split("\n").find((line) => line.startsWith(`${sample} `)));
  return values.reduce((sum, line) => sum + Number(line?.slice(sample.length + 1) ?? 0), 0);
}

describe("fifty devices and three routers", { timeout: 180_000 }, () => {
  it("lose no request while a NAT rebinds them all each second", async () => {
    const nat = await startNat([]);
    const { ended } = await startDevices(nat.port, ["--rate", "300", "--requests", String(REQUESTS)]);
    const over = ended.then(() => true);
    for (let isOver = false; !isOver;) {
      await fetch(`${nat.url}/rebind`, { method: "POST" });
      const second = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 1000));
      isOver = await Promise.race([over, second]);
    }
    const { code, result } = await ended;
    const { answered, lost, handshakes, handshakesFailed } = result.counts;
    assert.deepEqual([code, answered, lost], [0, REQUESTS, 0], JSON.stringify(result));
    assert.deepEqual(result.codes, { "2.05": REQUESTS });
    // An address that changes costs no session.
    assert.deepEqual([handshakes, handshakesFailed], [50, 0], JSON.stringify(result));
    const flows = (await (await fetch(`${nat.url}/flows`)).json()) as Flows;
    assert.ok((flows.counts["rebinds"] ?? 0) >= 250, JSON.stringify(flows));
    // Two thirds of all records land on a node that has not their keys.
    const forwarded = await sumOf(
      'coracle_router_datagrams_total{route="forwarded"}',
      routers.map(({ url }) => url),
    );
    assert.ok(forwarded > REQUESTS / 3, `${forwarded} forwarded`);
  });

  it("repeat nothing while they change their own addresses and the balancer forgets on command", async () => {
    const nat = await startNat([]);
    const flags = ["--rate", "200", "--requests", "1000", "--rebind-every", "1s", "--ack-timeout", "10s"];
    const { ended } = await startDevices(nat.port, flags);
    const moved = (await (await fetch(`${nat.url}/reshuffle`, { method: "POST" })).json()) as { moved: number };
    assert.ok(moved.moved >= 50, JSON.stringify(moved));
    assert.equal((await fetch(`${nat.url}/rebind?share=2`, { method: "POST" })).status, 400);
    const { code, result } = await ended;
    const { answered, lost, retransmissions, handshakes, rebinds = 0 } = result.counts;
    assert.deepEqual([code, answered, lost, retransmissions, handshakes], [0, 1000, 0, 0, 50], JSON.stringify(result));
    assert.ok(rebinds >= 100, `${rebinds}`);
  });
});
