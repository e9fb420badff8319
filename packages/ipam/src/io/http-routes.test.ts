// Lists over HTTP at their cap: as many rows as it allows are all, of one more the first are, and the answer says how many are not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, SeededRandom } from "@coracle/base";
import type { KubeObject } from "@coracle/kube";
import { IpamMachine } from "../core/ipam-machine.ts";
import { createRoutes } from "./http-routes.ts";

const ROWS_MAX = 1000;
const VNI = 5;

/** Routes over a machine that leads and has seen these objects, but has had no answer from the API server. */
function routesOver(objects: { readonly subnets: readonly KubeObject[]; readonly iplocks: readonly KubeObject[] }): {
  readonly routes: ReturnType<typeof createRoutes>;
  readonly machine: IpamMachine;
  readonly clock: ManualClock;
} {
  const clock = new ManualClock();
  const machine = new IpamMachine({ clock, random: new SeededRandom(1), workers: 1, validators: 1 });
  for (const resource of ["subnets", "networkattachments", "iplocks"] as const) {
    const tell = (event: Parameters<IpamMachine["kinds"]["subnets"]["handle"]>[0]): void =>
      machine.handle({ kind: "watch", resource, event }, clock.now());
    tell({ kind: "sync-start", round: 0 });
    const seen = resource === "networkattachments" ? [] : objects[resource];
    for (const object of seen) tell({ kind: "item", object });
    tell({ kind: "sync-end", resourceVersion: "1" });
  }
  machine.handle({ kind: "lead", isLeading: true }, clock.now());
  const leadership = (): { isLeading: boolean; leader: undefined } => ({ isLeading: true, leader: undefined });
  return { routes: createRoutes({ machine, clock, leadership }), machine, clock };
}

function subnet(index: number): KubeObject {
  const metadata = {
    namespace: "n",
    name: `s${index}`,
    uid: `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`,
    resourceVersion: "1",
  };
  return { apiVersion: "", kind: "Subnet", metadata, spec: { vni: VNI, ipv4: "10.0.0.0/8" } };
}

/** Locks of every second address, so that each is a run of its own; or of one address in as many networks. */
function lock(index: number, kind: "runs" | "networks"): KubeObject {
  const place =
    kind === "runs" ? `v1-${VNI}-10-0-${(index * 2) >> 8}-${(index * 2) & 255}` : `v1-${index + 1}-10-0-0-2`;
  const uid = `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`;
  const owner = { apiVersion: "", kind: "NetworkAttachment", name: `a${index}`, uid, controller: true };
  const metadata = { namespace: "n", name: place, uid, resourceVersion: "1", ownerReferences: [owner] };
  return { apiVersion: "", kind: "IPLock", metadata };
}

const made = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

for (const [count, leftOff] of [
  [ROWS_MAX, null],
  [ROWS_MAX + 2, "2"],
] as const) {
  test(`lists of ${count}: subnets, virtual networks, runs of addresses, keys that wait`, async () => {
    const { routes, machine, clock } = routesOver({
      subnets: made(count, subnet),
      iplocks: made(count, (index) => lock(index, "runs")),
    });
    const subnets = await routes.request("/subnets");
    assert.equal(subnets.headers.get("coracle-rows-left-off"), leftOff);
    assert.equal(((await subnets.json()) as unknown[]).length, ROWS_MAX);
    const [network] = (await (await routes.request("/vnis")).json()) as {
      used: number;
      runs: unknown[];
      subnets: unknown[];
    }[];
    assert.deepEqual([network?.used, network?.runs.length, network?.subnets.length], [count, ROWS_MAX, ROWS_MAX]);
    // Every call fails, so that every subnet waits for its next try.
    for (let call = machine.poll(clock.now()); call !== undefined; call = machine.poll(clock.now())) {
      const answer = { kind: "failed", code: "failed", message: "" } as const;
      machine.handle({ kind: "answer", queue: call.queue, id: call.id, answer }, clock.now());
    }
    const queue = (await (await routes.request("/queue")).json()) as { sv: { delayed: number; backoff: unknown[] } };
    assert.deepEqual([queue.sv.delayed, queue.sv.backoff.length], [count, ROWS_MAX]);

    const many = routesOver({ subnets: [], iplocks: made(count, (index) => lock(index, "networks")) });
    const networks = await many.routes.request("/vnis");
    assert.equal(networks.headers.get("coracle-rows-left-off"), leftOff);
    assert.equal(((await networks.json()) as unknown[]).length, ROWS_MAX);
  });
}
