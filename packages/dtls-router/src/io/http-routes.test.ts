// The router's own HTTP resources: what they answer, to good and to bad questions, and when a worker does not say.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionCounts } from "../core/worker-messages.ts";
import type { ClusterControl } from "./cluster-control.ts";
import { createRoutes } from "./http-routes.ts";
import type { SessionService } from "./session-service.ts";
import { NoAnswerError } from "./worker-line.ts";

const COUNTS: SessionCounts = {
  sessions: 2,
  handshakes: 1,
  throughOtherNodes: 0,
  withoutConnectionId: 0,
  bySuite: { PSK_WITH_AES_128_CCM_8: 2 },
  byIdentity: { psk: 2 },
  byCidConfiguration: {},
  upstream: { ports: 2 },
};

/** A node 1 with three workers; node 2 is a member. Worker 1 has the session of one ID, worker 2 does not answer. */
function setUp() {
  const asked: (readonly [cid: string, worker: number])[] = [];
  const sessions: Pick<SessionService, "workers" | "stage" | "sessions"> = {
    workers: 3,
    stage: (cid, worker) => {
      asked.push([cid, worker]);
      if (worker === 2) return Promise.reject(new NoAnswerError("Cannot say stage: a worker did not answer"));
      return Promise.resolve(cid === "0101aabbccdd" ? "session" : "unknown");
    },
    sessions: () => Promise.resolve(COUNTS),
  };
  const cluster = {
    clusterAddress: (nodeId: number) => (nodeId === 2 ? "10.0.0.2:5884" : undefined),
  } as ClusterControl;
  const app = createRoutes({
    sessions: sessions as SessionService,
    cluster,
    clusterMode: "plain",
    nodeId: 1,
    cidSizeBytes: 6,
    layout: undefined,
    upstream: "udp",
  });
  const get = async (path: string) => {
    const response = await app.request(path);
    return { status: response.status, json: (await response.json().catch(() => undefined)) as Record<string, unknown> };
  };
  return { get, asked };
}

describe("/cid/<hex>", () => {
  it("tells where an ID leads", async () => {
    const { get, asked } = setUp();
    for (const hex of ["0101aabbccdd", "0101AABBCCDD"]) {
      const { status, json } = await get(`/cid/${hex}`);
      assert.equal(status, 200);
      assert.deepEqual([json["owner"], json["nodeId"], json["worker"], json["stage"]], ["here", 1, 1, "session"]);
    }
    const nobody = await get("/cid/0100aabbccdd");
    assert.deepEqual([nobody.json["owner"], nobody.json["stage"]], ["here", "unknown"]);
    const member = await get("/cid/0201aabbccdd");
    assert.deepEqual([member.json["owner"], member.json["clusterAddress"]], ["member", "10.0.0.2:5884"]);
    assert.equal((await get("/cid/6301aabbccdd")).json["owner"], "nobody");
    assert.deepEqual(asked, [
      ["0101aabbccdd", 1],
      ["0101aabbccdd", 1],
      ["0100aabbccdd", 0],
    ]);
  });

  it("asks nobody about a worker that there is not", async () => {
    const { get, asked } = setUp();
    const { status, json } = await get("/cid/01ffaabbccdd");
    assert.deepEqual([status, json["owner"], json["stage"]], [200, "here", "unknown"]);
    assert.deepEqual(asked, []);
  });

  it("refuses what is no ID of this cluster, however long", async () => {
    const { get } = setUp();
    for (const [hex, reason] of [
      ["zz", /not hexadecimal/],
      ["abc", /not hexadecimal/],
      ["%00", /not hexadecimal/],
      ["..%2f..%2fnodes", /not hexadecimal/],
      ["01", /have 6 bytes, this one has 1/],
      ["0101aabbccddee", /this one has 7/],
      ["ff".repeat(10_000), /this one has 10000/],
    ] as const) {
      const { status, json } = await get(`/cid/${hex}`);
      assert.equal(status, 400, hex.slice(0, 20));
      assert.match(String(json["error"]), reason);
    }
    assert.equal((await get("/cid/")).status, 404);
    assert.equal((await get("/cid/01/02")).status, 404);
  });

  it("says so when the worker does not answer", async () => {
    const { status, json } = await setUp().get("/cid/0102aabbccdd");
    assert.equal(status, 503);
    assert.match(String(json["error"]), /did not answer/);
  });
});

describe("/sessions", () => {
  it("counts, and shows nobody's", async () => {
    const { status, json } = await setUp().get("/sessions");
    assert.equal(status, 200);
    assert.deepEqual(json, { ...COUNTS, workers: 3, upstream: { kind: "udp", ports: 2 } });
  });
});
