// Back ends that are asked over HTTP: one that says no, one that is silent, one that is gone, and one that comes back.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { createLogger } from "@coracle/lifecycle";
import { createHttpClient, serveHttp } from "@coracle/runtime";
import { eventually } from "@coracle/sim";
import { NatTable } from "../../core/nat/nat-table.ts";
import { BackendProbe } from "./backend-probe.ts";

describe("probes of back ends", () => {
  it("take out of the rotation what does not answer 200 in time, and bring it back", async () => {
    let status = 200;
    const release = Promise.withResolvers<void>();
    const server = await serveHttp({
      host: "127.0.0.1",
      port: 0,
      handler: async (request) => {
        if (request.url.endsWith("/silent")) await release.promise;
        return new Response("", { status: request.url.endsWith("/changing") ? status : 200 });
      },
    });
    const gone = await serveHttp({ host: "127.0.0.1", port: 0, handler: () => new Response("") });
    await gone.close();
    const options = { natTimeoutMs: 30_000, balancerTimeoutMs: 15_000, lingerMs: 0, flowsMax: 10, share: 1 };
    const schedules = { rebindEveryMs: undefined, reshuffleEveryMs: undefined };
    const table = new NatTable({ ...options, ...schedules, backendCount: 4 }, new SeededRandom(1));
    const probe = new BackendProbe({
      table,
      client: createHttpClient(),
      log: createLogger("load"),
      urls: [`${server.url}/well`, `${server.url}/changing`, `${server.url}/silent`, `${gone.url}/`],
      names: ["well", "changing", "silent", "gone"],
      everyMs: 20,
      timeoutMs: 1500,
      failuresMax: 2,
    });
    const isIn = (): boolean[] => [0, 1, 2, 3].map((index) => table.isInRotation(index));
    try {
      probe.start();
      await eventually(() => isIn().join() === "true,true,false,false", "the silent and the gone are out");
      assert.match(probe.state(2).reason ?? "", /no answer within 1500 ms/);
      assert.notEqual(probe.state(3).reason, undefined);
      status = 500;
      await eventually(() => probe.state(1).reason === "it answers 500", "the one that says no is out");
      assert.equal(table.isInRotation(1), false);
      assert.equal(table.isInRotation(0), true);
      status = 200;
      await eventually(() => table.isInRotation(1), "it is in again");
      assert.ok(probe.counts.failed >= 5 && probe.counts.succeeded >= 3, JSON.stringify(probe.counts));
    } finally {
      probe.close();
      release.resolve();
      await server.close();
    }
  });
});
