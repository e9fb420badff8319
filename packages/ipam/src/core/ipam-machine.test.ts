// Tests of the controller step by step: one call at a time, by hand, without time passing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@coracle/base";
import type { KubeObject } from "@coracle/kube";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { type IpamCall, IpamMachine, type WatchedResource } from "./ipam-machine.ts";
import { EventLoop } from "./testing/event-loop.ts";
import { SimulatedApi } from "./testing/simulated-api.ts";

const NAMESPACE = "ns";

/** A machine whose watches are as fast as its calls, and that does nothing by itself. */
class Bench {
  readonly loop: EventLoop = new EventLoop();
  readonly api: SimulatedApi = new SimulatedApi(this.loop, new SeededRandom(1));
  readonly machine: IpamMachine;
  readonly seen: string[] = [];
  readonly #held: (() => void)[] = [];
  /** Watch events of this kind are held back. */
  holds: WatchedResource | undefined;

  constructor(isLeading = true) {
    this.machine = new IpamMachine({ clock: this.loop.clock, random: new SeededRandom(2), workers: 1, validators: 1 });
    this.machine.handle({ kind: "lead", isLeading }, this.loop.now);
    for (const resource of ["subnets", "networkattachments", "iplocks"] as const) {
      this.give(resource, { kind: "sync-start", round: 0 });
      this.give(resource, { kind: "sync-end", resourceVersion: "0" });
    }
    this.api.watchers.add(({ kind, resource, object }) => {
      const tell = (): void =>
        this.give(resource, kind === "upsert" ? { kind, object } : { kind, object, finalStateUnknown: false });
      if (this.holds === resource) this.#held.push(tell);
      else tell();
    });
  }

  give(resource: WatchedResource, event: Parameters<IpamMachine["kinds"]["subnets"]["handle"]>[0]): void {
    this.machine.handle({ kind: "watch", resource, event }, this.loop.now);
  }

  releaseHeld(): void {
    this.holds = undefined;
    for (const tell of this.#held.splice(0)) tell();
  }

  /** Carries out calls until there are none; `answerWith` may answer in place of the API. */
  run(answerWith: (call: ApiCall) => ApiAnswer | undefined = () => undefined): string[] {
    const calls: string[] = [];
    for (let next = this.next(); next !== undefined; next = this.next()) {
      assert.ok(calls.length < 200, "calls without end");
      calls.push(next.call.kind);
      this.answer(next, answerWith(next.call) ?? this.api.execute(next.call));
    }
    return calls;
  }

  next(): IpamCall | undefined {
    return this.machine.poll(this.loop.now);
  }

  answer({ queue, id }: IpamCall, answer: ApiAnswer): void {
    this.machine.handle({ kind: "answer", queue, id, answer }, this.loop.now);
  }

  subnet(name: string, ipv4: string, vni = 5): void {
    this.api.create("subnets", { namespace: NAMESPACE, name }, { spec: { vni, ipv4 } });
  }

  attachment(name: string, subnet: string): void {
    this.api.create("networkattachments", { namespace: NAMESPACE, name }, { spec: { node: "n", subnet } });
  }

  status(resource: WatchedResource, name: string): Readonly<Record<string, unknown>> {
    const object = this.api.objects[resource].get(`${NAMESPACE}/${name}`);
    return (object?.["status"] ?? {}) as Readonly<Record<string, unknown>>;
  }

  /** Type, status, reason and message of each. */
  conditions(name: string): unknown[][] {
    const told = this.status("networkattachments", name)["conditions"] as readonly Record<string, unknown>[];
    return told.map(({ type, status, reason, message }) => [type, status, reason, message]);
  }

  reasonOf(resource: WatchedResource, name: string): unknown {
    const conditions = this.status(resource, name)["conditions"] as readonly { reason: string }[] | undefined;
    return conditions?.[0]?.reason;
  }
}

test("an attachment takes two calls: the lock, then the status; what follows from them takes none", () => {
  const bench = new Bench();
  bench.subnet("s", "10.0.0.0/29");
  assert.deepEqual(bench.run(), ["list-subnets", "write-subnet"]);
  bench.attachment("a", "s");
  assert.deepEqual(bench.run(), ["create-lock", "write-attachment"]);
  assert.equal(bench.reasonOf("networkattachments", "a"), "Assigned");
});

test("an attachment without an address is told not to be Ready, once; with an address that is no longer ours to say", () => {
  const bench = new Bench();
  const missing = `subnet ${NAMESPACE}/s does not exist`;
  bench.attachment("a", "s");
  assert.deepEqual(bench.run(), ["write-attachment"]);
  assert.deepEqual(bench.conditions("a"), [
    ["AddressAssigned", "False", "SubnetNotFound", missing],
    ["Ready", "False", "NoAddress", `There is no address: ${missing}`],
  ]);
  bench.attachment("b", "s");
  assert.deepEqual(bench.run(), ["write-attachment"], "what is said of a is not said again");
  bench.subnet("s", "10.0.0.0/31");
  bench.run();
  for (const name of ["a", "b"]) {
    const told = bench.conditions(name).map((each) => each.slice(0, 3));
    assert.deepEqual(told, [["AddressAssigned", "True", "Assigned"]], name);
  }
});

test("where the agent has said whether it is Ready, the agent takes it back, and that is written once, too", () => {
  const bench = new Bench();
  bench.subnet("s", "10.0.0.0/29");
  bench.attachment("a", "s");
  bench.run();
  bench.api.report(`${NAMESPACE}/a`, { type: "Ready", status: "True", reason: "Implemented" });
  assert.deepEqual(bench.run(), []);
  bench.api.delete("subnets", `${NAMESPACE}/s`);
  assert.deepEqual(bench.run(), ["read-subnet", "write-attachment"]);
  assert.deepEqual(
    bench.conditions("a").map((each) => each.slice(0, 3)),
    [
      ["AddressAssigned", "False", "SubnetNotFound"],
      ["Ready", "True", "Implemented"],
    ],
  );
});

test("a lock that is there when it is made and gone when it is read is tried three times, and later again", () => {
  const bench = new Bench();
  bench.subnet("s", "10.0.0.0/29");
  bench.run();
  bench.attachment("a", "s");
  const calls = bench.run(({ kind }) => {
    if (kind === "create-lock") return { kind: "failed", code: "exists", message: "" };
    return kind === "read-lock" ? { kind: "failed", code: "not-found", message: "" } : undefined;
  });
  assert.deepEqual(calls, Array.from({ length: 3 }, () => ["create-lock", "read-lock"]).flat());
  const { queues, state } = bench.machine;
  assert.deepEqual(
    [...queues.ipam.delayed()].map(({ key, failures }) => [key, failures]),
    [[`${NAMESPACE}/a`, 1]],
  );
  assert.deepEqual([...state.pool.vnis()], [], "the address is given back");
});

test("a watch that is behind causes no second lock and no second write", () => {
  for (const held of ["iplocks", "networkattachments"] as const) {
    const bench = new Bench();
    bench.subnet("s", "10.0.0.0/29");
    bench.attachment("a", "s");
    bench.run();
    bench.api.delete("networkattachments", `${NAMESPACE}/a`);
    bench.run();
    bench.attachment("b", "s");
    bench.holds = held;
    assert.deepEqual(bench.run(), ["create-lock", "write-attachment"], held);
    bench.releaseHeld();
    assert.deepEqual(bench.run(), [], held);
  }
});

test("a freed address calls the first who waits, and only that one, at once", () => {
  const bench = new Bench();
  bench.subnet("s", "10.0.0.0/31");
  for (const name of ["a", "b", "c", "d"]) {
    bench.attachment(name, "s");
    bench.run();
  }
  assert.deepEqual(
    ["c", "d"].map((name) => bench.reasonOf("networkattachments", name)),
    ["SubnetFull", "SubnetFull"],
  );
  assert.equal(bench.status("networkattachments", "c")["addressContention"], true);
  assert.equal(bench.machine.state.waiting.waiting(`${NAMESPACE}/s`), 2);
  bench.api.delete("networkattachments", `${NAMESPACE}/b`);
  assert.deepEqual(bench.run(), ["delete-lock", "create-lock", "write-attachment"]);
  assert.equal(bench.reasonOf("networkattachments", "c"), "Assigned");
  assert.equal(bench.machine.state.waiting.waiting(`${NAMESPACE}/s`), 1);
});

test("one who was called and went away passes the address on", () => {
  const bench = new Bench();
  bench.subnet("s", "10.0.0.0/32");
  for (const name of ["a", "b", "c"]) {
    bench.attachment(name, "s");
    bench.run();
  }
  // The freed address calls b, which is deleted before its turn comes.
  bench.machine.handle({ kind: "lead", isLeading: false }, bench.loop.now);
  bench.api.delete("networkattachments", `${NAMESPACE}/a`);
  bench.api.delete("iplocks", `${NAMESPACE}/v1-5-10-0-0-0`);
  bench.api.delete("networkattachments", `${NAMESPACE}/b`);
  bench.machine.handle({ kind: "lead", isLeading: true }, bench.loop.now);
  bench.run();
  assert.equal(bench.reasonOf("networkattachments", "c"), "Assigned");
});

test("two conflicting subnets both fail; deleting one lets the other pass without touching it", () => {
  const bench = new Bench(false);
  bench.subnet("one", "10.0.0.0/24");
  bench.subnet("two", "10.0.0.128/25");
  bench.machine.handle({ kind: "lead", isLeading: true }, bench.loop.now);
  bench.run();
  for (const name of ["one", "two"]) {
    assert.equal(bench.reasonOf("subnets", name), "Conflict");
    assert.equal(bench.status("subnets", name)["validated"], undefined);
  }
  assert.match(JSON.stringify(bench.status("subnets", "one")["errors"]), /10\.0\.0\.0\/24 overlaps 10\.0\.0\.128\/25/);
  bench.api.delete("subnets", `${NAMESPACE}/two`);
  bench.run();
  assert.deepEqual(
    [bench.status("subnets", "one")["validated"], bench.status("subnets", "one")["errors"]],
    [true, undefined],
  );
});

test("a subnet is compared with what the server has, not with what the watch shows", () => {
  const bench = new Bench();
  bench.subnet("one", "10.0.0.0/24");
  bench.run();
  bench.holds = "subnets";
  bench.subnet("hidden", "10.1.0.0/24");
  const tell = bench.releaseHeld.bind(bench);
  bench.holds = undefined;
  bench.subnet("two", "10.1.0.0/16");
  bench.run();
  assert.equal(bench.reasonOf("subnets", "two"), "Conflict");
  tell();
  bench.run();
  assert.equal(bench.reasonOf("subnets", "hidden"), "Conflict");
});

test("ranges that are none: the subnet is told, and its attachments lose what they have", () => {
  for (const cidr of ["fd00::/64", "nonsense", ""]) {
    const bench = new Bench();
    bench.subnet("s", "10.0.0.0/24");
    bench.attachment("a", "s");
    bench.run();
    assert.equal(bench.reasonOf("networkattachments", "a"), "Assigned");
    bench.api.delete("subnets", `${NAMESPACE}/s`);
    bench.subnet("s", cidr);
    bench.run();
    assert.equal(bench.reasonOf("subnets", "s"), "RangeInvalid");
    assert.equal(bench.reasonOf("networkattachments", "a"), "SubnetRangeInvalid");
    const { lockUID, ipv4, addressVNI } = bench.status("networkattachments", "a");
    assert.deepEqual([lockUID, ipv4, addressVNI], [undefined, undefined, undefined]);
  }
});

test("a lock that the server will never take leaves an error and no address", () => {
  const bench = new Bench();
  bench.subnet("s", "10.0.0.0/24");
  bench.attachment("a", "s");
  const calls = bench.run((call) =>
    call.kind === "create-lock" ? { kind: "failed", code: "invalid", message: "no such name" } : undefined,
  );
  assert.ok(calls.filter((kind) => kind === "create-lock").length < 5, "it is not asked for ever");
  assert.equal(bench.reasonOf("networkattachments", "a"), "LockRefused");
  assert.equal(bench.status("networkattachments", "a")["ipv4"], undefined);
  assert.equal(bench.machine.state.pool.used(5, { min: 0, max: 0xffffffff }), 0, "the address is given back");
});

test("a lock deleted by hand is replaced, whether its event comes before or after the answer to the status write", () => {
  for (const moment of ["before", "after"] as const) {
    const bench = new Bench();
    bench.subnet("s", "10.0.0.0/24");
    bench.run();
    bench.attachment("a", "s");
    const remove = (): void => {
      for (const key of bench.api.objects.iplocks.keys()) bench.api.delete("iplocks", key);
    };
    const create = bench.next();
    assert.equal(create?.call.kind, "create-lock");
    if (create === undefined) return;
    const made = bench.api.execute(create.call);
    if (moment === "before") remove();
    bench.answer(create, made);
    bench.run();
    if (moment === "after") remove();
    bench.loop.run(bench.loop.now + 1000);
    bench.run();
    assert.equal(bench.api.objects.iplocks.size, 1, moment);
    const [lock] = [...bench.api.objects.iplocks.values()] as [KubeObject];
    assert.equal(bench.status("networkattachments", "a")["lockUID"], lock.metadata.uid, moment);
  }
});

test("a surplus lock whose deletion fails goes later, though the status says already that it is to go", () => {
  const bench = new Bench();
  bench.subnet("s", "10.0.0.0/24");
  bench.attachment("a", "s");
  bench.run();
  const [kept] = [...bench.api.objects.iplocks.values()] as [KubeObject];
  const { ownerReferences } = kept.metadata;
  bench.api.create("iplocks", { namespace: NAMESPACE, name: "v1-5-10-0-0-99" }, { metadata: { ownerReferences } });
  const refused: ApiAnswer = { kind: "failed", code: "conflict", message: "changed by another controller" };
  const version = (): unknown => bench.api.objects.networkattachments.get(`${NAMESPACE}/a`)?.metadata.resourceVersion;
  let before = version();
  for (const isNews of [true, false, false]) {
    const calls = bench.run(({ kind }) => (kind === "delete-lock" ? refused : undefined));
    assert.deepEqual(calls.slice(-2), ["write-attachment", "delete-lock"]);
    assert.equal(version() !== before, isNews, "the second write says what the first has said");
    before = version();
    bench.loop.run(bench.loop.now + 10_000);
  }
  assert.deepEqual(bench.run(), ["write-attachment", "delete-lock"]);
  assert.deepEqual([...bench.api.objects.iplocks.values()], [kept]);
  assert.equal(bench.status("networkattachments", "a")["lockUID"], kept.metadata.uid);
});

test("an address is not taken away because a watch does not show its subnet yet", () => {
  const bench = new Bench();
  bench.subnet("s", "10.0.0.0/24");
  bench.attachment("a", "s");
  bench.run();
  const late = new Bench();
  late.api.objects.subnets.set(`${NAMESPACE}/s`, bench.api.objects.subnets.get(`${NAMESPACE}/s`) as KubeObject);
  const object = bench.api.objects.networkattachments.get(`${NAMESPACE}/a`) as KubeObject;
  late.give("networkattachments", { kind: "upsert", object });
  assert.deepEqual(late.run(), ["read-subnet"]);
});

test("a new complete state brings back what a broken watch has missed", () => {
  const bench = new Bench();
  bench.subnet("s", "10.0.0.0/31");
  for (const name of ["a", "b", "c"]) {
    bench.attachment(name, "s");
    bench.run();
  }
  bench.give("iplocks", { kind: "gap", cause: "expired" });
  assert.equal(bench.machine.kinds.iplocks.isLive, false);
  const [first] = [...bench.api.objects.iplocks.values()] as [KubeObject, KubeObject];
  bench.give("iplocks", { kind: "sync-start", round: 0 });
  bench.give("iplocks", { kind: "item", object: first });
  bench.give("iplocks", { kind: "sync-end", resourceVersion: "99" });
  assert.equal(bench.machine.state.locks.size, 1);
  assert.equal(bench.machine.state.pool.used(5, { min: 0, max: 0xffffffff }), 1);
});
