// Three hosts on real Open vSwitch: pings across hosts and subnets, isolation, attach, detach, move.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { frameOf, macOf, unicastFrame } from "./frames.ts";
import { makeVirtualNetwork, placeGuest } from "./placed-guests.ts";
import { withNetwork } from "./network-system.ts";
import { Traffic } from "./traffic.ts";

const ONE = { namespace: "one", subnet: "s1", prefixBits: 24 };
const TWO = { namespace: "two", subnet: "s1", prefixBits: 24 };

void test("13.16 guests of one virtual network reach one another, those of two never do, though their addresses overlap", async () => {
  await withNetwork("end to end on three hosts", { hosts: 3 }, async (network) => {
    await makeVirtualNetwork(network, { namespace: "one", vni: 101, cidr: "10.1.0.0/29" });
    await makeVirtualNetwork(network, { namespace: "two", vni: 65_638, cidr: "10.1.0.0/29" });
    const guests = await Promise.all(
      ["a", "b", "c"].flatMap((node) => [
        placeGuest(network, { ...ONE, name: `g${node}`, node }),
        placeGuest(network, { ...TWO, name: `g${node}`, node }),
      ]),
    );
    const traffic = new Traffic(guests);
    traffic.start();
    for (const { guest, vni } of guests) {
      for (const other of guests) {
        if (other.vni === vni && other.guest !== guest) await guest.pingUntilReply(other.guest.ip);
      }
    }
    await sleep(1000);
    const report = await traffic.stop();
    assert.deepEqual(report.crossings, []);
    assert.equal(report.pairs.length, 6);
    for (const pair of report.pairs) assert.ok(pair.replies > 0, `${pair.from} never heard of ${pair.to}`);
    assert.ok(report.hostileFrames > 0 && report.framesSeen > 0);
  });
});

void test("13.15 two subnets of one VNI reach one another across hosts", async () => {
  await withNetwork("two subnets of a VNI", { hosts: 2 }, async (network) => {
    await makeVirtualNetwork(network, { namespace: "one", vni: 7, cidr: "10.7.0.0/24" });
    await network.objects.createSubnet("one", "s2", 7, "192.168.7.0/24");
    assert.equal(await network.objects.isValidated("one", "s2"), true);
    const first = await placeGuest(network, { ...ONE, name: "first", node: "a" });
    const second = await placeGuest(network, { ...ONE, name: "second", node: "b", subnet: "s2" });
    for (const { guest } of [first, second]) {
      const route = await guest.exec(["ip", "route", "replace", "default", "dev", guest.device]);
      assert.equal(route.code, 0, route.stderr);
    }
    await first.guest.pingUntilReply(second.guest.ip);
    await second.guest.pingUntilReply(first.guest.ip);
  });
});

void test("13.7 detaching cuts; made again on another host and subnet it works there, and old interface and lock are gone", async () => {
  await withNetwork("detach and move", { hosts: 3 }, async (network) => {
    const { objects, laboratory } = network;
    await makeVirtualNetwork(network, { namespace: "one", vni: 9, cidr: "10.9.0.0/24" });
    const still = await placeGuest(network, { ...ONE, name: "still", node: "a" });
    const mover = await placeGuest(network, { ...ONE, name: "mover", node: "b" });
    await still.guest.pingUntilReply(mover.guest.ip);
    await objects.detach("one", "mover");
    await laboratory.removeGuest("one-mover");
    for (let look = 0; (await still.guest.ping(mover.guest.ip, { timeoutMs: 200 })).kind === "reply"; look++) {
      assert.ok(look < 500, "a detached guest still answers");
      await sleep(20);
    }
    await objects.createSubnet("one", "s2", 9, "10.9.1.0/24");
    assert.equal(await objects.isValidated("one", "s2"), true);
    const moved = await placeGuest(network, { ...ONE, name: "mover", node: "c", subnet: "s2" });
    assert.match(moved.guest.ip, /^10\.9\.1\./);
    await still.guest.pingUntilReply(moved.guest.ip);
    await moved.guest.pingUntilReply(still.guest.ip);
    const ports = await laboratory.host("b").vsctl(["list-ports", "coracle"]);
    assert.deepEqual(ports.trim().split("\n"), ["cor-vtep"]);
    const locks = [still, moved].map(({ guest }) => `v1-9-${guest.ip.replaceAll(".", "-")}`);
    assert.deepEqual(await objects.locks("one"), locks.sort());
  });
});

void test("a guest cannot speak as another one", async () => {
  await withNetwork("anti-spoofing", { hosts: 2 }, async (network) => {
    await makeVirtualNetwork(network, { namespace: "one", vni: 11, cidr: "10.11.0.0/24" });
    const [honest, liar, victim] = await Promise.all([
      placeGuest(network, { ...ONE, name: "honest", node: "a" }),
      placeGuest(network, { ...ONE, name: "liar", node: "a" }),
      placeGuest(network, { ...ONE, name: "victim", node: "b" }),
    ]);
    await liar.guest.pingUntilReply(victim.guest.ip);
    const seen = await victim.guest.capture();
    const sending = await liar.guest.capture();
    try {
      const destination = macOf(11, victim.guest.ip);
      const own = macOf(11, liar.guest.ip);
      const others = macOf(11, honest.guest.ip);
      const to = victim.guest.ip;
      sending.send(unicastFrame({ source: others, destination, from: liar.guest.ip, to }));
      sending.send(unicastFrame({ source: own, destination, from: honest.guest.ip, to }));
      sending.send(unicastFrame({ source: others, destination, from: honest.guest.ip, to }));
      const truth = unicastFrame({ source: own, destination, from: liar.guest.ip, to });
      sending.send(truth);
      const arrived = await framesUntil(seen, (text) => text === frameOf(truth).text);
      const datagrams = arrived.filter(
        (text) => text.startsWith(frameOf(truth).text.slice(0, 12)) && text.includes("0800450000"),
      );
      assert.deepEqual(datagrams, [frameOf(truth).text], "only the frame that told the truth may arrive");
    } finally {
      seen.close();
      sending.close();
    }
  });
});

void test("full-size packets of a guest fit the underlay", async () => {
  await withNetwork("MTU", { hosts: 2 }, async (network) => {
    await makeVirtualNetwork(network, { namespace: "one", vni: 12, cidr: "10.12.0.0/24" });
    const first = await placeGuest(network, { ...ONE, name: "first", node: "a" });
    const second = await placeGuest(network, { ...ONE, name: "second", node: "b" });
    await first.guest.pingUntilReply(second.guest.ip);
    const link = await first.guest.exec(["cat", `/sys/class/net/${first.guest.device}/mtu`]);
    assert.equal(link.stdout.trim(), "1450");
    const largest = await first.guest.ping(second.guest.ip, { payloadSizeBytes: 1450 - 28, timeoutMs: 5000 });
    assert.equal(largest.kind, "reply");
  });
});

async function framesUntil(
  capture: { take(): Uint8Array[] },
  isLast: (text: string) => boolean,
): Promise<readonly string[]> {
  const texts: string[] = [];
  for (let round = 0; round < 500; round++) {
    texts.push(...capture.take().map((bytes) => frameOf(bytes).text));
    if (texts.some(isLast)) return texts;
    await sleep(20);
  }
  throw new Error(`Waited in vain for the last frame; seen: ${texts.join(" ")}`);
}
