// Random declarations, outcomes, losses and reconnections: an address never has two owners, and all is served in the end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "@coracle/base";
import * as fc from "fast-check";
import type { FabricEvent } from "../fabric.ts";
import { deviceName } from "../mac-address.ts";
import { type NetworkInterface, sameInterface } from "../interface.ts";
import { addressKey } from "./address-claims.ts";
import { DesiredTable } from "./desired-table.ts";
import type { PortOp, PortOutcome } from "./desired-types.ts";
import type { FlowBatch } from "./flow-batch.ts";

const PORTS = { tunnelPort: 1, round: 1 };

type Step =
  | { readonly kind: "desire"; readonly wanted: NetworkInterface }
  | { readonly kind: "release"; readonly owner: string }
  | { readonly kind: "bundle" | "ports"; readonly outcome: "done" | "lost" | "refused" }
  | { readonly kind: "reconnect" }
  | { readonly kind: "port-lost"; readonly last: number }
  | { readonly kind: "wait" };

const owner = fc.integer({ min: 0, max: 5 }).map((index) => `n/o${index}`);
const last = fc.integer({ min: 2, max: 5 });
const outcome = fc.constantFrom("done" as const, "done" as const, "lost" as const, "refused" as const);
const wanted: fc.Arbitrary<NetworkInterface> = fc.oneof(
  fc.record({
    kind: fc.constant("local" as const),
    owner,
    uid: fc.constantFrom("u", "v"),
    vni: fc.constant(1),
    ipv4: last.map((octet) => 0x0a00_0000 + octet),
  }),
  fc.record({
    kind: fc.constant("remote" as const),
    owner,
    vni: fc.constant(1),
    ipv4: last.map((octet) => 0x0a00_0000 + octet),
    hostIp: fc.integer({ min: 1, max: 3 }),
  }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("desire" as const), wanted }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("release" as const), owner }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom("bundle" as const, "ports" as const), outcome }) },
  { weight: 1, arbitrary: fc.constant({ kind: "reconnect" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("port-lost" as const), last }) },
  { weight: 1, arbitrary: fc.constant({ kind: "wait" as const }) },
);

/** A table with the switch and database that it believes in. */
class World {
  readonly clock = new ManualClock();
  readonly wanted = new Map<string, NetworkInterface>();
  readonly told = new Map<string, NetworkInterface>();
  readonly table = new DesiredTable({ clock: this.clock, tell: (event) => this.#hear(event) });
  /** Who has flows for an address. */
  readonly #flows = new Map<number, string>();
  #nextPort = 10;

  constructor() {
    this.table.letGo();
  }

  step(next: Step): void {
    switch (next.kind) {
      case "desire":
        this.wanted.set(next.wanted.owner, next.wanted);
        return this.table.desire(next.wanted);
      case "release":
        this.wanted.delete(next.owner);
        return this.table.release(next.owner);
      case "bundle":
        return this.#bundle(this.table.takeBundle(PORTS), next.outcome);
      case "ports":
        return this.#ports(this.table.takePorts(), next.outcome);
      case "reconnect":
        return this.#reconnect();
      case "port-lost":
        return this.table.portChanged(deviceName(1, 0x0a00_0000 + next.last), 0);
      case "wait":
        this.clock.advance(60_000);
        return this.table.retry();
    }
  }

  /** Everything works from now on. */
  heal(): void {
    for (let turn = 0; !this.table.isSettled || this.table.counts.failing > 0; turn++) {
      assert.ok(turn < 200, "it does not settle");
      for (const kind of ["bundle", "ports"] as const) this.step({ kind, outcome: "done" });
      this.step({ kind: "wait" });
    }
  }

  #bundle(batch: FlowBatch | undefined, how: "done" | "lost" | "refused"): void {
    if (batch === undefined) return;
    if (how === "done") {
      for (const { before, entry } of batch.ops) this.#drop(before, entry.owner);
      for (const { after, entry } of batch.ops) this.#put(after, entry.owner);
    }
    this.table.bundleDone(
      batch,
      how === "refused" ? { kind: how, message: "no", offenders: new Set() } : { kind: how },
    );
  }

  #ports(ops: readonly PortOp[], how: "done" | "lost" | "refused"): void {
    if (how === "refused" && ops.length > 0) return this.table.portsRefused(ops, "no");
    const outcomes = ops.map((): PortOutcome =>
      how === "done" ? { kind: how, ofport: this.#nextPort++ } : { kind: "lost" },
    );
    this.table.portsDone(ops, outcomes);
  }

  #reconnect(): void {
    this.table.hold();
    this.#flows.clear();
    this.table.assume();
    for (const { flows, owner: name } of this.table.entries()) this.#put(flows, name);
    this.table.letGo();
  }

  #drop(place: NetworkInterface | undefined, name: string): void {
    if (place === undefined) return;
    const key = addressKey(place.vni, place.ipv4);
    assert.equal(this.#flows.get(key), name, "flows of another owner are deleted");
    this.#flows.delete(key);
  }

  #put(place: NetworkInterface | undefined, name: string): void {
    if (place === undefined) return;
    const key = addressKey(place.vni, place.ipv4);
    assert.ok([undefined, name].includes(this.#flows.get(key)), `${name} and ${this.#flows.get(key)} have one address`);
    this.#flows.set(key, name);
  }

  #hear(event: FabricEvent): void {
    const { owner: name } = event.interface;
    if (event.kind === "implemented") this.told.set(name, event.interface);
    if (event.kind === "removed") this.told.delete(name);
  }

  /** Each address that anyone wants is served to one who wants it; nothing else is left. */
  check(): void {
    const addresses = new Set(Array.from(this.wanted.values(), ({ vni, ipv4 }) => addressKey(vni, ipv4)));
    assert.deepEqual(new Set(this.#flows.keys()), addresses);
    for (const [key, name] of this.#flows) {
      const place = this.wanted.get(name);
      assert.ok(place !== undefined && addressKey(place.vni, place.ipv4) === key);
      const told = this.told.get(name);
      assert.ok(told !== undefined && sameInterface(told, place));
    }
    assert.equal(this.told.size, addresses.size);
    const { local, remote } = this.table.counts;
    assert.equal(local + remote, addresses.size);
    assert.equal([...this.table.entries()].length, this.wanted.size);
  }
}

test("whatever happens on the way, in the end each address is its one owner's", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const world = new World();
      for (const next of steps) world.step(next);
      world.heal();
      world.check();
    }),
    { numRuns: 2000 },
  );
});
