// The Accept header: alternatives in order, parameters of transformations, wildcards, refusals.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StatusError } from "@coracle/kube";
import { negotiate, negotiateStream, wantsPretty } from "./negotiation.ts";

const TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1";
const PROTOBUF = "application/vnd.kubernetes.protobuf";

describe("negotiate()", () => {
  it("gives JSON to who does not say", () => {
    assert.deepEqual(negotiate(undefined), { mediaType: "application/json", target: undefined });
    assert.deepEqual(negotiate("*/*"), { mediaType: "application/json", target: undefined });
    assert.equal(negotiate("application/*").mediaType, "application/json");
  });

  it("takes kubectl's first alternative it serves", () => {
    const accept = `${TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`;
    assert.deepEqual(negotiate(accept).target, { kind: "Table", version: "v1" });
    assert.deepEqual(negotiate("application/json;as=Table;v=v1beta1;g=meta.k8s.io").target, {
      kind: "Table",
      version: "v1beta1",
    });
  });

  it("falls through protobuf to the next alternative", () => {
    const as = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    const accept = `${PROTOBUF}${as},application/json${as},application/json`;
    assert.deepEqual(negotiate(accept).target, { kind: "PartialObjectMetadata", version: "v1" });
  });

  it("obeys qualities", () => {
    assert.equal(negotiate("application/json;q=0.5,application/yaml").mediaType, "application/yaml");
    assert.equal(negotiate("application/yaml;q=0,application/json").mediaType, "application/json");
  });

  it("answers 406 when nothing can be served, naming what is", () => {
    for (const accept of [
      PROTOBUF,
      "text/html",
      "application/json;as=Chart;g=meta.k8s.io;v=v1",
      "application/json;sv=v9",
    ]) {
      assert.throws(
        () => negotiate(accept),
        (error) => error instanceof StatusError && error.status.code === 406 && /application\/json/.test(error.message),
      );
    }
  });

  it("never serves a watch as YAML", () => {
    assert.throws(() => negotiateStream("application/yaml"), StatusError);
    assert.equal(negotiateStream("application/json;stream=watch").mediaType, "application/json");
  });

  it("survives any text", () => {
    for (const accept of [";;;", ",", "a/b;q=x", "x,".repeat(10_000), '"', "application/json;as="]) {
      try {
        negotiate(accept);
      } catch (error) {
        assert.ok(error instanceof StatusError);
      }
    }
  });
});

describe("wantsPretty()", () => {
  it("indents for people and on demand", () => {
    const none = new URLSearchParams();
    assert.equal(wantsPretty(none, "curl/8.5"), true);
    assert.equal(wantsPretty(none, "Wget/1.2"), true);
    assert.equal(wantsPretty(none, "Mozilla/5.0 (X11)"), true);
    assert.equal(wantsPretty(none, "kubectl/1.32"), false);
    assert.equal(wantsPretty(new URLSearchParams("pretty=true"), "kubectl/1.32"), true);
    assert.equal(wantsPretty(new URLSearchParams("pretty=false"), "curl/8.5"), false);
  });
});
