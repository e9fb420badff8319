// Address to pod: reuse, late deletes, dual stack, host networking, finished pods, caps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { millis } from "@coracle/base";
import { IpIndex, type PodFacts, podFacts } from "./ip-index.ts";

function pod(uid: string, overrides: Partial<PodFacts> = {}): PodFacts {
  return {
    namespace: "shop",
    name: uid,
    uid,
    resourceVersion: "1",
    node: "a",
    phase: "Running",
    hostNetwork: false,
    serviceAccount: "default",
    ips: ["10.1.0.2"],
    ...overrides,
  };
}

function ownerOf(index: IpIndex, ip: string, nowMs = 0): string {
  const answer = index.lookup(ip, millis(nowMs));
  if (answer.kind === "pod") return answer.pod.uid;
  return answer.kind === "previous" ? `previous ${answer.pod.uid}` : answer.kind;
}

test("a late delete of the old pod does not hide the new pod that reuses its address", () => {
  const index = new IpIndex();
  index.upsert(pod("old"), millis(0));
  index.upsert(pod("new", { resourceVersion: "5" }), millis(1));
  index.remove("old", millis(2));
  assert.equal(ownerOf(index, "10.1.0.2"), "new");
});

test("both families of a dual-stack pod lead to it, in any text form", () => {
  const index = new IpIndex();
  index.upsert(pod("p", { ips: ["10.1.0.2", "fd00::2"] }), millis(0));
  assert.equal(ownerOf(index, "10.1.0.2"), "p");
  assert.equal(ownerOf(index, "FD00:0:0:0:0:0:0:2"), "p");
  assert.equal(ownerOf(index, "not an address"), "unknown");
});

test("a finished pod gives its address back, and is remembered for a moment only", () => {
  const index = new IpIndex({ previousOwnerMs: 5000 });
  index.upsert(pod("p"), millis(0));
  index.upsert(pod("p", { phase: "Succeeded", resourceVersion: "2" }), millis(100));
  assert.equal(ownerOf(index, "10.1.0.2", 4000), "previous p");
  assert.equal(ownerOf(index, "10.1.0.2", 5101), "unknown");
});

test("host-network pods share the node's address and none of them owns it", () => {
  const index = new IpIndex();
  index.upsert(pod("x", { hostNetwork: true, ips: ["192.0.2.1"] }), millis(0));
  index.upsert(pod("y", { hostNetwork: true, ips: ["192.0.2.1"] }), millis(0));
  const answer = index.lookup("192.0.2.1", millis(1));
  assert.ok(answer.kind === "host-network");
  assert.deepEqual(answer.pods.map(({ uid }) => uid).sort(), ["x", "y"]);
  index.remove("x", millis(2));
  index.remove("y", millis(2));
  assert.equal(ownerOf(index, "192.0.2.1", 3), "unknown");
});

test("of two claimants the running and newer one wins, and the other is named", () => {
  const index = new IpIndex();
  index.upsert(pod("pending", { phase: "Pending", resourceVersion: "90" }), millis(0));
  index.upsert(pod("running", { resourceVersion: "9" }), millis(0));
  const answer = index.lookup("10.1.0.2", millis(0));
  assert.ok(answer.kind === "pod");
  assert.equal(answer.pod.uid, "running");
  assert.deepEqual(
    answer.others.map(({ uid }) => uid),
    ["pending"],
  );
});

test("an older state than the known one changes nothing, versions beyond 2^53 included", () => {
  const index = new IpIndex();
  index.upsert(pod("p", { resourceVersion: "9007199254740993", ips: ["10.1.0.3"] }), millis(0));
  index.upsert(pod("p", { resourceVersion: "9007199254740992" }), millis(1));
  assert.equal(ownerOf(index, "10.1.0.3"), "p");
  assert.equal(ownerOf(index, "10.1.0.2"), "unknown");
});

test("a pod that changes its address leaves the old one", () => {
  const index = new IpIndex({ previousOwnerMs: 0 });
  index.upsert(pod("p"), millis(0));
  index.upsert(pod("p", { resourceVersion: "2", ips: ["10.1.0.9"] }), millis(1));
  assert.equal(ownerOf(index, "10.1.0.2", 2), "unknown");
  assert.equal(ownerOf(index, "10.1.0.9", 2), "p");
});

test("retain() takes away pods that a complete list no longer names", () => {
  const index = new IpIndex();
  index.upsert(pod("a", { ips: ["10.1.0.2"] }), millis(0));
  index.upsert(pod("b", { ips: ["10.1.0.3"] }), millis(0));
  index.retain(new Set(["b"]), millis(60_000));
  assert.equal(index.size, 1);
  assert.equal(ownerOf(index, "10.1.0.3", 60_000), "b");
});

test("the index refuses pods past its cap and counts them", () => {
  const index = new IpIndex({ podsMax: 1 });
  index.upsert(pod("a"), millis(0));
  index.upsert(pod("b", { ips: ["10.1.0.3"] }), millis(0));
  assert.equal(index.refused, 1);
  assert.equal(ownerOf(index, "10.1.0.3"), "unknown");
});

test("former owners are bounded", () => {
  const index = new IpIndex({ previousOwnerMs: 1e9 });
  for (let n = 0; n < 5000; n++) {
    index.upsert(pod(`p${n}`, { ips: [`10.${n >> 8}.${n & 255}.1`] }), millis(n));
    index.remove(`p${n}`, millis(n));
  }
  assert.equal(ownerOf(index, "10.0.0.1", 5000), "unknown");
  assert.equal(ownerOf(index, "10.19.135.1", 5000), "previous p4999");
});

test("podFacts() reads whole and projected pods and refuses what has no uid", () => {
  const facts = podFacts({
    metadata: { namespace: "n", name: "p", uid: "u", resourceVersion: "7" },
    spec: { nodeName: "a", hostNetwork: true, serviceAccountName: "sa" },
    status: { phase: "Running", podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }, { ip: "FD00::1" }] },
  });
  assert.deepEqual(facts?.ips, ["10.0.0.1", "fd00::1"]);
  assert.equal(facts?.hostNetwork, true);
  assert.deepEqual(podFacts({ metadata: { name: "p", uid: "u" } })?.ips, []);
  assert.equal(podFacts({ metadata: { name: "p" } }), undefined);
});
