// The 1+R watches: seeded histories end in the API's state, and each rule of relevance, order, adoption and room by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4ToNumber, millis, parseIp, randomInteger, SeededRandom } from "@coracle/base";
import type { KubeObject } from "@coracle/kube";
import { AttachmentMachine } from "./attachment-machine.ts";
import type { AgentOutput } from "./attachment-machine-types.ts";
import type { NetworkInterface } from "./fabric.ts";
import { SimulatedAttachments } from "./testing/simulated-attachments.ts";

const ME = "node-a";
const NODES = [ME, "node-b", "node-c"];
const HOSTS: Readonly<Record<string, string>> = { "node-a": "192.0.2.1", "node-b": "192.0.2.2", "node-c": "192.0.2.3" };
/** VNI 3 is wanted by two namespaces, one after the other or at once. */
const PLACES = [
  { namespace: "red", vnis: [1, 3] },
  { namespace: "blue", vnis: [2, 3] },
];

function u32(text: string): number {
  const ip = parseIp(text);
  assert.ok(ip.ok);
  return ipv4ToNumber(ip.value);
}

function makeMachine(limits: { localsMax?: number; remotesMax?: number } = {}): AttachmentMachine {
  return new AttachmentMachine({ node: ME, localsMax: 1000, remotesMax: 10_000, adoptWaitMs: 5000, ...limits });
}

/** The machine with the model, and what the fabric was told. */
class Bench {
  readonly machine: AttachmentMachine;
  readonly server: SimulatedAttachments;
  readonly desired = new Map<string, NetworkInterface>();
  readonly outputs: AgentOutput[] = [];
  adoptions = 0;
  nowMs = 0;

  constructor(machine: AttachmentMachine, server: SimulatedAttachments) {
    this.machine = machine;
    this.server = server;
    machine.handle({ kind: "start" }, millis(0));
    this.drain();
  }

  drain(): void {
    for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll()) {
      this.outputs.push(output);
      if (output.kind === "open-watch") this.server.open(output.id, output.query);
      else if (output.kind === "close-watch") this.server.close(output.id);
      else if (output.kind === "desire") this.desired.set(output.wanted.owner, output.wanted);
      else if (output.kind === "release") this.desired.delete(output.owner);
      else if (output.kind === "adopt") this.adoptions++;
    }
  }

  /** Hands over one event of a watch; false if it had none. */
  step(id: number): boolean {
    const event = this.server.next(id);
    if (event === undefined) return false;
    this.machine.handle({ kind: "watch", id, event }, millis(this.nowMs++));
    this.drain();
    return true;
  }

  /** Hands over everything, of the watches that get opened meanwhile as well. */
  settle(): void {
    for (let isMoving = true; isMoving;) isMoving = this.server.watchIds.filter((id) => this.step(id)).length > 0;
  }
}

/** What the fabric should have been told in the end. */
function expected(server: SimulatedAttachments, machine: AttachmentMachine): Map<string, NetworkInterface> {
  const wanted = new Map<string, NetworkInterface>();
  const namespaceOf = new Map<number, string>();
  for (const { vni, namespace } of machine.vnis()) namespaceOf.set(vni, namespace);
  const objects = [...server.objects];
  for (const [owner, { node, vni, ipv4, uid, namespace }] of objects) {
    if (node !== ME || ipv4 === "") continue;
    assert.ok(namespaceOf.has(vni), `VNI ${vni} of ${owner} is relevant`);
    if (namespaceOf.get(vni) === namespace) wanted.set(owner, { kind: "local", owner, uid, vni, ipv4: u32(ipv4) });
  }
  for (const [owner, { node, vni, ipv4, hostIp, namespace }] of objects) {
    if (node === ME || ipv4 === "" || hostIp === "" || namespaceOf.get(vni) !== namespace) continue;
    wanted.set(owner, { kind: "remote", owner, vni, ipv4: u32(ipv4), hostIp: u32(hostIp) });
  }
  return wanted;
}

function writeAtRandom(server: SimulatedAttachments, random: SeededRandom): void {
  const pick = <T>(from: readonly T[]): T => from[randomInteger(random, 0, from.length - 1)]!;
  const { namespace, vnis } = pick(PLACES);
  const name = `a${randomInteger(random, 0, 7)}`;
  const key = `${namespace}/${name}`;
  const old = server.objects.get(key);
  const dice = random.next();
  if (old !== undefined && dice < 0.25) {
    server.write(key, undefined, "");
    return;
  }
  const isAnew = old === undefined || dice < 0.4;
  const node = isAnew ? pick(NODES) : old.node;
  const hasAddress = random.next() < 0.85;
  const ipv4 = hasAddress ? `10.0.0.${randomInteger(random, 1, 200)}` : "";
  const vni = hasAddress ? pick(vnis) : 0;
  const hostIp = hasAddress && random.next() < 0.9 ? HOSTS[node]! : "";
  if (isAnew && old !== undefined) server.write(key, undefined, "");
  const uid = isAnew ? `uid-${random.uint32()}` : old.uid;
  server.write(key, { namespace, name, node, vni, ipv4, hostIp }, uid);
}

/** The namespace that holds a VNI has locals there, and no other waits needlessly. */
function assertRelevance(server: SimulatedAttachments, machine: AttachmentMachine): void {
  const locals = [...server.objects.values()].filter(({ node, ipv4 }) => node === ME && ipv4 !== "");
  const relevant = new Map([...machine.vnis()].map((each) => [each.vni, each]));
  assert.deepEqual(new Set(relevant.keys()), new Set(locals.map(({ vni }) => vni)));
  for (const { vni, namespace, isSynced } of relevant.values()) {
    assert.ok(isSynced);
    assert.ok(locals.some((each) => each.vni === vni && each.namespace === namespace));
  }
  assert.equal(server.watchIds.length, 1 + relevant.size);
}

for (const hasOrder of [true, false]) {
  test(`any history ends in the API's state, with versions that have ${hasOrder ? "an" : "no"} order`, () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = new SeededRandom(seed);
      const bench = new Bench(makeMachine(), new SimulatedAttachments(random, hasOrder));
      for (let step = 0; step < 150; step++) {
        if (random.next() < 0.5) writeAtRandom(bench.server, random);
        const ids = bench.server.watchIds;
        const id = ids[randomInteger(random, 0, ids.length - 1)]!;
        if (random.next() < 0.02) bench.server.gap(id);
        for (let event = randomInteger(random, 0, 4); event > 0; event--) bench.step(id);
      }
      bench.settle();
      const told = `seed ${seed}`;
      assert.deepEqual(sorted(bench.desired), sorted(expected(bench.server, bench.machine)), told);
      assertRelevance(bench.server, bench.machine);
      assert.equal(bench.adoptions, 1, told);
      for (const owner of bench.server.objects.keys()) bench.server.write(owner, undefined, "");
      bench.settle();
      assert.equal(bench.desired.size, 0, told);
      assert.equal(bench.machine.counts().remotes, 0, told);
      assert.equal(bench.server.watchIds.length, 1, told);
    }
  });
}

function sorted(map: ReadonlyMap<string, NetworkInterface>): NetworkInterface[] {
  return [...map.values()].toSorted((a, b) => a.owner.localeCompare(b.owner));
}

interface Place {
  readonly node?: string;
  readonly vni?: number;
  readonly ipv4?: string;
  readonly hostIp?: string;
}

function put(bench: Bench, owner: string, place: Place = {}, uid = `uid of ${owner}`): void {
  const [namespace = "", name = ""] = owner.split("/");
  const { node = ME, vni = 1, ipv4 = "10.0.0.1", hostIp = HOSTS[node] ?? "" } = place;
  bench.server.write(owner, { namespace, name, node, vni, ipv4, hostIp }, uid);
}

function makeBench(limits?: { localsMax?: number; remotesMax?: number }): Bench {
  return new Bench(makeMachine(limits), new SimulatedAttachments(new SeededRandom(7), true));
}

function opened(bench: Bench): readonly string[] {
  return bench.outputs.flatMap((each) =>
    each.kind === "open-watch" ? [`${each.query.namespace ?? "*"} ${each.query.fieldSelector}`] : [],
  );
}

test("the watches ask for what §5.2 says, and a VNI's watch goes with its last local attachment", () => {
  const bench = makeBench();
  put(bench, "red/remote", { node: "node-b", ipv4: "10.0.0.9" });
  bench.settle();
  assert.deepEqual(opened(bench), ["* spec.node=node-a,status.ipv4!="]);
  assert.equal(bench.desired.size, 0);
  put(bench, "red/local");
  bench.settle();
  assert.equal(opened(bench).at(-1), "red spec.node!=node-a,status.addressVNI=1,status.ipv4!=,status.hostIP!=");
  assert.deepEqual([...bench.desired.keys()].toSorted(), ["red/local", "red/remote"]);
  bench.server.write("red/local", undefined, "");
  bench.settle();
  assert.equal(bench.desired.size, 0);
  assert.deepEqual(bench.server.watchIds, [1]);
});

test("nothing is adopted before every first list is in, and then everything was told before", () => {
  const bench = makeBench();
  put(bench, "red/local");
  put(bench, "red/remote", { node: "node-b", ipv4: "10.0.0.9" });
  bench.server.gap(1);
  while (bench.step(1));
  assert.equal(bench.adoptions, 0);
  bench.settle();
  const kinds = bench.outputs.map(({ kind }) => kind);
  assert.ok(kinds.indexOf("adopt") > kinds.lastIndexOf("desire"));
  assert.equal(bench.adoptions, 1);
});

test("a list that never comes holds the adoption up for a bounded time only", () => {
  const bench = makeBench();
  put(bench, "red/local");
  bench.server.gap(1);
  while (bench.step(1));
  const dueAt = bench.machine.nextTimeout();
  assert.ok(dueAt !== undefined);
  bench.machine.handle({ kind: "timeout" }, dueAt);
  bench.drain();
  assert.deepEqual(bench.outputs.at(-1), { kind: "adopt", isComplete: false });
  assert.equal(bench.machine.nextTimeout(), undefined);
  bench.settle();
  assert.equal(bench.adoptions, 1);
});

test("an attachment seen by two watches is what its newest version says, whichever watch tells first", () => {
  for (const first of ["local", "remote"]) {
    const bench = makeBench();
    put(bench, "red/anchor", { ipv4: "10.0.0.50" });
    put(bench, "red/x", { ipv4: "10.0.0.7" }, "old");
    bench.settle();
    assert.equal(bench.desired.get("red/x")?.kind, "local");
    put(bench, "red/x", { node: "node-b", ipv4: "10.0.0.8" }, "new");
    const [local = 0, remote = 0] = bench.server.watchIds;
    while (bench.step(first === "local" ? local : remote));
    if (first === "remote") assert.equal(bench.machine.local("red/x")?.block?.kind, "superseded");
    assert.equal(bench.desired.get("red/x")?.kind, first === "remote" ? "remote" : undefined);
    bench.settle();
    assert.deepEqual(bench.desired.get("red/x"), {
      kind: "remote",
      owner: "red/x",
      vni: 1,
      ipv4: u32("10.0.0.8"),
      hostIp: u32("192.0.2.2"),
    });
  }
});

test("without an order between versions, what there is stays until a watch lets go", () => {
  const bench = new Bench(makeMachine(), new SimulatedAttachments(new SeededRandom(7), false));
  put(bench, "red/anchor", { ipv4: "10.0.0.50" });
  put(bench, "red/x", { ipv4: "10.0.0.7" }, "old");
  bench.settle();
  put(bench, "red/x", { node: "node-b", ipv4: "10.0.0.8" }, "new");
  const [, remote = 0] = bench.server.watchIds;
  while (bench.step(remote));
  assert.equal(bench.desired.get("red/x")?.kind, "local");
  bench.settle();
  assert.equal(bench.desired.get("red/x")?.kind, "remote");
});

test("a sole local attachment that is made anew elsewhere does not open and close its VNI's watch over and over", () => {
  const bench = makeBench();
  put(bench, "red/x", {}, "old");
  bench.settle();
  put(bench, "red/x", { node: "node-b" }, "new");
  const [, remote = 0] = bench.server.watchIds;
  while (bench.step(remote));
  assert.equal(opened(bench).length, 2);
  bench.settle();
  assert.equal(bench.desired.size, 0);
  assert.equal(bench.server.watchIds.length, 1);
});

test("a new UID is told, an unchanged attachment is not", () => {
  const bench = makeBench();
  put(bench, "red/x", {}, "one");
  bench.settle();
  const desires = (): number => bench.outputs.filter(({ kind }) => kind === "desire").length;
  put(bench, "red/x", {}, "one");
  bench.settle();
  assert.equal(desires(), 1);
  put(bench, "red/x", {}, "two");
  bench.settle();
  assert.equal(desires(), 2);
  put(bench, "red/x", { vni: 2, ipv4: "10.0.0.2" }, "two");
  bench.settle();
  assert.deepEqual(
    [...bench.machine.vnis()].map(({ vni }) => vni),
    [2],
  );
});

test("a VNI in use by another namespace makes attachments wait until that one has left", () => {
  const bench = makeBench();
  put(bench, "red/x", { vni: 3, ipv4: "10.0.0.1" });
  bench.settle();
  put(bench, "blue/y", { vni: 3, ipv4: "10.0.0.2" });
  put(bench, "blue/z", { vni: 3, ipv4: "10.0.0.3", node: "node-b" });
  bench.settle();
  assert.deepEqual([...bench.desired.keys()], ["red/x"]);
  assert.deepEqual(bench.machine.local("blue/y")?.block, { kind: "foreign-vni", namespace: "red" });
  bench.server.write("red/x", undefined, "");
  bench.settle();
  assert.deepEqual([...bench.desired.keys()].toSorted(), ["blue/y", "blue/z"]);
  assert.equal(bench.machine.local("blue/y")?.block, undefined);
});

test("unusable addresses get no interface: IPv6, outside RFC 1918, no VNI, IPv6 hosts", () => {
  const bench = makeBench();
  for (const [index, place] of [{ ipv4: "fd00::1" }, { ipv4: "8.8.8.8" }, { vni: 0 }, { vni: 4_000_000 }].entries()) {
    put(bench, `red/x${index}`, place);
    bench.settle();
    assert.deepEqual(bench.machine.local(`red/x${index}`)?.block, { kind: "unusable-address" });
  }
  assert.equal(bench.desired.size, 0);
  put(bench, "red/local");
  put(bench, "red/remote", { node: "node-b", ipv4: "10.0.0.9", hostIp: "fd00::2" });
  bench.settle();
  assert.deepEqual([...bench.desired.keys()], ["red/local"]);
  assert.equal(bench.machine.counts().unusable, 1);
});

test("a full table leaves attachments out, counts them, and takes them in once there is room", () => {
  const bench = makeBench({ remotesMax: 10 });
  put(bench, "red/local", { ipv4: "10.0.0.200" });
  for (let index = 0; index < 15; index++) {
    put(bench, `red/r${index}`, { node: "node-b", ipv4: `10.0.0.${index + 1}` });
  }
  bench.settle();
  assert.equal(bench.desired.size, 11);
  assert.equal(bench.machine.counts().overflows, 5);
  for (let index = 0; index < 7; index++) bench.server.write(`red/r${index}`, undefined, "");
  bench.settle();
  assert.deepEqual(sorted(bench.desired), sorted(expected(bench.server, bench.machine)));
});

test("a full table of local attachments does the same", () => {
  const bench = makeBench({ localsMax: 10 });
  for (let index = 0; index < 15; index++) put(bench, `red/x${index}`, { ipv4: `10.0.0.${index + 1}` });
  bench.settle();
  assert.equal(bench.machine.counts().locals, 10);
  for (let index = 0; index < 7; index++) bench.server.write(`red/x${index}`, undefined, "");
  bench.settle();
  assert.equal(bench.desired.size, 8);
});

test("events of a watch that was closed are ignored", () => {
  const bench = makeBench();
  put(bench, "red/x");
  bench.settle();
  const object: KubeObject = {
    metadata: { namespace: "red", name: "ghost" },
    status: { addressVNI: 1, ipv4: "10.0.0.3", hostIP: "192.0.2.2" },
  };
  bench.server.write("red/x", undefined, "");
  bench.settle();
  bench.machine.handle({ kind: "watch", id: 2, event: { kind: "upsert", object } }, millis(9));
  bench.drain();
  assert.equal(bench.desired.size, 0);
});
