// The comparison itself: it finds what differs, accepts what is listed and nothing else, and notices entries that are stale.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findDifferences, judge } from "./differences.ts";
import type { Json } from "./json.ts";
import { Normaliser, volatileText } from "./normalise.ts";
import type { Recording } from "./run-script.ts";

function recording(body: Json): Recording {
  return { area: { step: { request: "GET /", status: 200, headers: { vary: "Accept" }, body } } };
}

test("values, absences, lengths and missing answers are found with their paths", () => {
  const found = findDifferences(
    recording({ a: 1, list: [1, 2], gone: null }),
    recording({ a: 2, list: [1], new: true }),
  );
  assert.deepEqual(
    found.map((one) => [one.step, one.path, one.expected, one.actual]),
    [
      ["area/step", "body.a", 1, 2],
      ["area/step", "body.list.1", 2, undefined],
      ["area/step", "body.gone", null, undefined],
      ["area/step", "body.new", undefined, true],
    ],
  );
  const missing = findDifferences(recording(1), { area: {} });
  assert.equal(missing.length, 1);
  assert.deepEqual(findDifferences(recording({ a: [1, { b: "c" }] }), recording({ a: [1, { b: "c" }] })), []);
  // Areas that were not run are not compared.
  assert.deepEqual(findDifferences(recording(1), {}), []);
});

test("texts for people are told apart from substance, unless one is empty", () => {
  const kinds = (expected: Json, actual: Json): string[] =>
    findDifferences(recording(expected), recording(actual)).map((one) => one.kind);
  assert.deepEqual(kinds({ message: "a" }, { message: "b" }), ["wording"]);
  assert.deepEqual(kinds({ message: "a" }, { message: "" }), ["substance"]);
  assert.deepEqual(kinds({ message: "a" }, {}), ["substance"]);
  assert.deepEqual(kinds({ reason: "a" }, { reason: "b" }), ["substance"]);
});

test("listed differences are accepted, others not, and unused entries are stale", () => {
  const differences = findDifferences(recording({ a: { b: [1] }, c: 1 }), recording({ a: { b: [2] }, c: 2 }));
  const entry = (step: string, path: string): { step: string; path: string; reason: string } => ({
    step,
    path,
    reason: "test",
  });
  const outcome = (list: readonly ReturnType<typeof entry>[]): [number, number, number] => {
    const judgement = judge(differences, list, ["area/step"]);
    return [judgement.unexplained.length, judgement.accepted.length, judgement.stale.length];
  };
  assert.deepEqual(outcome([]), [2, 0, 0]);
  assert.deepEqual(outcome([entry("area/*", "body.a.b.*")]), [1, 1, 0]);
  assert.deepEqual(outcome([entry("*", "body.**")]), [0, 2, 0]);
  // One star stays inside one name.
  assert.deepEqual(outcome([entry("*", "body.*")]), [1, 1, 0]);
  assert.deepEqual(outcome([entry("area/step", "body.never")]), [2, 0, 1]);
  assert.deepEqual(outcome([entry("area/other", "**")]), [2, 0, 0]);
});

test("what changes from run to run is named, and whether it changed is kept", () => {
  const normaliser = new Normaliser();
  const object = (resourceVersion: string): Json => ({
    metadata: {
      name: "a",
      namespace: "n",
      uid: "6b2e4a52-6f5b-4a49-9d8e-0d6a1e2b3c4d",
      resourceVersion,
      creationTimestamp: "2024-01-01T00:00:00Z",
    },
    spec: { at: "2024-01-01T00:00:00.000001Z" },
  });
  const named = (uid: string, rv: string): Json => ({
    metadata: { name: "a", namespace: "n", uid, resourceVersion: rv, creationTimestamp: "<time>" },
    spec: { at: "<microtime>" },
  });
  assert.deepEqual(normaliser.body(object("7")), named("<uid:new>", "<rv:new>"));
  assert.deepEqual(normaliser.body(object("7")), named("<uid:same>", "<rv:same>"));
  assert.deepEqual(normaliser.body(object("9")), named("<uid:same>", "<rv:new>"));
  assert.deepEqual(normaliser.body({ metadata: { resourceVersion: "12", continue: "x" } }), {
    metadata: { resourceVersion: "<rv>", continue: "<continue>" },
  });
  // A version the server made up, or left empty, is not hidden.
  assert.deepEqual(normaliser.body({ metadata: { resourceVersion: "0" } }), { metadata: { resourceVersion: "0" } });
  assert.equal(volatileText("generated-x7k2p lost"), "generated-<random> lost");
});
