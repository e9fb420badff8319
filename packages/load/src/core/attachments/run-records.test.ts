// What a run keeps and shows: observations, tested peers, deletions, samples, pictures, tables.
import { millis, SeededRandom } from "@coracle/base";
import assert from "node:assert/strict";
import { test } from "node:test";
import { DELETE_ATTEMPTS_MAX, Deletions } from "./deletions.ts";
import { picture, secondsText } from "./histogram-picture.ts";
import { complaintsLog2, observe } from "./observation.ts";
import { progressLine, progressLines } from "./progress-view.ts";
import { resultLines } from "./result-table.ts";
import { FINDINGS_KEPT_MAX, RunTally } from "./run-tally.ts";
import { SAMPLES_MAX, SampleSet } from "./sample-set.ts";
import { cleanCommand, testCommand } from "./test-command.ts";
import { TestedPeers } from "./tested-peers.ts";

const ATTACHMENT = {
  apiVersion: "network.coracle.dev/v1alpha1",
  kind: "NetworkAttachment",
  metadata: { name: "a", uid: "u" },
  spec: { node: "n1", subnet: "s" },
};

test("an observation reads address, interface, contention, report and server times", () => {
  const seen = observe({
    ...ATTACHMENT,
    extendedMetadata: {
      writes: [
        { section: "status.impl", serverTime: "2026-01-01T00:00:00.250000Z" },
        { section: "status.address", serverTime: "2026-01-01T00:00:00.100500Z" },
        { section: "spec", serverTime: "2026-01-01T00:00:00.000000Z" },
      ],
    },
    status: {
      ipv4: "10.0.0.2",
      addressVNI: 7,
      ifcName: "cor1",
      addressContention: true,
      errors: { ipam: ["subnet a/b (10.0.0.0/29) has run out of IPs"] },
      postCreateExecReport: {
        command: ["/bin/x"],
        exitStatus: 3,
        startTime: "2026-01-01T00:00:00Z",
        stopTime: "2026-01-01T00:00:01Z",
        stdOut: "Invalid Invalid\nInvalid",
        stdErr: "Invalid",
      },
    },
  });
  assert.equal(seen?.ipv4, 0x0a000002);
  assert.deepEqual([seen.vni, seen.ifcName, seen.contention, seen.breakage], [7, "cor1", true, undefined]);
  assert.deepEqual([seen.report?.exitStatus, seen.report?.complaintsLog2], [3, 2]);
  assert.ok(Math.abs((seen.times.addressMs ?? 0) - (seen.times.specMs ?? 0) - 100.5) < 0.01);
  assert.equal(seen.times.reportMs, undefined);
});

test("errors of the host and of the address controller break, a full subnet does not; other objects are none", () => {
  const withErrors = (errors: object): string | undefined => observe({ ...ATTACHMENT, status: { errors } })?.breakage;
  assert.equal(withErrors({ host: ["refused"] }), "host: refused");
  assert.equal(withErrors({ ipam: ["the subnet is missing"] }), "address: the subnet is missing");
  assert.equal(withErrors({ ipam: ["the subnet has run out of IPs"] }), undefined);
  assert.equal(withErrors({}), undefined);
  assert.equal(observe({ ...ATTACHMENT, kind: "Subnet" }), undefined);
  assert.deepEqual(["", "Invalid", "Invalid Invalid Invalid"].map(complaintsLog2), [-1, 0, 1]);
});

test("the latest tested peer is the newest that exists", () => {
  const peers = new TestedPeers();
  assert.equal(peers.isPending, false);
  for (const name of ["a", "b", "c"]) peers.begin(name);
  assert.equal(peers.isPending, true);
  peers.end({ name: "a", ipv4: 1 }, true);
  peers.end({ name: "b", ipv4: 2 }, true);
  peers.end({ name: "c", ipv4: 3 }, false);
  assert.equal(peers.isPending, false);
  assert.equal(peers.latest()?.name, "b");
  peers.forget("b");
  assert.equal(peers.latest()?.name, "a");
  peers.forget("a");
  assert.equal(peers.latest(), undefined);
});

test("test commands name the program, the agent's placeholders, and the peer of a full test", () => {
  const settings = { program: "/bin/agent", fraction: 1, pingCount: 4, pendingWaitMs: 1 };
  const half = ["/bin/agent", "test-by-ping", "${ifname}", "ns", "${ipv4}/26"];
  assert.deepEqual(testCommand(settings, { netns: "ns", prefixLength: 26 }, undefined), half);
  assert.deepEqual(testCommand(settings, { netns: "ns", prefixLength: 26 }, { name: "p", ipv4: 0x0a000003 }), [
    ...half,
    "10.0.0.3",
    "4",
    "p",
  ]);
  assert.deepEqual(cleanCommand(settings, "ns"), ["/bin/agent", "remove-netns", "ns"]);
});

test("deletions are tried again after 100 ms, doubling to 5 s, and then given up", () => {
  const deletions = new Deletions();
  deletions.begin("a");
  let now = 0;
  const waits: number[] = [];
  for (let attempt = 1; attempt < DELETE_ATTEMPTS_MAX; attempt++) {
    assert.equal(deletions.end("a", false, millis(now)), "will-retry");
    assert.equal(deletions.due(millis(now)), undefined);
    const next = deletions.nextRetry() ?? millis(0);
    waits.push(next - now);
    now = next;
    assert.equal(deletions.due(next), "a");
    assert.equal(deletions.nextRetry(), undefined);
  }
  assert.deepEqual(waits.slice(0, 8), [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  assert.equal(deletions.end("a", false, millis(now)), "given-up");
  assert.equal(deletions.size, 0);
});

test("quantiles are exact up to the cap, and a fair choice of samples beyond it", () => {
  const samples = new SampleSet(new SeededRandom(1));
  assert.equal(samples.summary(), undefined);
  for (let value = 1; value <= 100; value++) samples.add(value / 1000, `n${value}`);
  const { p50, p95, p99, min, max, maxName, mean, histogram } = samples.summary() ?? assert.fail();
  assert.deepEqual([p50, p95, p99, min, max, maxName], [0.05, 0.095, 0.099, 0.001, 0.1, "n100"]);
  assert.ok(Math.abs(mean - 0.0505) < 1e-9);
  assert.deepEqual(histogram, [1, 1, 2, 4, 8, 16, 32, 36]);
  for (let value = 0; value < 2 * SAMPLES_MAX; value++) samples.add(1, "late");
  const later = samples.summary() ?? assert.fail();
  assert.deepEqual([later.count, later.p50], [100 + 2 * SAMPLES_MAX, 1]);
});

test("findings are counted all and kept up to the cap", () => {
  const tally = new RunTally(new SeededRandom(1));
  for (let index = 0; index < FINDINGS_KEPT_MAX + 5; index++) {
    tally.add({ kind: "finding", finding: { kind: "broken", name: `n${index}`, message: `n${index} broke` } });
  }
  const result = tally.result({ keep: false });
  assert.deepEqual([result.findings.broken, result.firstFindings.length], [FINDINGS_KEPT_MAX + 5, FINDINGS_KEPT_MAX]);
  const lines = resultLines(result);
  assert.ok(lines.includes("broken: n0 broke") && lines.includes("… and 95 more"));
  assert.equal(lines.at(-1), "verdict: faulty");
});

test("pictures and durations are short and honest", () => {
  assert.equal(picture([]), "");
  assert.equal(picture([0, 1, 100, 50]), " ▁█▄");
  assert.deepEqual([0.0042, 0.04, 0.42, 4.2, 125].map(secondsText), [
    "4.20 ms",
    "40.0 ms",
    "420 ms",
    "4.20 s",
    "2 m 05 s",
  ]);
});

test("the live view fits the terminal and says what is wrong", () => {
  const tally = new RunTally(new SeededRandom(1));
  tally.add({ kind: "phase", phase: "cruise" });
  tally.add({ kind: "call", verb: "create", isOk: true });
  tally.add({ kind: "latency", latency: "createToReady", seconds: 0.012, name: "a" });
  tally.add({ kind: "finding", finding: { kind: "stuck", name: "b", message: "b" } });
  const state = { tally, elapsedMs: 1500, population: 1, operations: 4, recentRates: [1, 2, 3] };
  const lines = progressLines(state, 60);
  assert.ok(lines.every((line) => line.length <= 60));
  assert.match(lines[0] ?? "", /^cruise +█{8}░+ 25 %/);
  assert.match(lines[4] ?? "", /1 stuck/);
  assert.match(progressLine(state), /cruise: 1 created, 0 ready, 0 deleted, create → ready p50 12\.0 ms .*1 stuck/);
});
