// Isolation against frames of every kind: from a guest, and injected into the underlay by known and unknown hosts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Capture } from "@coracle/lab/io";
import {
  encapsulated,
  type FrameGuest,
  guestFrames,
  type HostileFrame,
  marked,
  readMark,
  tagged,
  VLAN,
} from "./hostile-frames.ts";
import { arpRequest, BROADCAST, ethernet, macOf, unicastFrame } from "./frames.ts";
import { makeVirtualNetwork, placeGuest } from "./placed-guests.ts";
import { type NetworkSystem, withNetwork } from "./network-system.ts";
import type { PlacedGuest } from "./traffic.ts";

const OWN_VNI = 61;
const OTHER_VNI = 62;
const TIMES = 3;
const TRUTH = 0xffff;
/** A bridge of the laboratory has the last octet of its host's address in its own. */
const HOST_MAC = 0x0200_0a5a_0000;

void test("13.12 no frame of a guest's making reaches another network, and no lie its own", async () => {
  await withNetwork("hostile frames of a guest", { hosts: 3 }, async (network) => {
    const guests = await twoNetworks(network);
    const { attacker, near, far, other } = guests;
    const frames = guestFrames({
      own: frameGuest(attacker),
      imitated: frameGuest(far),
      peer: frameGuest(near),
      other: frameGuest(other),
      otherVni: OTHER_VNI,
    });
    const toFar = guestFrames({
      own: frameGuest(attacker),
      imitated: frameGuest(near),
      peer: frameGuest(far),
      other: frameGuest(guests.otherFar),
      otherVni: OTHER_VNI,
    });
    const truths = [near, far].map((to) => truth(attacker, to));
    const sender = await attacker.guest.capture();
    try {
      const seen = await arrivals([near, far, other, guests.otherFar], sender, {
        hostile: [...frames, ...toFar],
        truths,
        heardBy: 2,
      });
      assert.deepEqual(seen, []);
    } finally {
      sender.close();
    }
  });
});

void test("13.12 VXLAN from a host without part in the network goes nowhere, from one with a part only what is true", async () => {
  await withNetwork("frames injected into the underlay", { hosts: 3 }, async (network) => {
    const { near, far, other, otherFar } = await twoNetworks(network);
    const [a, b, c] = ["a", "b", "c"].map((name) => hostOf(network, name));
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const stranger: FrameGuest = { mac: HOST_MAC + 99, ip: "10.90.0.99" };
    const inner = truth(far, near);
    const toOther = truth(otherFar, other);
    const from = (kind: string, source: FrameGuest, vni: number, bytes: Uint8Array = inner): HostileFrame => {
      return { kind, bytes: encapsulated(bytes, { source, destination: a, vni }) };
    };
    const hostile = [
      from("unknown host", stranger, OWN_VNI),
      from("unknown host, the other network", stranger, OTHER_VNI, toOther),
      from("host of another network", c, OWN_VNI),
      from("host of this network, the other's VNI", b, OTHER_VNI, toOther),
      from("host of this network, the other's guest", b, OWN_VNI, toOther),
      from("VNI 0", b, 0),
      from("a VNI that differs beyond 21 bits", b, OWN_VNI + 0x20_0000),
      from("ARP", b, OWN_VNI, arpRequest({ source: frameGuest(far).mac, from: far.guest.ip, to: near.guest.ip })),
      from("IPv6", b, OWN_VNI, ethernet(frameGuest(far).mac, frameGuest(near).mac, 0x86dd, 50)),
      from("a broadcast", b, OWN_VNI, truth(far, { mac: BROADCAST, ip: "255.255.255.255" })),
      from("a VLAN tag", b, OWN_VNI, tagged(inner, VLAN, 5)),
      from("back to where it came from", b, OWN_VNI, truth(near, far)),
    ];
    const cable = await network.laboratory.host("b").captureUnderlay();
    try {
      const truths = [encapsulated(inner, { source: b, destination: a, vni: OWN_VNI })];
      assert.deepEqual(await arrivals([near, far, other, otherFar], cable, { hostile, truths, heardBy: 1 }), []);
    } finally {
      cable.close();
    }
  });
});

interface Cast {
  readonly attacker: PlacedGuest;
  readonly near: PlacedGuest;
  readonly far: PlacedGuest;
  readonly other: PlacedGuest;
  readonly otherFar: PlacedGuest;
}

/** Hosts a and b have a part in one network, a and c in the other; both have the same addresses. */
async function twoNetworks(network: NetworkSystem): Promise<Cast> {
  await makeVirtualNetwork(network, { namespace: "one", vni: OWN_VNI, cidr: "10.61.0.0/28" });
  await makeVirtualNetwork(network, { namespace: "two", vni: OTHER_VNI, cidr: "10.61.0.0/28" });
  const place = (namespace: string, name: string, node: string): Promise<PlacedGuest> =>
    placeGuest(network, { namespace, name, node, subnet: "s1", prefixBits: 24 });
  const [attacker, near, far, other, otherFar] = await Promise.all([
    place("one", "attacker", "a"),
    place("one", "near", "a"),
    place("one", "far", "b"),
    place("two", "other", "a"),
    place("two", "far", "c"),
  ]);
  await near.guest.pingUntilReply(far.guest.ip);
  await attacker.guest.pingUntilReply(far.guest.ip);
  await other.guest.pingUntilReply(otherFar.guest.ip);
  return { attacker, near, far, other, otherFar };
}

/** Sends the hostile frames and then the true ones; once those have arrived, tells which hostile ones have, too. */
async function arrivals(
  watched: readonly PlacedGuest[],
  sender: Capture,
  work: { readonly hostile: readonly HostileFrame[]; readonly truths: readonly Uint8Array[]; readonly heardBy: number },
): Promise<readonly string[]> {
  const captures = await Promise.all(watched.map(({ guest }) => guest.capture()));
  try {
    for (let time = 0; time < TIMES; time++) {
      for (const [number, { bytes }] of work.hostile.entries()) sender.send(marked(bytes, number));
    }
    const seen = new Set<string>();
    const heard = new Set<number>();
    for (let look = 0; look < 500; look++) {
      for (const bytes of work.truths) sender.send(marked(bytes, TRUTH));
      await sleep(20);
      for (const [index, capture] of captures.entries()) {
        const numbers = capture.take().flatMap((bytes) => readMark(bytes) ?? []);
        if (numbers.includes(TRUTH)) heard.add(index);
        const hostile = numbers.filter((number) => number !== TRUTH);
        for (const number of hostile) seen.add(`${watched[index]?.guest.netns}: ${work.hostile[number]?.kind}`);
      }
      // The true ones were sent last: a few more looks see what is slower.
      if (heard.size === work.heardBy && look > 25) return [...seen];
    }
    throw new Error(
      `Waited in vain for the true frames: heard by ${[...heard].map((index) => watched[index]?.guest.netns).join()}; ${[...seen].join()}`,
    );
  } finally {
    for (const capture of captures) capture.close();
  }
}

function frameGuest({ guest, vni }: PlacedGuest): FrameGuest {
  return { mac: macOf(vni, guest.ip), ip: guest.ip };
}

function truth(from: PlacedGuest, to: PlacedGuest | FrameGuest): Uint8Array {
  const source = frameGuest(from);
  const target = "guest" in to ? frameGuest(to) : to;
  return unicastFrame({ source: source.mac, destination: target.mac, from: source.ip, to: target.ip });
}

function hostOf(network: NetworkSystem, name: string): FrameGuest {
  const { hostIp } = network.laboratory.host(name);
  return { mac: HOST_MAC + Number(hostIp.split(".").at(-1)), ip: hostIp };
}
