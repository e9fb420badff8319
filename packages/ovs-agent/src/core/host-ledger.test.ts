// From desire to interface to commands: what is run, told and written for each turn that an attachment can take.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalView } from "./attachment-fields.ts";
import type { LocalBlock } from "./attachment-machine-types.ts";
import { emptyReport, type ExecRun } from "./exec-command.ts";
import type { ExecJob } from "./exec-queue.ts";
import type { FabricEvent, LocalInterface } from "./fabric.ts";
import { HostLedger } from "./host-ledger.ts";
import { lastClientWrite } from "./client-write.ts";

const HOOK = "/bin/hook";

function view(overrides: Partial<LocalView> = {}): LocalView {
  return {
    owner: "n/a",
    namespace: "n",
    name: "a",
    uid: "u1",
    resourceVersion: "1",
    generation: 1,
    vni: 1,
    ipv4: 0x0a00_0001,
    ipv4Text: "10.0.0.1",
    postCreateExec: [HOOK, "made", "${ifname}"],
    postDeleteExec: [HOOK, "gone", "${ipv4}"],
    reported: { macAddress: "", ifcName: "", hostIp: "", hostErrors: [], hasExecReport: false, conditions: [] },
    times: { attachmentMs: 0, subnetMs: 0, implMs: 0 },
    ...overrides,
  };
}

function local({ owner, uid, vni, ipv4 }: LocalView): LocalInterface {
  return { kind: "local", owner, uid, vni, ipv4 };
}

const REPORT = emptyReport([HOOK], "2026-01-01T00:00:00Z", "");
const FAILED: ExecRun = { report: REPORT, reason: "Failed", message: "It failed.", durationMs: 1 };

/** A ledger, and what it asked for since the last look. */
class Bench {
  readonly ledger = new HostLedger({ hostIp: "192.0.2.1", allowedPrograms: new Set([HOOK]) });
  readonly jobs: ExecJob[] = [];

  state(seen: LocalView, block?: LocalBlock): string[] {
    this.ledger.noteState({ view: seen, block });
    return this.take();
  }

  fabric(event: FabricEvent): string[] {
    this.ledger.noteFabric(event);
    return this.take();
  }

  implemented(seen: LocalView, created = true): string[] {
    return this.fabric({ kind: "implemented", interface: local(seen), created });
  }

  take(): string[] {
    const told: string[] = [];
    for (let output = this.ledger.poll(); output !== undefined; output = this.ledger.poll()) {
      if (output.kind === "exec") {
        this.jobs.push(output.job);
        told.push(output.job.command.slice(1).join(" "));
      } else told.push(output.kind === "event" ? output.reason : "status");
    }
    return told;
  }
}

test("made, run, reported, changed, removed", () => {
  const bench = new Bench();
  assert.deepEqual(bench.state(view()), ["status"]);
  assert.equal(bench.ledger.facts("n/a")?.outcome.kind, "pending");
  assert.deepEqual(bench.implemented(view()), ["status", "Implemented", "made cor060000010001"]);
  const [job] = bench.jobs;
  assert.ok(job !== undefined);
  bench.ledger.noteRun(job, FAILED);
  assert.deepEqual(bench.take(), ["status", "PostCreateExecFailed"]);
  const facts = bench.ledger.facts("n/a");
  assert.ok(facts?.postCreate.kind === "ended");
  bench.ledger.noteWritten("n/a", facts);
  assert.equal(bench.ledger.facts("n/a")?.postCreate.kind, "none");
  // The command of the attachment's last state counts.
  bench.state(view({ postDeleteExec: [HOOK, "changed", "${mac}"] }));
  bench.ledger.noteGone("n/a");
  assert.deepEqual(bench.take(), ["status"]);
  assert.equal(bench.ledger.facts("n/a"), undefined);
  const removed = bench.fabric({ kind: "removed", interface: local(view()) });
  assert.deepEqual(removed, ["changed 06:00:00:01:00:01"]);
});

test("a moved address runs the old interface's command after deletion, and the old report is void", () => {
  const bench = new Bench();
  bench.state(view());
  bench.implemented(view());
  const moved = view({ vni: 2, ipv4: 0x0a00_0002 });
  bench.state(moved);
  assert.equal(bench.ledger.facts("n/a")?.outcome.kind, "pending");
  assert.deepEqual(bench.fabric({ kind: "removed", interface: local(view()) }), ["gone 10.0.0.1"]);
  assert.deepEqual(bench.implemented(moved), ["status", "Implemented", "made cor060000020002"]);
  const [old] = bench.jobs;
  assert.ok(old !== undefined);
  bench.ledger.noteRun(old, FAILED);
  // The run of the first interface says nothing about the second.
  assert.deepEqual(bench.take(), []);
  assert.equal(bench.ledger.facts("n/a")?.isOldReportVoid, true);
});

test("an attachment made anew under its name takes the interface over without running anything", () => {
  const bench = new Bench();
  bench.state(view());
  bench.implemented(view());
  const anew = view({ uid: "u2" });
  bench.state(anew);
  assert.deepEqual(bench.implemented(anew, false), ["status"]);
  bench.ledger.noteGone("n/a");
  bench.take();
  assert.deepEqual(bench.fabric({ kind: "removed", interface: local(anew) }), ["gone 10.0.0.1"]);
});

test("a device that Open vSwitch lost and the fabric made again gets its commands again", () => {
  const bench = new Bench();
  bench.state(view());
  bench.implemented(view());
  assert.deepEqual(bench.implemented(view()), ["status", "Implemented", "made cor060000010001"]);
});

test("an interface of an earlier run gets its command only if that run had not reported it, for the same attachment", () => {
  const reported = { ...view().reported, hasExecReport: true };
  const cases: readonly [survivor: string, seen: LocalView, told: string[]][] = [
    ["u1", view(), ["status", "made cor060000010001"]],
    ["u1", view({ reported }), ["status"]],
    ["u0", view(), ["status"]],
  ];
  for (const [uid, seen, told] of cases) {
    const bench = new Bench();
    bench.ledger.noteSurvivors([{ ...local(seen), uid }]);
    bench.state(seen);
    assert.deepEqual(bench.implemented(seen, false), told);
  }
});

test("refused programs are told at both ends and never run", () => {
  const bench = new Bench();
  const seen = view({ postCreateExec: ["/bin/other"], postDeleteExec: ["/bin/other"] });
  bench.state(seen);
  assert.deepEqual(bench.implemented(seen), ["status", "Implemented", "ProgramNotAllowed"]);
  assert.equal(bench.ledger.facts("n/a")?.postCreate.kind, "not-allowed");
  assert.deepEqual(bench.fabric({ kind: "removed", interface: local(seen) }), ["ProgramNotAllowed"]);
  assert.equal(bench.jobs.length, 0);
});

test("what keeps an attachment from an interface is told, and forgotten when it is over", () => {
  const bench = new Bench();
  bench.state(view(), { kind: "foreign-vni", namespace: "other" });
  const refused = bench.ledger.facts("n/a")?.outcome;
  assert.ok(refused?.kind === "refused" && refused.reason === "VirtualNetworkInUse");
  // Late news of an interface that is not wanted any more.
  assert.deepEqual(bench.implemented(view()), []);
  bench.state(view());
  assert.equal(bench.ledger.facts("n/a")?.outcome.kind, "pending");
  bench.state(view({ ipv4: 0, ipv4Text: "fd00::1" }), { kind: "unusable-address" });
  const unusable = bench.ledger.facts("n/a")?.outcome;
  assert.ok(unusable?.kind === "refused" && unusable.message.includes('"fd00::1"'));
  assert.deepEqual(bench.state(view(), { kind: "superseded" }), []);
  assert.equal(bench.ledger.facts("n/a"), undefined);
});

test("the last client write is the newest of those that an interface waited for", () => {
  const times = { attachmentMs: 10, subnetMs: 5, implMs: 0 };
  assert.deepEqual(lastClientWrite(times), { what: "na", atMs: 10 });
  assert.deepEqual(lastClientWrite({ ...times, subnetMs: 20 }), { what: "subnet", atMs: 20 });
  const relevance = { attachmentMs: 15, subnetMs: 5, implMs: 0 };
  assert.deepEqual(lastClientWrite(times, relevance), { what: "1st_local_na", atMs: 15 });
  assert.deepEqual(lastClientWrite(times, { ...relevance, subnetMs: 30 }), { what: "1st_local_na_subnet", atMs: 30 });
  assert.equal(lastClientWrite({ attachmentMs: 0, subnetMs: 5, implMs: 0 }), undefined);
});
