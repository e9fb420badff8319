// What several workers count, told by one of them, and the resources of the CoAP server that show it.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock, millis } from "@coracle/base";
import { DROP_CAUSES, ROUTE_COUNTERS } from "@coracle/cluster";
import { groupCounts, layOutCounters, ProcessCounters, PUBLISH_MS } from "./process-counters.ts";
import { answerRequest, type Diagnosis, DIAGNOSED_GROUPS, RESPONSE_SIZE_BYTES_MAX } from "./resources.ts";
import type { WorkerCounts } from "./worker-messages.ts";

/** Names as they are at least as long and many in earnest; every count is `count`. */
function counts(count: number): WorkerCounts {
  const all = (names: readonly string[]): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, count]));
  const numbered = (name: string, length: number): string[] => Array.from({ length }, (_, at) => `${name}${at}`);
  return {
    dtls: all([...numbered("renegotiationsRefused", 20), ...numbered("dropHandshakeBudget", 22)]),
    routes: all([...ROUTE_COUNTERS, "handed-over"]),
    drops: all([...DROP_CAUSES, "handshakes-waiting-full"]),
    handshakeFailures: { ["comes up later"]: 1 },
    refusals: {},
    upstream: all(["requests", "malformed", "ignored", "pings"]),
    lookups: {},
    held: all(["sessions", "handshakes", "handshakesWaiting", "flows", "flowsConfirmed"]),
  };
}

describe("the counters of a process", () => {
  it("are those of all workers, the asked one's as they are now and the others' of a moment ago", () => {
    const clock = new ManualClock();
    const memory = layOutCounters(3);
    const live = [1, 10, 100];
    const workers = live.map((_, worker) => new ProcessCounters(memory, worker, () => counts(live[worker] ?? 0)));
    const sessions = (worker: number): number | undefined => workers[worker]?.total().groups["held"]?.["sessions"];
    const tick = (): void => workers.forEach((worker) => worker.tick(clock.now()));
    assert.deepEqual([sessions(0), workers[0]?.total().workers], [1, 1], "nobody has told anything yet");
    tick();
    assert.deepEqual([0, 1, 2].map(sessions), [111, 111, 111]);
    assert.equal(workers[1]?.total().workers, 3);
    live.fill(7);
    clock.advance(PUBLISH_MS - 1);
    tick();
    assert.deepEqual([0, 1, 2].map(sessions), [7 + 110, 7 + 101, 7 + 11]);
    clock.advance(1);
    tick();
    assert.deepEqual([0, 1, 2].map(sessions), [21, 21, 21]);
    const { groups } = workers[0]?.total() ?? {};
    assert.deepEqual(Object.keys(groups ?? {}), [...DIAGNOSED_GROUPS]);
    for (const group of Object.values(groups ?? {})) assert.deepEqual(new Set(Object.values(group)), new Set([21]));
  });

  it("do not lose a count that 32 bits do not hold", () => {
    const memory = layOutCounters(2);
    new ProcessCounters(memory, 0, () => counts(2 ** 52)).tick(millis(0));
    const { groups } = new ProcessCounters(memory, 1, () => counts(1)).total();
    assert.equal(groups["dtls-drops"]?.["dropHandshakeBudget21"], 2 ** 52 + 1);
  });

  it("are one worker's where there is no memory to share", () => {
    const alone = new ProcessCounters(undefined, 0, () => counts(5));
    alone.tick(millis(0));
    assert.deepEqual(alone.total(), { workers: 1, groups: groupCounts(counts(5)) });
  });

  it("may not be more than there is room for", () => {
    const names = Object.fromEntries(Array.from({ length: 256 }, (_, at) => [`n${at}`, 1]));
    const counters = new ProcessCounters(layOutCounters(1), 0, () => ({ ...counts(1), drops: names }));
    assert.throws(() => counters.tick(millis(0)), /more than 255/);
  });
});

describe("the resource diagnose", () => {
  const ask = (path: string, count: number, accept?: number) => {
    const diagnosis: Diagnosis = { nodeId: 4, workers: 3, sessionsMax: 9, groups: groupCounts(counts(count)) };
    const request = { method: "GET", path, queries: [], payload: new Uint8Array(0), accept };
    const { code, payload } = answerRequest(request, { facts: () => undefined, diagnosis: () => diagnosis });
    return { code, size: payload.length, json: JSON.parse(new TextDecoder().decode(payload) || "null") as unknown };
  };

  it("tells node, workers and limit, and what is not zero", () => {
    const none = Object.fromEntries(DIAGNOSED_GROUPS.map((group) => [group, {}]));
    assert.deepEqual(ask("diagnose", 0).json, { "node-id": 4, workers: 3, "max-connections": 9, ...none });
  });

  it("fits a record: what does not is in resources below it, however large the counts", () => {
    const { json, size } = ask("diagnose", Number.MAX_SAFE_INTEGER);
    const { more, held, ...facts } = json as { readonly more: readonly string[]; readonly held: object };
    assert.ok(size <= RESPONSE_SIZE_BYTES_MAX);
    assert.deepEqual(facts, { "node-id": 4, workers: 3, "max-connections": 9 });
    assert.equal(Object.keys(held).length, 5);
    const parts: Record<string, unknown> = {};
    for (const path of more) {
      const part = ask(path, Number.MAX_SAFE_INTEGER);
      assert.ok(part.size <= RESPONSE_SIZE_BYTES_MAX, `${path}: ${part.size}`);
      parts[path.slice("diagnose/".length)] = part.json;
    }
    assert.deepEqual(parts, groupCounts(counts(Number.MAX_SAFE_INTEGER)));
  });

  it("is JSON or nothing, and has no other parts", () => {
    assert.equal(ask("diagnose", 1, 50).code, "2.05");
    assert.equal(ask("diagnose", 1, 0).code, "4.06");
    assert.equal(ask("diagnose/dtls", 1, 0).code, "4.06");
    assert.equal(ask("diagnose/nothing", 1).code, "4.04");
  });
});
