// Three routers, three heartbeats, a balancer that forgets, two hundred devices: addresses and ways change each second, a router is
// killed and comes back. No request of a session whose node lives is lost, and what one node forwards another one takes.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { FleetCluster } from "./cluster.ts";
import { type Devices, Front, pause } from "./front.ts";

const DEVICES = 200;
const RATE = 400;
const STIRRED_MS = 10_000;
/** Not so often that a machine at work elsewhere looks like a loss, and over soon when a node is gone. */
const PATIENCE = ["--ack-timeout", "1500ms", "--retransmissions-max", "3", "--handshake-timeout", "20s"];

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

async function connect(): Promise<Devices> {
  const devices = await front.connectDevices(DEVICES, ["--rate", String(RATE), ...PATIENCE]);
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

describe("two hundred devices behind a balancer that forgets", { timeout: 400_000 }, () => {
  it("lose no request while ways change each second, and the counters of the routers add up", async () => {
    const devices = await connect();
    const until = performance.now() + STIRRED_MS;
    await front.stir(() => performance.now() < until);
    const { counts, nodes } = await devices.finish();
    // An address that changes costs no session.
    assert.deepEqual([counts["lost"], counts["handshakes"]], [0, DEVICES], JSON.stringify(counts));
    assert.equal(counts["answered"], counts["requests"]);
    assert.ok((counts["answered"] ?? 0) > (RATE * STIRRED_MS) / 4000, JSON.stringify(counts));
    assert.deepEqual(Object.keys(nodes), ["1", "2", "3"]);
    const { rebinds, reshuffles, served } = await front.flows();
    assert.ok(rebinds >= DEVICES * 5 && reshuffles >= DEVICES * 5, `${rebinds} and ${reshuffles}`);
    assert.ok(served >= 2 * (counts["answered"] ?? 0), `${served}`);
    // Two thirds of all records land at a node that has not their keys. A packet thread tells its counts a little later.
    let sums = await passedOn();
    const addUp = async (): Promise<boolean> => {
      sums = await passedOn();
      return sums.forwarded === sums.taken && sums.answeredBack === sums.passedBack;
    };
    await eventually(addUp, "what is forwarded is taken, what is answered goes back").catch(() => undefined);
    assert.deepEqual([sums.forwarded, sums.answeredBack], [sums.taken, sums.passedBack], JSON.stringify(sums));
    assert.ok(sums.forwarded > (counts["answered"] ?? 0) / 3, JSON.stringify(sums));
  });

  it("lose only what a killed router had under way, and get new sessions; it is told dead, and comes back", async () => {
    const devices = await connect();
    const [, , third] = cluster.routers;
    assert.ok(third !== undefined);
    let isStirred = true;
    const stirring = front.stir(() => isStirred);
    try {
      await pause(2000);
      const atKill = await devices.numbers();
      const orphans = atKill.nodes["3"]?.handshakes ?? 0;
      assert.deepEqual([atKill.counts["lost"], atKill.counts["handshakes"]], [0, DEVICES]);
      assert.ok(orphans > DEVICES / 6, `${orphans}`);
      await third.program.end("SIGKILL");
      const said = async (liveness: string): Promise<boolean> =>
        (await cluster.seenByHeartbeats()).every((seen) => seen[third.id] === liveness);
      await eventually(() => said("dead"), "the heartbeats tell that it is dead", 30_000);
      third.program = third.start();
      await eventually(() => said("alive"), "the heartbeats tell that it is back", 30_000);
      await eventually(() => cluster.isReady(), "every node is ready again", 30_000);
      let after = await devices.numbers();
      const replaced = async (): Promise<boolean> => {
        after = await devices.numbers();
        return (after.nodes["3"]?.lost ?? 0) >= orphans && after.connected === DEVICES;
      };
      await eventually(replaced, "each orphan has another session", 180_000).catch((error: unknown) => {
        throw new Error(JSON.stringify(after), { cause: error });
      });
      await pause(2000);
      after = await devices.numbers();
      // One request of each device whose keys died with the node, and no other.
      const lost = Object.fromEntries(Object.entries(after.nodes).map(([node, counts]) => [node, counts.lost]));
      if ((lost["1"] ?? 0) + (lost["2"] ?? 0) > 0 || lost["3"] !== orphans)
        assert.fail(`${orphans} orphans, lost ${JSON.stringify(lost)}\n${await cluster.describe()}`);
      const { perBackend } = await front.flows();
      assert.ok((perBackend[`127.0.0.1:${third.port}`] ?? 0) > 0, JSON.stringify(perBackend));
    } finally {
      isStirred = false;
      await stirring;
    }
    const { counts } = await devices.finish();
    assert.equal((counts["answered"] ?? 0) + (counts["lost"] ?? 0), counts["requests"]);
  });
});
