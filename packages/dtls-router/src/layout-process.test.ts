// Routers whose connection IDs name their node in the clear or hide it, as real processes with two workers each: forwarding, rotation, refusals.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { after, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { freeUdpPort, type RouterProcess, startRouter, TEST_KEY, TestFolder } from "./testing/router-process.ts";
import { UdpDevice } from "./testing/udp-device.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const psk = { identity: "device", key: TEST_KEY };
const folder = new TestFolder();
after(() => folder.remove());
const pskFile = folder.write("psk.txt", `device=${Buffer.from(TEST_KEY).toString("base64")}\n`);
const DEVICES = 8;
const KEYS = Array.from({ length: 7 }, () => randomBytes(16).toString("hex"));

interface CidAnswer {
  readonly nodeId?: number;
  readonly configuration?: number;
  readonly owner: string;
  readonly stage?: string;
  readonly worker?: number;
  readonly explanation: string;
}

interface Sessions {
  readonly sessions: number;
  readonly withoutConnectionId: number;
  readonly byCidConfiguration: Readonly<Record<string, number>>;
}

const keyFile = (active: number, ids: readonly number[]): string =>
  JSON.stringify({ active, configurations: ids.map((id) => ({ id, key: KEYS[id] })) });

const routed = (router: RouterProcess, route: string): Promise<number> =>
  router.metric(`coracle_router_datagrams_total{route="${route}"}`);

async function dropped(router: RouterProcess): Promise<Record<string, string>> {
  const text = await (await fetch(`${router.http}/metrics`)).text();
  const lines = text.matchAll(/^coracle_router_drops_total\{cause="([^"]+)"\} ([1-9].*)$/gm);
  return Object.fromEntries([...lines].map(([, cause, count]) => [cause, count]));
}

async function isReady({ http }: RouterProcess): Promise<boolean> {
  return (await fetch(`${http}/readyz`)).status === 200;
}

const isWarning = (line: string): boolean => line.includes("forwards records that are not for this one");
const told = ({ log }: RouterProcess): number => log.filter(isWarning).length;

function cidOf(device: UdpDevice): string {
  return Buffer.from(device.summary?.peerCid ?? []).toString("hex");
}

/** Two nodes that list each other, with two workers each. */
async function startPair(flags: readonly string[]): Promise<[RouterProcess, RouterProcess]> {
  const secret = randomBytes(32).toString("base64");
  const ports = [await freeUdpPort(), await freeUdpPort()];
  const peers = ports.map((port) => `127.0.0.1:${port}`).join(",");
  const env = { DTLS_CID_MGMT_IDENTITY: "cluster", DTLS_CID_MGMT_SECRET_BASE64: secret };
  const [first, second] = await Promise.all(
    ports.map((clusterPort, index) => {
      const own = ["--psk-file", pskFile, "--peers", peers, "--node-id", String(index + 1), "--workers", "2"];
      return startRouter([...own, ...flags], { clusterPort, env });
    }),
  );
  assert.ok(first !== undefined && second !== undefined);
  await eventually(async () => (await isReady(first)) && (await isReady(second)), "two ready nodes", 20_000);
  return [first, second];
}

async function connect(port: number, devices: UdpDevice[], count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    devices.push(await UdpDevice.connect({ port, psk, cidSizeBytes: index % 2 === 0 ? 0 : 4 }));
  }
}

/** Each device asks from another address, of this node. */
async function moveAll(devices: readonly UdpDevice[], port: number, node: number): Promise<void> {
  for (const device of devices) {
    await device.move(port);
    assert.match((await device.request("GET", "mycontext")).payload.toString(), new RegExp(`node-id: ${node}\n`));
    assert.equal(device.retransmissions, 0);
  }
}

const path = folder.write("cids.json", keyFile(1, [1]));
const layouts = [
  ["in the clear", ["--cid-layout", "quic-lb", "--cid-config-id", "1"]],
  ["encrypted", ["--cid-layout", "quic-lb-encrypted", "--cid-key-file", path]],
  ["encrypted and long", ["--cid-layout", "quic-lb-encrypted", "--cid-key-file", path, "--cid-nonce-size", "12"]],
] as const;

for (const [name, flags] of layouts) {
  describe(`two routers with two workers each and QUIC-LB connection IDs ${name}`, () => {
    it("serve devices that move within a node and between nodes, without a repetition", async () => {
      const routers = await startPair(flags);
      const [first, second] = routers;
      const devices: UdpDevice[] = [];
      try {
        await connect(first.port, devices, DEVICES);
        for (let round = 0; round < 3; round++) {
          await moveAll(devices, first.port, 1);
          await moveAll(devices, second.port, 1);
        }
        const forwarded = await routed(second, "forwarded");
        assert.ok(forwarded >= 3 * DEVICES);
        assert.equal(await routed(second, "backwarded"), forwarded);
        assert.equal(await routed(first, "processed-forward"), forwarded);
        const look = `layout="${flags[1]}",size="${name.endsWith("long") ? 14 : 6}",server_id_size="1"`;
        for (const router of routers) assert.equal(await router.metric(`coracle_router_cid_layout{${look}}`), 1);
        const handedOver = await routed(first, "handed-over");
        if (name === "in the clear") assert.equal(handedOver, 0, "the kernel reads the worker");
        else assert.ok(handedOver > 0, "devices that moved are handed over");
        assert.deepEqual([await dropped(first), await dropped(second)], [{}, {}]);
        const workers = new Set<number | undefined>();
        for (const device of devices) {
          const here = (await first.json(`/cid/${cidOf(device)}`)) as CidAnswer;
          const there = (await second.json(`/cid/${cidOf(device)}`)) as CidAnswer;
          assert.deepEqual([here.owner, here.stage, here.configuration], ["here", "session", 1]);
          assert.deepEqual([there.owner, there.nodeId, there.configuration], ["member", 1, 1]);
          assert.match(
            here.explanation,
            /its server id by configuration 1 is this node's id, and a session here has it/,
          );
          workers.add(here.worker);
        }
        assert.equal(workers.size, 2, "devices are spread");
      } finally {
        for (const device of devices) device.close();
        await Promise.all(routers.map((router) => router.stop()));
      }
    });
  });
}

describe("two routers whose keys of connection IDs rotate", () => {
  it("lose no session, route old IDs until their key is gone, and show no key", async () => {
    const file = folder.write("rotating.json", keyFile(1, [1]));
    const routers = await startPair(["--cid-layout", "quic-lb-encrypted", "--cid-key-file", file]);
    const [first, second] = routers;
    const devices: UdpDevice[] = [];
    const versions = async (outcome: string): Promise<number[]> => {
      const sample = `coracle_router_cid_key_files_total{outcome="${outcome}"}`;
      return [await first.metric(sample), await second.metric(sample)];
    };
    const rotate = async (content: string, outcome: string, count: number): Promise<void> => {
      folder.write("rotating.json", content);
      await eventually(
        async () => (await versions(outcome)).every((each) => each >= count),
        `${outcome} ${count}`,
        20_000,
      );
    };
    try {
      await connect(first.port, devices, DEVICES);
      await moveAll(devices, second.port, 1);
      await rotate(keyFile(1, [1, 2]), "replaced", 1);
      await moveAll(devices, first.port, 1);
      await rotate(keyFile(2, [1, 2]), "replaced", 2);
      await connect(first.port, devices, DEVICES);
      await moveAll(devices, second.port, 1);
      const sessions = (await first.json("/sessions")) as Sessions;
      assert.deepEqual(sessions.byCidConfiguration, { 1: DEVICES, 2: DEVICES });
      assert.equal(sessions.withoutConnectionId, 0);
      assert.equal(await first.metric('coracle_router_cid_configuration{configuration="2"}'), 1);
      await rotate(keyFile(3, [1, 2]), "refused", 1);
      await rotate(JSON.stringify({ active: 2, configurations: [{ id: 2, key: KEYS[5] }] }), "refused", 2);
      await moveAll(devices, first.port, 1);
      assert.deepEqual([await dropped(first), await dropped(second)], [{}, {}]);
      await rotate(keyFile(2, [2]), "replaced", 3);
      const [old, fresh] = [devices[0], devices[DEVICES]];
      assert.ok(old !== undefined && fresh !== undefined);
      await moveAll([fresh], second.port, 1);
      const gone = (await second.json(`/cid/${cidOf(old)}`)) as CidAnswer;
      assert.deepEqual([gone.owner, gone.nodeId, gone.configuration], ["nobody", undefined, 1]);
      assert.match(gone.explanation, /with a key that is gone or not here yet; records with it are dropped/);
      old.send(new Uint8Array(20));
      await eventually(async () => (await dropped(first))["unknown-cid-config"] === "1", "the old ID is dropped");
    } finally {
      for (const device of devices) device.close();
      await Promise.all(routers.map((router) => router.stop()));
    }
    const shown = routers.flatMap(({ log }) => log).join("\n");
    assert.match(shown, /configuration 2 has another key than before/);
    for (const key of KEYS)
      assert.ok(!shown.includes(key) && !shown.includes(Buffer.from(key, "hex").toString("base64")));
  });
});

describe("two routers that do not agree about connection IDs", () => {
  it("drop what one forwards to the other, and say what may be the reason", async () => {
    const ports = [await freeUdpPort(), await freeUdpPort()];
    const peers = ports.map((port) => `127.0.0.1:${port}`).join(",");
    const start = (index: number, flags: readonly string[]): Promise<RouterProcess> =>
      startRouter(["--psk-file", pskFile, "--peers", peers, "--node-id", `${index + 1}`, ...flags], {
        clusterPort: ports[index] ?? 0,
      });
    const [first, second] = await Promise.all([start(0, []), start(1, ["--cid-layout", "quic-lb"])]);
    const socket = createSocket("udp4");
    try {
      await eventually(async () => (await isReady(first)) && (await isReady(second)), "two ready nodes", 20_000);
      // The second node reads node 1 behind the first byte, the first node reads node 5 in it.
      const record = Uint8Array.from([
        25,
        0xfe,
        0xfd,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        9,
        5,
        1,
        1,
        2,
        3,
        4,
        0,
        20,
        ...randomBytes(20),
      ]);
      for (let count = 0; count < 3; count++) socket.send(record, second.port, "127.0.0.1");
      await eventually(async () => (await dropped(first))["misrouted"] === "3", "three misrouted records");
      await eventually(() => told(first) > 0, "a warning");
      assert.equal(told(first), 1, "once a minute");
      assert.match(first.log.find(isWarning) ?? "", /have all nodes the same --cid-layout, sizes and keys\?/);
    } finally {
      socket.close();
      await Promise.all([first.stop(), second.stop()]);
    }
  });
});

describe("a router that is told nonsense about connection IDs", () => {
  const bad = folder.write("bad.json", JSON.stringify({ active: 1, configurations: [{ id: 1, key: `${KEYS[0]}00` }] }));
  for (const [flags, reason] of [
    [["--cid-layout", "quic-lb-encrypted"], /needs --cid-key-file/],
    [["--cid-layout", "quic-lb-encrypted", "--cid-key-file", `${folder.path}/absent.json`], /--cid-key-file: .*absent/],
    [["--cid-layout", "quic-lb-encrypted", "--cid-key-file", bad], /key of configuration 1 is not 32 hexadecimal/],
    [["--cid-layout", "quic-lb", "--cid-server-id-size", "9", "--cid-nonce-size", "11"], /20 bytes together/],
  ] as const) {
    it(`ends with 2: ${flags.slice(1, 3).join(" ")} …`, async () => {
      const all = ["--psk-file", pskFile, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", ...flags];
      const runtime = "Deno" in globalThis ? ["run", "-A", "--unstable-net", MAIN] : [MAIN];
      const child = spawn(process.execPath, [...runtime, ...all], { stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      child.stderr.on("data", (piece: Buffer) => (said += piece.toString()));
      const code = await new Promise<number | null>((resolve) => {
        child.once("close", resolve);
      });
      assert.equal(code, 2, said);
      assert.match(said, reason);
      assert.ok(!said.includes(KEYS[0] ?? "?"));
    });
  }
});
