// Whole load runs on a virtual clock, against simulated clusters that work, fail, lose answers and cheat.
import { SeededRandom } from "@coracle/base";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClusterBehaviour, SimulatedCluster, WORKING } from "../../testing/simulated-cluster.ts";
import { planAddresses } from "./address-plan.ts";
import { lifetimeMinMs } from "./lane.ts";
import type { LoadOptions, LoadPhase } from "./load-types.ts";
import { networkSizes } from "./size-law.ts";

const TESTS = { program: "/bin/agent", fraction: 0.5, pingCount: 3, pendingWaitMs: 60_000 };

function optionsWith(change: Partial<LoadOptions> = {}, seed = 7): LoadOptions {
  const sizes = networkSizes({ networkCount: 4, topSize: 8, exponent: 1, bias: 0 });
  const plan = planAddresses({
    sizes,
    baseAddress: "172.24.0.0",
    firstVni: 1,
    isSingleSubnet: false,
    subnetSizeFactor: 1,
  });
  assert.ok(plan.ok);
  return {
    runId: "run",
    networks: plan.value,
    nodes: ["n1", "n2", "n3"],
    isRoundRobin: false,
    attachmentCount: 40,
    threads: 3,
    ratePerSecond: 10,
    distribution: "steady",
    test: undefined,
    stopOnBreak: true,
    stopOnPingFail: true,
    waitAfterCreateMs: 0,
    waitAfterDeleteMs: 15_000,
    readyWithinMs: 1000,
    keep: false,
    random: new SeededRandom(seed),
    ...change,
  };
}

function simulate(change: Partial<LoadOptions> = {}, behaviour: Partial<ClusterBehaviour> = {}): SimulatedCluster {
  return new SimulatedCluster(optionsWith(change), { ...WORKING, ...behaviour }).run();
}

function phases(cluster: SimulatedCluster): readonly LoadPhase[] {
  return cluster.outputs.flatMap((output) => (output.kind === "phase" ? [output.phase] : []));
}

test("a run on a working cluster makes, implements and removes everything, on time", () => {
  const cluster = simulate();
  const { verdict, counts, ending } = cluster.tally.result({ keep: false });
  assert.equal(verdict, "good");
  assert.deepEqual(phases(cluster), ["warm-up", "cruise", "cool-down", "settling", "finished"]);
  assert.deepEqual([counts.created, counts.ready, counts.deleted], [40, 40, 40]);
  assert.deepEqual(ending, { reason: "complete", unconfirmed: 0, left: 0 });
  assert.equal(counts.lateOperations, 0);
  assert.equal(cluster.existing.size, 0);
  assert.equal(cluster.populationMax, 17);
  assert.ok(cluster.clock.now() >= 7900 && cluster.clock.now() < 8100, `ended at ${cluster.clock.now()}`);
});

test("the same seed gives the same workload, another seed another", () => {
  const creates = (seed: number): string =>
    JSON.stringify(
      new SimulatedCluster(optionsWith({}, seed), WORKING, seed)
        .run()
        .outputs.filter((output) => output.kind === "create"),
    );
  assert.equal(creates(3), creates(3));
  assert.notEqual(creates(3), creates(4));
});

test("round robin goes through the nodes in turn, and Poisson runs end as well", () => {
  const cluster = simulate({ isRoundRobin: true, distribution: "poisson", threads: 1 });
  const nodes = cluster.outputs.flatMap((output) => (output.kind === "create" ? [output.attachment.node] : []));
  assert.deepEqual(nodes.slice(0, 6), ["n1", "n2", "n3", "n1", "n2", "n3"]);
  assert.equal(cluster.tally.result({ keep: false }).verdict, "good");
});

test("refused and unanswered creates and failing deletes leave nothing behind, for many seeds", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const options = optionsWith({ attachmentCount: 60, stopOnBreak: false }, seed);
    const behaviour = { ...WORKING, createRefused: 0.1, createUnanswered: 0.1, deleteFails: 0.3 };
    const cluster = new SimulatedCluster(options, behaviour, seed).run();
    const { ending, counts, verdict } = cluster.tally.result({ keep: false });
    assert.equal(cluster.existing.size, 0, `seed ${seed}: attachments are left`);
    assert.deepEqual(ending, { reason: "complete", unconfirmed: 0, left: 0 }, `seed ${seed}`);
    assert.equal(counts.created + counts.createsFailed, 60, `seed ${seed}`);
    assert.equal(verdict, "creates-failed", `seed ${seed}`);
    assert.equal(cluster.load.population, 0, `seed ${seed}`);
  }
});

test("deletes that never succeed are given up and counted as left", () => {
  const cluster = simulate({ attachmentCount: 4 }, { deleteFails: 1 });
  const { ending, verdict, findings } = cluster.tally.result({ keep: false });
  assert.deepEqual(ending, { reason: "complete", unconfirmed: 0, left: 4 });
  assert.equal(findings.stuck, 4);
  assert.equal(verdict, "faulty");
});

test("a broken attachment ends the run early, which cleans up; without the flag it goes on", () => {
  const early = simulate({}, { breaks: new Set([12]) });
  assert.equal(early.tally.result({ keep: false }).verdict, "faulty");
  assert.equal(early.tally.result({ keep: false }).ending?.reason, "broken");
  assert.ok(early.tally.counts.created < 20);
  assert.equal(early.existing.size, 0);
  const full = simulate({ stopOnBreak: false }, { breaks: new Set([12]) });
  assert.equal(full.tally.counts.created, 40);
  assert.equal(full.tally.findings.broken, 1);
});

test("two owners of one address are found, once", () => {
  const cluster = simulate({ stopOnBreak: false, threads: 1 }, { duplicates: new Set([2]) });
  const { findings, firstFindings } = cluster.tally.result({ keep: false });
  // The address before may be one of another network: then it is outside.
  assert.equal(findings["duplicate-address"] + findings["outside-network"], 1);
  assert.match(firstFindings[0]?.message ?? "", /address \d+\/172\.24\.0\.\d+/);
});

test("without a controller every attachment is stuck or nothing is ready", () => {
  const { verdict, findings } = simulate({}, { gives: false }).tally.result({ keep: false });
  assert.equal(verdict, "faulty");
  assert.ok(findings.stuck > 0);
  const patient = simulate({ readyWithinMs: 1e9 }, { gives: false }).tally.result({ keep: false });
  assert.equal(patient.verdict, "nothing-ready");
  assert.equal(patient.counts.unready, 40);
});

test("an interrupt stops creating and removes what there is", () => {
  const cluster = new SimulatedCluster(optionsWith()).run(1000);
  const { verdict, counts, ending } = cluster.tally.result({ keep: false });
  assert.equal(verdict, "interrupted");
  assert.equal(ending?.reason, "interrupted");
  assert.ok(counts.created < 15 && counts.created === counts.deleted, `created ${counts.created}`);
  assert.equal(cluster.existing.size, 0);
  assert.ok(cluster.clock.now() < 1500);
});

test("a shock test creates only, waits, and removes everything as fast as it can", () => {
  const cluster = simulate({ waitAfterCreateMs: 30_000, attachmentCount: 1000, ratePerSecond: 1000 });
  assert.deepEqual(phases(cluster), ["warm-up", "waiting", "cleaning up", "settling", "finished"]);
  const { counts } = cluster.tally.result({ keep: false });
  assert.deepEqual([counts.created, counts.deleted], [17, 17]);
  assert.ok(cluster.clock.now() >= 30_000 && cluster.clock.now() < 31_000);
});

test("keep leaves the population of the cruise", () => {
  const cluster = simulate({ keep: true });
  const { verdict, counts, ending } = cluster.tally.result({ keep: true });
  assert.equal(verdict, "good");
  assert.equal(cluster.existing.size, 17);
  assert.equal(ending?.left, 17);
  assert.equal(counts.created - counts.deleted, 17);
});

test("half tests come first, full tests ping a living peer, and waiting shifts the schedule", () => {
  const cluster = simulate({ test: TESTS, attachmentCount: 60, readyWithinMs: 1e6 });
  const { counts, verdict } = cluster.tally.result({ keep: false });
  assert.equal(verdict, "good");
  assert.ok(counts.testsPassed > 10);
  assert.ok(cluster.load.shiftMs > 0);
  const living = new Set<string>();
  for (const output of cluster.outputs) {
    if (output.kind === "create") {
      const peer = output.attachment.postCreateExec[7];
      if (peer !== undefined) assert.ok(living.has(peer), `${output.attachment.name} pings ${peer}, which is gone`);
      living.add(output.attachment.name);
    }
    // What is about to go is no peer for others: the pointer falls back.
    if (output.kind === "delete") living.delete(output.name);
  }
});

test("a peer that goes while it is pinged makes the test moot, and no finding", () => {
  const behaviour = { ...WORKING, testMs: 1500 };
  const options = { test: { ...TESTS, fraction: 1 }, attachmentCount: 120, readyWithinMs: 1e6 };
  const { verdict, counts } = simulate(options, behaviour).tally.result({ keep: false });
  assert.equal(verdict, "good");
  assert.ok(counts.testsMoot > 0 && counts.testsPassed > counts.testsMoot, JSON.stringify(counts));
});

test("a failing ping ends the run, unless told otherwise", () => {
  const early = simulate({ test: TESTS, readyWithinMs: 1e6 }, { testFails: new Set([1]) }).tally.result({
    keep: false,
  });
  assert.equal(early.verdict, "tests-failed");
  assert.equal(early.ending?.reason, "ping-failed");
  const full = simulate({ test: TESTS, stopOnPingFail: false, readyWithinMs: 1e6 }, { testFails: new Set([1]) });
  assert.equal(full.tally.counts.created, 40);
  assert.equal(full.tally.counts.testsFailed, 1);
});

test("operations that cannot begin on time are counted with their delay, and none is left out", () => {
  const { counts } = simulate({ threads: 1, ratePerSecond: 100 }, { callMs: 50 }).tally.result({ keep: false });
  assert.deepEqual([counts.created, counts.deleted], [40, 40]);
  assert.ok(counts.lateOperations > 20);
  assert.ok(counts.lateTotalMs > 1000);
});

test("the least lifetime is as many operations as a lane has slots", () => {
  const { load } = simulate();
  assert.equal(lifetimeMinMs(load.lanes, 10), 1500);
});
