// Three routers, three heartbeats, a balancer that forgets, two hundred devices: addresses and ways change each second, datagrams come
// twice, late, out of order or not at all, a router is killed and comes back. No request of a session whose node lives is lost.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { FleetCluster, type RouterMember } from "./cluster.ts";
import { type Devices, type FleetNumbers, Front } from "./front.ts";
import { paced } from "./paced.ts";

const DEVICES = 200;
const ROUNDS = 10;
/**
 * They repeat a request until it is answered, so a machine that is busy elsewhere makes it late and never lost. One that can not be
 * answered, as nobody has the session's keys, stays under way for ever, which is what is looked for.
 */
const PATIENT = ["--ack-timeout", "1s", "--retransmissions-max", "20", "--handshake-timeout", "60s"];
/** They give up a request after some ten seconds and make a new session, as devices do. */
const IMPATIENT = ["--ack-timeout", "1s", "--retransmissions-max", "2", "--handshake-timeout", "10s"];
const IMPATIENT_DEVICES = 60;
/** Packet threads tell their counts a little later. */
const COUNTED_MS = 10_000;
/** Until the last repetition of a request that met only a busy machine. */
const RECOVERY_MS = 180_000;

/** What the routers counted of copies. */
const REPLAYED = 'coracle_dtls_drops_total{cause="dropReplayed"}';

let cluster: FleetCluster;
let front: Front;
const fleets: Devices[] = [];

before(
  async () => {
    cluster = await FleetCluster.start(DEVICES);
    front = await Front.start(cluster);
  },
  { timeout: 120_000 },
);

after(async () => {
  await Promise.all([...fleets.map(({ program }) => program.end()), front?.program.end()]);
  await cluster?.end();
});

async function connect(at: Front, count: number, patience: readonly string[]): Promise<Devices> {
  const devices = await at.connectDevices(count, ["--rate", String(2 * count), ...patience]);
  fleets.push(devices);
  return devices;
}

/** Of all routers, what was sent to other nodes and what was taken from them. */
async function passedOn(): Promise<Readonly<Record<"forwarded" | "taken" | "answeredBack" | "passedBack", number>>> {
  const route = (name: string): Promise<number> => cluster.sumOf(`coracle_router_datagrams_total{route="${name}"}`);
  const [forwarded, taken, answeredBack, passedBack] = await Promise.all(
    ["forwarded", "processed-forward", "sent-backward", "backwarded"].map(route),
  );
  return { forwarded: forwarded ?? 0, taken: taken ?? 0, answeredBack: answeredBack ?? 0, passedBack: passedBack ?? 0 };
}

/** Sessions that a router has had. */
function sessionsOf({ id }: RouterMember, { nodes }: FleetNumbers): number {
  return nodes[id]?.handshakes ?? 0;
}

/** Resolves when so many requests of a router's sessions were given up, and every device has a session. */
async function haveNewSessions(devices: Devices, { id }: RouterMember, orphans: number): Promise<void> {
  let numbers = await devices.numbers();
  const have = async (): Promise<boolean> => {
    numbers = await devices.numbers();
    return (numbers.nodes[id]?.lost ?? 0) >= orphans && numbers.connected === IMPATIENT_DEVICES;
  };
  await explained(paced(have, "each orphan has another session", RECOVERY_MS), () => JSON.stringify(numbers));
}

/** Moves all devices; true if a router got some of them. */
async function isGivenClients({ port }: RouterMember): Promise<boolean> {
  await front.stir(1);
  const { perBackend } = await front.flows();
  return (perBackend[`127.0.0.1:${port}`] ?? 0) > 0;
}

/** Resolves when every request is answered but one of each of so many sessions that died. */
async function onlyOrphansWait(devices: Devices, orphans: number): Promise<void> {
  let numbers = await devices.numbers();
  const wait = async (): Promise<boolean> => {
    numbers = await devices.numbers();
    return numbers.underWay === orphans;
  };
  const describe = async (): Promise<string> =>
    `${orphans} orphans, ${JSON.stringify(numbers)}\n${JSON.stringify(await front.flows())}\n${await cluster.describe()}`;
  await explained(paced(wait, "only orphans wait", RECOVERY_MS), describe);
}

async function explained(waiting: Promise<void>, describe: () => string | Promise<string>): Promise<void> {
  try {
    await waiting;
  } catch (error) {
    throw new Error(await describe(), { cause: error });
  }
}

/** What the routers could not route or open. */
async function routerDrops(): Promise<number> {
  const causes = ["dropUnknownCid", "dropBadMac", "dropMissingCid", "dropMalformed"];
  const samples = causes.map((cause) => `coracle_dtls_drops_total{cause="${cause}"}`);
  const routed = ["unknown-node", "misrouted", "unknown-flow"].map(
    (cause) => `coracle_router_drops_total{cause="${cause}"}`,
  );
  const sums = await Promise.all([...samples, ...routed].map((sample) => cluster.sumOf(sample)));
  return sums.reduce((all, each) => all + each, 0);
}

describe("two hundred devices behind a balancer that forgets", { timeout: 400_000 }, () => {
  it("lose no request while ways change each second, and the counters of the routers add up", async () => {
    const devices = await connect(front, DEVICES, PATIENT);
    await front.stir(ROUNDS);
    const { counts, nodes } = await devices.finish();
    // An address that changes costs no session.
    assert.deepEqual([counts["lost"], counts["handshakes"]], [0, DEVICES], JSON.stringify(counts));
    assert.equal(counts["answered"], counts["requests"]);
    assert.ok((counts["answered"] ?? 0) > 2 * DEVICES, JSON.stringify(counts));
    assert.ok(Object.keys(nodes).length > 1, JSON.stringify(nodes));
    const { rebinds, reshuffles, served } = await front.flows();
    assert.ok(rebinds >= DEVICES * ROUNDS && reshuffles >= DEVICES * ROUNDS, `${rebinds} and ${reshuffles}`);
    assert.ok(served >= 2 * (counts["answered"] ?? 0), `${served}`);
    // Two thirds of all records land at a node that has not their keys.
    let sums = await passedOn();
    const addUp = async (): Promise<boolean> => {
      sums = await passedOn();
      return sums.forwarded === sums.taken && sums.answeredBack === sums.passedBack;
    };
    await paced(addUp, "what is forwarded is taken, what is answered goes back", COUNTED_MS).catch(() => undefined);
    assert.deepEqual([sums.forwarded, sums.answeredBack], [sums.taken, sums.passedBack], JSON.stringify(sums));
    assert.ok(sums.forwarded > (counts["answered"] ?? 0) / 4, JSON.stringify(sums));
  });

  it("lose no request and no session where datagrams come twice, late, out of order or not at all; copies are replays", async () => {
    const faults = ["--duplicate", "0.2", "--reorder", "0.2", "--reorder-by", "1", "--reorder-hold", "50ms"];
    const late = ["--delay", "5ms", "--jitter", "20ms", "--drop-to-backends", "0.03", "--drop-to-clients", "0.03"];
    const bad = await Front.start(cluster, [...faults, ...late]);
    try {
      const devices = await connect(bad, DEVICES, PATIENT);
      // In this order: a copy between the two makes no replay too many.
      const [before, replayed, dropped] = [await bad.flows(), await cluster.sumOf(REPLAYED), await routerDrops()];
      await bad.stir(ROUNDS);
      // From here on it is a good network, so that what is under way at the end is answered at once.
      assert.equal(await bad.tell("faults", "duplicate=2"), 400);
      assert.deepEqual([await bad.tell("faults", ""), await bad.tell("drops", "")], [200, 200]);
      const { counts } = await devices.finish();
      const { faults: last, path } = await bad.flows();
      assert.deepEqual([last["duplicate"], last["delayMs"], path.toBackends["underWay"]], [0, 0, 0]);
      assert.deepEqual([counts["lost"], counts["sessionsClosed"], counts["handshakes"]], [0, 0, DEVICES]);
      assert.equal(counts["answered"], counts["requests"], JSON.stringify(counts));
      assert.ok((counts["answered"] ?? 0) > DEVICES && (counts["retransmissions"] ?? 0) > 0, JSON.stringify(counts));
      const since = (name: string): number => (path.toBackends[name] ?? 0) - (before.path.toBackends[name] ?? 0);
      assert.ok(since("overtaken") > 0 && since("heldBack") > 0 && since("delayed") > 0, JSON.stringify(path));
      const copies = since("duplicated");
      // One of the two is served, wherever each came to; of some copies one was dropped on the way.
      const isCounted = async (): Promise<boolean> => {
        const replays = (await cluster.sumOf(REPLAYED)) - replayed;
        return replays > copies * 0.8 && replays <= copies;
      };
      await paced(isCounted, `replays of ${copies} copies`, COUNTED_MS);
      assert.equal(await routerDrops(), dropped, await cluster.describe());
    } finally {
      await bad.program.end();
    }
  });

  it("lose no request but those of a killed router's sessions; it is told dead, and its devices make new ones", async () => {
    const patient = await connect(front, DEVICES / 2, PATIENT);
    const impatient = await connect(front, IMPATIENT_DEVICES, IMPATIENT);
    await front.stir(2);
    const atKill = await patient.numbers();
    // On a machine that is busy elsewhere a router may have been out of the rotation while devices connected.
    const victim = cluster.routers.toSorted((a, b) => sessionsOf(b, atKill) - sessionsOf(a, atKill))[0];
    assert.ok(victim !== undefined);
    const [orphans, giveUps] = [sessionsOf(victim, atKill), sessionsOf(victim, await impatient.numbers())];
    await victim.program.end("SIGKILL");
    const said = async (liveness: string): Promise<boolean> =>
      (await cluster.seenByHeartbeats()).every((seen) => seen[victim.id] === liveness);
    await Promise.all([front.stir(ROUNDS), paced(() => said("dead"), "the heartbeats tell that it is dead", 60_000)]);
    victim.program = victim.start();
    await paced(() => said("alive"), "the heartbeats tell that it is back", 60_000);
    await paced(() => cluster.isReady(), "every node is ready again", 60_000);
    // Nobody is moved meanwhile: a handshake that moves half way through is known to no node.
    await haveNewSessions(impatient, victim, giveUps);
    await paced(() => isGivenClients(victim), "the balancer gives clients to it", 60_000);
    patient.stop();
    await onlyOrphansWait(patient, orphans);
    const { counts, nodes } = await patient.numbers();
    assert.deepEqual([counts["lost"], counts["handshakes"], counts["sessionsClosed"]], [0, DEVICES / 2, 0]);
    for (const { id } of cluster.routers.filter((router) => router !== victim && sessionsOf(router, atKill) > 0)) {
      const [answered = 0, before = 0] = [nodes[id]?.answered, atKill.nodes[id]?.answered];
      assert.ok(answered > before, `node ${id} answered ${before}, then ${answered}`);
    }
    const { counts: last } = await impatient.finish();
    assert.equal((last["answered"] ?? 0) + (last["lost"] ?? 0), last["requests"]);
  });
});
