// The crash matrix: every process killed, alone and in seeded orders together, under traffic; isolation holds, traffic resumes.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "@coracle/base";
import { reach, stateOfHost } from "./reach.ts";
import { makeVirtualNetwork, placeGuest } from "./placed-guests.ts";
import { type NetworkSystem, withNetwork } from "./network-system.ts";
import { type PlacedGuest, Traffic, type TrafficReport } from "./traffic.ts";

const SEED = Number(process.env["CORACLE_SEED"] ?? 1);
const ROUNDS = Number(process.env["CORACLE_ROUNDS"] ?? 2);
const RESUME_LOOKS_MAX = 120;

interface Victim {
  readonly name: string;
  readonly kill: (network: NetworkSystem) => Promise<unknown>;
  readonly start: (network: NetworkSystem) => Promise<unknown>;
}

const VICTIMS: readonly Victim[] = [
  {
    name: "ovs-vswitchd of a",
    kill: (network) => network.laboratory.host("a").killSwitch(),
    start: (network) => network.laboratory.host("a").startSwitch(),
  },
  {
    name: "ovsdb-server of a",
    kill: (network) => network.laboratory.host("a").killDatabase(),
    start: (network) => network.laboratory.host("a").startDatabase(),
  },
  { name: "agent of a", kill: (network) => network.end("agent-a"), start: (network) => network.startAgent("a") },
  { name: "agent of b", kill: (network) => network.end("agent-b"), start: (network) => network.startAgent("b") },
  { name: "apiserver", kill: (network) => network.end("apiserver"), start: (network) => network.startApiserver() },
  { name: "ipam", kill: (network) => network.end("ipam-0"), start: (network) => network.startIpam() },
];

void test("13.12 no crash, alone or with others in any order, opens a gap in isolation, and traffic resumes by itself", async () => {
  await withNetwork("the crash matrix", { hosts: 3 }, async (network) => {
    const guests = await twoNetworks(network);
    for (const victim of VICTIMS) {
      const report = await underTraffic(network, guests, async () => {
        await victim.kill(network);
        await sleep(300);
        await victim.start(network);
      });
      tell(victim.name, report);
    }
    for (let round = 0; round < ROUNDS; round++) {
      const random = new SeededRandom(SEED + round);
      const killed = shuffled(random, VICTIMS).slice(0, 2 + Math.floor(random.next() * (VICTIMS.length - 1)));
      const started = shuffled(random, killed);
      const words = `seed ${SEED + round}: kill ${killed.map((one) => one.name).join(", ")}; start ${started.map((one) => one.name).join(", ")}`;
      const report = await underTraffic(network, guests, async () => {
        for (const victim of killed) await victim.kill(network);
        // A switch waits for its database and an agent for its API: they start together, in this order.
        await Promise.all(started.map((victim) => victim.start(network)));
      });
      tell(words, report);
    }
    const late = await placeGuest(network, { namespace: "one", name: "late", node: "a", subnet: "s1", prefixBits: 24 });
    for (const { guest, vni } of guests) if (vni === late.vni) await reach(network, late.guest, guest);
  });
});

async function twoNetworks(network: NetworkSystem): Promise<readonly PlacedGuest[]> {
  await makeVirtualNetwork(network, { namespace: "one", vni: 21, cidr: "10.21.0.0/28" });
  await makeVirtualNetwork(network, { namespace: "two", vni: 22, cidr: "10.21.0.0/28" });
  const plans = ["one", "two"].flatMap((namespace) =>
    ["a", "b", "c"].map((node) => ({ namespace, name: `g${node}`, node, subnet: "s1", prefixBits: 24 })),
  );
  return Promise.all(plans.map((plan) => placeGuest(network, plan)));
}

/** Runs `fault` under traffic; resolves when every pair has replies again. */
async function underTraffic(
  network: NetworkSystem,
  guests: readonly PlacedGuest[],
  fault: () => Promise<void>,
): Promise<TrafficReport> {
  const traffic = new Traffic(guests);
  traffic.start();
  try {
    await untilAllFlows(traffic, network);
    await fault();
    traffic.takeSilentPairs();
    await untilAllFlows(traffic, network);
  } finally {
    await traffic.stop();
  }
  const report = await traffic.stop();
  assert.deepEqual(report.crossings, [], "frames crossed virtual networks");
  assert.ok(report.hostileFrames > 0);
  return report;
}

async function untilAllFlows(traffic: Traffic, network: NetworkSystem): Promise<void> {
  let silent: readonly string[] = [];
  for (let look = 0; look < RESUME_LOOKS_MAX; look++) {
    await sleep(500);
    silent = traffic.takeSilentPairs();
    if (silent.length === 0) return;
  }
  throw new Error(`Traffic did not resume: ${silent.join(", ")}\n${await stateOfHost(network, "a")}`);
}

function tell(what: string, report: TrafficReport): void {
  const gapMs = Math.round(Math.max(...report.pairs.map((pair) => pair.gapMs)));
  process.stdout.write(
    `crash matrix: ${what}: longest gap ${gapMs} ms, ${report.hostileFrames} hostile frames, none crossed\n`,
  );
}

function shuffled<T>(random: SeededRandom, items: readonly T[]): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(random.next() * (index + 1));
    const item = result[index];
    const swap = result[other];
    if (item === undefined || swap === undefined) continue;
    result[index] = swap;
    result[other] = item;
  }
  return result;
}
