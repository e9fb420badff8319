// Query options: what is read, what may not be combined, and how refusals are worded.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StatusError } from "@coracle/kube";
import { deleteOptionsOfBody, deleteOptionsOfQuery } from "./delete-options.ts";
import { parseListQuery } from "./list-options.ts";
import { parseWriteQuery } from "./write-options.ts";

function refusal(run: () => unknown): { code: number | undefined; fields: (string | undefined)[]; message: string } {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof StatusError);
    const { code, details, message = "" } = error.status;
    return { code, fields: (details?.causes ?? []).map(({ field }) => field), message };
  }
  assert.fail("nothing was refused");
}

const list = (query: string): ReturnType<typeof parseListQuery> => parseListQuery(new URLSearchParams(query), false);
const watch = (query: string): ReturnType<typeof parseListQuery> => parseListQuery(new URLSearchParams(query), true);

describe("parseListQuery()", () => {
  it("reads all options", () => {
    const query = list("labelSelector=a%3Db&fieldSelector=c%3Dd&limit=5&timeoutSeconds=7&continue=t");
    assert.equal(query.labelSelector, "a=b");
    assert.equal(query.fieldSelector, "c=d");
    assert.equal(query.limit, 5);
    assert.equal(query.timeoutSeconds, 7);
    assert.equal(query.continueToken, "t");
  });

  it("answers 400 in Go's words for a number that is none", () => {
    const { code, message } = refusal(() => list("limit=abc"));
    assert.equal(code, 400);
    assert.equal(message, 'strconv.ParseInt: parsing "abc": invalid syntax');
    assert.match(refusal(() => list("limit=99999999999999999999")).message, /value out of range/);
  });

  it("ignores the limit of a list from any state", () => {
    assert.equal(list("limit=5&resourceVersion=0").limit, 0);
    assert.equal(list("limit=-5").limit, 0);
  });

  it("makes a watch from nothing or from 0 send the state first", () => {
    assert.equal(watch("").sendInitialEvents, true);
    assert.equal(watch("resourceVersion=0").resourceVersionMatch, "NotOlderThan");
    assert.equal(watch("resourceVersion=5").sendInitialEvents, undefined);
    assert.equal(watch("sendInitialEvents=false&resourceVersionMatch=NotOlderThan").sendInitialEvents, false);
  });

  const refused: readonly (readonly [boolean, string, string])[] = [
    [true, "sendInitialEvents=true&resourceVersion=1", "resourceVersionMatch"],
    [true, "resourceVersionMatch=NotOlderThan&resourceVersion=1", "resourceVersionMatch"],
    [true, "resourceVersionMatch=Exact&resourceVersion=1&sendInitialEvents=true", "resourceVersionMatch"],
    [false, "sendInitialEvents=true", "sendInitialEvents"],
    [false, "resourceVersionMatch=Exact", "resourceVersionMatch"],
    [false, "resourceVersionMatch=Exact&resourceVersion=0", "resourceVersionMatch"],
    [false, "resourceVersionMatch=Newest&resourceVersion=1", "resourceVersionMatch"],
    [false, "resourceVersionMatch=Exact&resourceVersion=1&continue=x", "resourceVersionMatch"],
  ];
  for (const [isWatch, query, field] of refused) {
    it(`answers 422 to ${isWatch ? "watch" : "list"} with ${query}`, () => {
      const { code, fields } = refusal(() => (isWatch ? watch(query) : list(query)));
      assert.equal(code, 422);
      assert.ok(fields.includes(field), String(fields));
    });
  }
});

describe("parseWriteQuery()", () => {
  const read = (query: string, kind: Parameters<typeof parseWriteQuery>[1] = "CreateOptions"): unknown =>
    parseWriteQuery(new URLSearchParams(query), kind);

  it("defaults to warnings and a real write", () => {
    assert.deepEqual(read(""), { dryRun: false, fieldManager: "", fieldValidation: "Warn", force: false });
    assert.deepEqual(read("dryRun=All&fieldValidation=Strict&force=true&fieldManager=m", "ApplyOptions"), {
      dryRun: true,
      fieldManager: "m",
      fieldValidation: "Strict",
      force: true,
    });
  });

  it("refuses what is not allowed, each with its field", () => {
    assert.deepEqual(refusal(() => read("dryRun=Some")).fields, ["dryRun"]);
    assert.deepEqual(refusal(() => read("dryRun=")).fields, ["dryRun"]);
    assert.deepEqual(refusal(() => read("fieldValidation=strict")).fields, ["fieldValidation"]);
    assert.deepEqual(refusal(() => read(`fieldManager=${"x".repeat(129)}`)).fields, ["fieldManager"]);
    assert.deepEqual(refusal(() => read("fieldManager=a%0Ab")).fields, ["fieldManager"]);
    assert.deepEqual(refusal(() => read("", "ApplyOptions")).fields, ["fieldManager"]);
    assert.deepEqual(refusal(() => read("force=true", "PatchOptions")).fields, ["force"]);
  });
});

describe("delete options", () => {
  it("come from the body with preconditions and policy", () => {
    const options = deleteOptionsOfBody({
      kind: "DeleteOptions",
      propagationPolicy: "Foreground",
      preconditions: { uid: "u", resourceVersion: "7" },
      gracePeriodSeconds: 3,
      dryRun: ["All"],
    });
    assert.deepEqual(options, {
      dryRun: true,
      gracePeriodSeconds: 3,
      propagationPolicy: "Foreground",
      orphanDependents: undefined,
      preconditions: { uid: "u", resourceVersion: "7" },
    });
  });

  it("come from the query when there is no body", () => {
    const options = deleteOptionsOfQuery(new URLSearchParams("gracePeriodSeconds=0&orphanDependents=false"));
    assert.equal(options.gracePeriodSeconds, 0);
    assert.equal(options.orphanDependents, false);
  });

  it("refuse two policies, an unknown one, another kind and wrong types", () => {
    const both = { orphanDependents: true, propagationPolicy: "Orphan" };
    assert.equal(refusal(() => deleteOptionsOfBody(both)).code, 422);
    assert.equal(refusal(() => deleteOptionsOfBody({ propagationPolicy: "Later" })).code, 422);
    assert.equal(refusal(() => deleteOptionsOfBody({ kind: "Pod" })).code, 400);
    assert.equal(refusal(() => deleteOptionsOfBody({ gracePeriodSeconds: "3" })).code, 400);
    assert.equal(refusal(() => deleteOptionsOfBody({ dryRun: "All" })).code, 400);
  });
});
