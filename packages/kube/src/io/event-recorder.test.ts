// Events: what is sent, one after the other, and what is dropped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, SeededRandom } from "@coracle/base";
import { eventually } from "@coracle/sim";
import { type KubeObject, makeStatus, StatusError } from "../mod.ts";
import { EventRecorder, type EventReport } from "./event-recorder.ts";
import type { KubeClient } from "./kube-client.ts";

const START_MS = Date.parse("2026-01-02T03:04:05.678Z");

interface Bench {
  readonly recorder: EventRecorder;
  readonly clock: ManualClock;
  /** What came to the server. */
  readonly sent: KubeObject[];
  /** HTTP codes that were told. */
  readonly refusals: number[];
  readonly stopping: AbortController;
}

/** A recorder whose server takes an Event when `answer` resolves. */
function makeBench(answer: () => Promise<void> = () => Promise.resolve()): Bench {
  const clock = new ManualClock({ wallMs: START_MS });
  const sent: KubeObject[] = [];
  const refusals: number[] = [];
  const stopping = new AbortController();
  const create = async (_: unknown, object: KubeObject): Promise<KubeObject> => {
    sent.push(object);
    await answer();
    return object;
  };
  const recorder = new EventRecorder({
    client: { clock, random: new SeededRandom(1), create: create as KubeClient["create"] },
    component: "coracle.dev/test",
    instance: "node-a",
    signal: stopping.signal,
    onRefused: ({ httpCode }) => refusals.push(httpCode),
  });
  return { recorder, clock, sent, refusals, stopping };
}

function report(name: string, message: string = "done"): EventReport {
  const subject = { apiVersion: "a/v1", kind: "Thing", namespace: "ns", name, uid: "u" };
  return { subject, type: "Normal", reason: "Done", message };
}

test("an Event says what happened to what, who saw it and when", async () => {
  const { recorder, sent } = makeBench();
  recorder.record({ ...report("a"), message: "x".repeat(2000) });
  await eventually(() => recorder.sent === 1, "one is sent");
  const [event] = sent;
  assert.ok(event !== undefined);
  assert.match(event.metadata.name ?? "", /^a\.[0-9a-f]+$/);
  assert.deepEqual(event, {
    apiVersion: "v1",
    kind: "Event",
    metadata: { namespace: "ns", name: event.metadata.name },
    involvedObject: { apiVersion: "a/v1", kind: "Thing", namespace: "ns", name: "a", uid: "u" },
    type: "Normal",
    reason: "Done",
    action: "Done",
    message: "x".repeat(1024),
    eventTime: "2026-01-02T03:04:05.678000Z",
    reportingComponent: "coracle.dev/test",
    reportingInstance: "node-a",
  });
});

test("a long name is cut to one that is still a name", async () => {
  const { recorder, sent } = makeBench();
  recorder.record(report(`${"a".repeat(230)}.${"-".repeat(4)}-b${"c".repeat(16)}`));
  await eventually(() => recorder.sent === 1, "one is sent");
  assert.match(sent[0]?.metadata.name ?? "", /^a{230}\.[0-9a-f]{1,12}$/);
});

test("Events go one after the other; those over the cap are dropped", async () => {
  const gate = Promise.withResolvers<void>();
  const { recorder, sent } = makeBench(() => gate.promise);
  for (let index = 0; index < 1030; index++) recorder.record(report(`n${index}`));
  assert.equal(sent.length, 1);
  assert.equal(recorder.dropped, 5);
  gate.resolve();
  await eventually(() => recorder.sent === 1025, "all that waited are sent");
  assert.deepEqual(
    sent.map(({ metadata }) => metadata.name?.split(".")[0]),
    Array.from({ length: 1025 }, (_, index) => `n${index}`),
  );
});

test("a server that does not take Events is left alone for five minutes, and told of once", async () => {
  for (const [reason, code] of [
    ["Forbidden", 403],
    ["MethodNotAllowed", 405],
    ["", 404],
  ] as const) {
    let refuses = true;
    const { recorder, sent, refusals, clock } = makeBench(() => {
      if (!refuses) return Promise.resolve();
      const { reason: _, ...status } = makeStatus({ reason: "Forbidden", message: "no", code });
      return Promise.reject(new StatusError(reason === "" ? status : { ...status, reason }));
    });
    recorder.record(report("a"));
    recorder.record(report("b"));
    await eventually(() => recorder.dropped === 2, "the waiting one goes with the refused one");
    clock.advance(299_999);
    recorder.record(report("c"));
    assert.deepEqual([recorder.dropped, sent.length, refusals], [3, 1, [code]]);
    refuses = false;
    clock.advance(1);
    recorder.record(report("d"));
    await eventually(() => recorder.sent === 1, "Events are sent again");
  }
});

test("other failures cost one Event, and nothing is sent after the end", async () => {
  let failures = 0;
  const { recorder, sent, refusals, stopping } = makeBench(() => {
    if (failures++ > 0) stopping.abort();
    // A namespace that is going away, which is no refusal of all Events.
    return Promise.reject(new StatusError(makeStatus({ reason: "NotFound", message: "no namespace" })));
  });
  for (const name of ["a", "b", "c"]) recorder.record(report(name));
  await eventually(() => recorder.dropped === 2, "two are tried");
  assert.deepEqual([sent.length, recorder.dropped, recorder.sent, refusals], [2, 2, 0, []]);
});
