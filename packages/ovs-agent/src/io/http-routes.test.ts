// Lists over HTTP at their cap: as many rows as it allows are all, of one more the first are, and the answer says how many are not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readLocal } from "../core/attachment-fields.ts";
import { createLogFabric } from "./fabric/log-fabric.ts";
import { createRoutes, type RoutesOptions } from "./http-routes.ts";

const ROWS_MAX = 10_000;
const TIMES = { attachmentMs: 0, subnetMs: 0, implMs: 0 };
const COUNTS = { locals: 0, remotes: 0, watches: 0, watchesSynced: 0, overflows: 0, unusable: 0 };

/** Routes over so many attachments and as many virtual networks. */
function routesOver(count: number): ReturnType<typeof createRoutes> {
  const none = new Set<string>();
  const machine: RoutesOptions["machine"] = {
    counts: () => ({ ...COUNTS, locals: count }),
    *vnis() {
      for (let vni = 1; vni <= count; vni++)
        yield { vni, namespace: "n", locals: none, waiting: none, times: TIMES, delayMs: 0, isSynced: true };
    },
  };
  const ledger: RoutesOptions["ledger"] = {
    *list() {
      for (let index = 0; index < count; index++) {
        const metadata = { namespace: "n", name: `a${index}`, uid: `u${index}` };
        const object = { apiVersion: "", kind: "", metadata, status: { ipv4: "10.0.0.2", addressVNI: 7 } };
        yield { view: readLocal(object), outcome: { kind: "pending" } };
      }
    },
  };
  return createRoutes({ machine, ledger, fabric: createLogFabric() }, { ovsRunDir: "/nowhere" });
}

for (const [count, leftOff] of [
  [ROWS_MAX, null],
  [ROWS_MAX + 3, "3"],
] as const) {
  test(`a list of ${count} rows`, async () => {
    const routes = routesOver(count);
    const attachments = await routes.request("/attachments");
    assert.equal(attachments.headers.get("coracle-rows-left-off"), leftOff);
    const told = (await attachments.json()) as { locals: number; attachments: { attachment: string }[] };
    assert.equal(told.locals, count);
    assert.equal(told.attachments.length, ROWS_MAX);
    assert.equal(told.attachments.at(-1)?.attachment, `n/a${ROWS_MAX - 1}`);
    const vnis = await routes.request("/vnis");
    assert.equal(vnis.headers.get("coracle-rows-left-off"), leftOff);
    assert.equal(((await vnis.json()) as unknown[]).length, ROWS_MAX);
    const last = await routes.request(`/attachments/n/a${count - 1}`);
    assert.equal(last.status, 200, "one that no list has is found by its name");
    const none = await routes.request(`/attachments/n/a${count}`);
    assert.equal(none.status, 404);
  });
}
