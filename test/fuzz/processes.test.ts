// Real routers and a heartbeat under hundreds of thousands of hostile datagrams: a device is served on and the cluster holds.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type Random, SeededRandom } from "@coracle/base";
import { eventually, freeUdpPort } from "@coracle/sim";
import { startRouter, TEST_KEY, TestFolder } from "../../packages/dtls-router/src/testing/router-process.ts";
import { UdpDevice } from "../../packages/dtls-router/src/testing/udp-device.ts";
import { startProgram } from "../../packages/heartbeat/src/testing/cluster-program.ts";
import { Relay } from "../interop/relay.ts";
import { type Corpus, CorpusSource } from "./datagram-corpus.ts";
import { Exposition } from "./exposition.ts";
import { fuzzDatagrams, fuzzSeed } from "./fuzz-settings.ts";
import { HostileSockets } from "./hostile-sockets.ts";
import { Insider } from "./insider.ts";
import { Mutator } from "./mutation.ts";

const MODES = ["plain", "dtls-mac"] as const;
const DATAGRAMS = Math.ceil(fuzzDatagrams(240_000) / MODES.length);
/** Datagrams in one go, and the pause behind it: the flood is to be read, not to be thrown away by the system. */
const BURST = 160;
/** Code is still being compiled and heaps still find their size: a router grows from some 130 to some 240 MB and stays there. */
const RSS_GROWTH_BYTES_MAX = 160 * 1024 * 1024;
/** What the router counts of datagrams that came in; the other routes are of records on their way out. */
const ROUTES_IN = ["local", "forwarded", "processed-forward", "backwarded", "management"];

/** A program of the cluster, whichever it is. */
interface Program {
  readonly name: string;
  readonly http: string;
  readonly log: readonly string[];
  end(): Promise<number | null>;
}

/** Two routers and a heartbeat that know each other, and where hostile datagrams go. */
interface Cluster {
  readonly programs: readonly Program[];
  readonly publicPorts: readonly number[];
  readonly clusterPorts: readonly number[];
}

const folder = new TestFolder();
let corpora: CorpusSource;
before(async () => {
  corpora = await CorpusSource.open();
});
after(() => folder.remove());

async function startCluster(mode: (typeof MODES)[number], started: Program[]): Promise<Cluster> {
  const clusterPorts = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
  const peers = ["--peers", clusterPorts.map((port) => `127.0.0.1:${port}`).join(",")];
  const secret = { DTLS_CID_MGMT_IDENTITY: "nodes", DTLS_CID_MGMT_SECRET_BASE64: randomBytes(32).toString("base64") };
  const env = mode === "plain" ? {} : secret;
  const psk = ["--psk-file", folder.write("psk.txt", `device=${Buffer.from(TEST_KEY).toString("base64")}\n`)];
  const publicPorts: number[] = [];
  for (const id of [1, 2]) {
    const clusterPort = clusterPorts[id - 1] ?? 0;
    const router = await startRouter([...psk, ...peers, "--node-id", String(id)], { env, clusterPort });
    started.push({ name: `router ${id}`, http: router.http, log: router.log, end: () => router.stop() });
    publicPorts.push(router.port);
  }
  const place = ["--node-id", "3", "--listen", `127.0.0.1:${clusterPorts[2] ?? 0}`];
  const heartbeat = await startProgram("heartbeat", [...place, ...peers], env);
  started.push({ name: "heartbeat", http: heartbeat.url, log: heartbeat.log, end: () => heartbeat.end() });
  const isReady = async ({ http }: Program): Promise<boolean> => (await fetch(`${http}/readyz`)).status === 200;
  await eventually(async () => (await Promise.all(started.map(isReady))).every(Boolean), "three ready nodes", 30_000);
  return { programs: started, publicPorts, clusterPorts };
}

/** Who sends what should not be sent. */
interface Attack {
  readonly sockets: HostileSockets;
  readonly insider: Insider;
  readonly toPublic: Mutator;
  readonly toCluster: Mutator;
}

/** Sends hostile datagrams to every port of the cluster, most of them to the first router, until `count` are sent. */
async function flood({ sockets, insider, toPublic, toCluster }: Attack, cluster: Cluster, count: number) {
  const [firstPublic = 0, secondPublic = 0] = cluster.publicPorts;
  const until = sockets.sent + count;
  while (sockets.sent < until) {
    for (let index = 0; index < BURST; index++) {
      const isPublic = index % 8 < 5;
      const mutator = isPublic ? toPublic : toCluster;
      const port = isPublic
        ? [firstPublic, firstPublic, firstPublic, secondPublic][index % 4]
        : cluster.clusterPorts[index % cluster.clusterPorts.length];
      mutator.next();
      sockets.send(mutator.copy(), port ?? firstPublic);
    }
    insider.send();
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 1);
    });
  }
}

/** Asks through one router and the other, always from a new address, until told to stop; every request is answered. */
async function ask(device: UdpDevice, ports: readonly number[], isOver: () => boolean): Promise<number> {
  let answered = 0;
  while (!isOver()) {
    await device.move(ports[answered % ports.length]);
    const answer = await device.request("GET", "benchmark");
    assert.equal(answer.code, "2.05");
    answered++;
  }
  return answered;
}

async function rssBytes(programs: readonly Program[]): Promise<number[]> {
  const read = async ({ http }: Program): Promise<number> =>
    (await Exposition.read(http)).total("process_resident_memory_bytes");
  return Promise.all(programs.map(read));
}

/** Every datagram that a port read was routed or dropped for a cause, once the threads have told their counts. */
async function allAccounted(program: Program): Promise<void> {
  let last = "";
  const isEven = async (): Promise<boolean> => {
    const metrics = await Exposition.read(program.http);
    const read = metrics.total("coracle_router_port_datagrams_total", "direction", ["in"]);
    const routed = metrics.total("coracle_router_datagrams_total", "route", ROUTES_IN);
    const causes = [...metrics.samples("coracle_router_drops_total", "cause")];
    const sumOf = (some: typeof causes): number => some.reduce((sum, [, count]) => sum + count, 0);
    // Where one thread had no room for what another gave it, the giver may have counted a route already.
    const busy = sumOf(causes.filter(([cause]) => cause.endsWith("-busy")));
    const dropped = sumOf(causes) - busy;
    last = `${read} read, ${routed} routed, ${dropped} dropped, ${busy} between threads`;
    return read >= routed + dropped && read <= routed + dropped + busy;
  };
  await eventually(isEven, `books of ${program.name} that come out`, 5000).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${last}`);
  });
}

function makeMutators(corpus: Corpus, captured: readonly Uint8Array[], random: Random) {
  const own = [...corpus.public, ...captured, ...captured];
  return {
    toPublic: new Mutator([...own, ...own, ...corpus.cluster], random),
    toCluster: new Mutator([...corpus.cluster, ...corpus.cluster, ...own], random),
  };
}

for (const mode of MODES) {
  describe(`two routers and a heartbeat in mode ${mode} under hostile datagrams`, { timeout: 3_600_000 }, () => {
    it("stay together, serve, count every cause, keep to their memory and end with 0", async () => {
      const seed = fuzzSeed();
      const context = `mode ${mode}, CORACLE_FUZZ_SEED=${seed}`;
      const programs: Program[] = [];
      const sockets = await HostileSockets.open();
      let device: UdpDevice | undefined;
      let insider: Insider | undefined;
      let relay: Relay | undefined;
      try {
        const cluster = await startCluster(mode, programs);
        const psk = { identity: "device", key: TEST_KEY };
        relay = await Relay.open(cluster.publicPorts[0] ?? 0);
        const recorded = await UdpDevice.connect({ port: relay.port, psk });
        for (let round = 0; round < 20; round++) await recorded.request("GET", "mycontext");
        recorded.close();
        const random = new SeededRandom(seed);
        const corpus = corpora.record(corpora.cluster(mode, seed));
        const place = { port: cluster.publicPorts[0] ?? 0, psk };
        insider = await Insider.connect(place, random);
        const attack = { sockets, insider, ...makeMutators(corpus, relay.upward, random) };
        device = await UdpDevice.connect(place);
        await flood(attack, cluster, Math.ceil(DATAGRAMS / 4));
        const before = await rssBytes(programs);
        let isOver = false;
        const asking = ask(device, cluster.publicPorts, () => isOver);
        await flood(attack, cluster, Math.ceil((DATAGRAMS * 3) / 4));
        isOver = true;
        const answered = await asking;
        assert.ok(answered > 0, `${context}: nothing was asked`);
        await judge(cluster, { context, before, sockets });
        for (const program of programs) assert.equal(await program.end(), 0, `${context}: ${program.name} ended`);
      } finally {
        device?.close();
        insider?.close();
        relay?.close();
        sockets.close();
        await Promise.all(programs.map((program) => program.end()));
      }
    });
  });
}

async function judge(
  { programs }: Cluster,
  { context, before, sockets }: { context: string; before: readonly number[]; sockets: HostileSockets },
): Promise<void> {
  const after = await rssBytes(programs);
  for (const [index, program] of programs.entries()) {
    const { name, http, log } = program;
    const grown = (after[index] ?? 0) - (before[index] ?? 0);
    assert.ok(grown < RSS_GROWTH_BYTES_MAX, `${context}: ${name} grew by ${grown} bytes`);
    const metrics = await Exposition.read(http);
    const nodeTable = metrics.samples("coracle_cluster_node_table_total", "event");
    assert.equal(nodeTable.get("expired"), 0, `${context}: ${name} lost a node`);
    assert.equal((await fetch(`${http}/readyz`)).status, 200, `${context}: ${name} is not ready`);
    assert.ok(!log.some((line) => line.includes('"level":"error"')), `${context}: ${name}: ${log.join("\n")}`);
    const causes = [
      ...metrics.named("coracle_cluster_management_total", "event"),
      ...metrics.named("coracle_cluster_node_table_total", "event"),
    ];
    if (name === "heartbeat") {
      assert.ok(causes.includes("unknown-datagram"), `${context}: ${name} counted ${causes.join(", ")}`);
      continue;
    }
    await allAccounted(program);
    causes.push(...metrics.named("coracle_router_drops_total", "cause"));
    causes.push(...metrics.named("coracle_dtls_drops_total", "cause"));
    assert.ok(causes.length >= 20, `${context}: ${name} counted only ${causes.join(", ")}`);
    assert.equal(metrics.total("coracle_router_held", "what", ["sessions"]), name === "router 1" ? 3 : 0);
    if (name === "router 1") {
      const application = metrics.samples("coracle_router_upstream_total", "event");
      assert.ok((application.get("malformed") ?? 0) > 0, `${context}: nothing was malformed inside a session`);
    }
  }
  assert.deepEqual(sockets.amplified(), [], context);
  assert.ok(sockets.receivedBytes > 0, `${context}: not one ClientHello was answered`);
}
