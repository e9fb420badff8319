// What a host is told and what it installs: nothing of virtual networks it has no part in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeVirtualNetwork } from "./placed-guests.ts";
import { type NetworkSystem, withNetwork } from "./network-system.ts";

const LOOKS_MAX = 300;

void test("13.10 a host has the flows of a virtual network from its first attachment there until its last, and none before or after", async () => {
  await withNetwork("relevance", { hosts: 2 }, async (network) => {
    const { objects } = network;
    await makeVirtualNetwork(network, { namespace: "one", vni: 41, cidr: "10.41.0.0/24" });
    for (const name of ["r1", "r2", "r3"]) await objects.attach({ namespace: "one", name, node: "b", subnet: "s1" });
    const remotes = await objects.allReady("one", 3);
    const bare = await flowCount(network);
    assert.equal(
      await mentions(
        network,
        remotes.map((one) => one.mac),
      ),
      0,
    );

    await objects.attach({ namespace: "one", name: "l1", node: "a", subnet: "s1" });
    await objects.ready("one", "l1");
    await until(
      network,
      async () =>
        (await mentions(
          network,
          remotes.map((one) => one.mac),
        )) >= 3,
    );

    await objects.detach("one", "l1");
    await until(network, async () => (await flowCount(network)) === bare);
    assert.equal(
      await mentions(
        network,
        remotes.map((one) => one.mac),
      ),
      0,
    );
  });
});

void test("13.13 a second bridge with the same port numbers does not matter", async () => {
  await withNetwork("a second bridge", { hosts: 1 }, async (network) => {
    const host = network.laboratory.host("a");
    await host.vsctl(["add-br", "other", "--", "set", "bridge", "other", "datapath_type=netdev"]);
    for (const port of ["o1", "o2", "o3"]) {
      await host.vsctl(["add-port", "other", port, "--", "set", "interface", port, "type=internal"]);
    }
    await makeVirtualNetwork(network, { namespace: "one", vni: 42, cidr: "10.42.0.0/24" });
    for (const name of ["l1", "l2"]) await network.objects.attach({ namespace: "one", name, node: "a", subnet: "s1" });
    await network.objects.allReady("one", 2);
    await network.end("agent-a", "SIGTERM");
    await network.startAgent("a");
    await network.objects.detach("one", "l1");
    await network.objects.detach("one", "l2");
    await until(network, async () => (await host.vsctl(["list-ports", "coracle"])).trim() === "cor-vtep");
    assert.deepEqual((await host.vsctl(["list-ports", "other"])).trim().split("\n"), ["o1", "o2", "o3"]);
  });
});

async function flows(network: NetworkSystem): Promise<readonly string[]> {
  const text = await network.laboratory.host("a").ofctl("dump-flows", "coracle", ["--no-stats"]);
  return text.trim().split("\n");
}

async function flowCount(network: NetworkSystem): Promise<number> {
  return (await flows(network)).length;
}

/** How many of the MAC addresses appear in the flows of host a. */
async function mentions(network: NetworkSystem, macs: readonly string[]): Promise<number> {
  const lines = await flows(network);
  return macs.filter((mac) => lines.some((line) => line.includes(`dl_dst=${mac}`))).length;
}

async function until(network: NetworkSystem, isRight: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    if (await isRight()) return;
    await sleep(100);
  }
  throw new Error(`Waited in vain; flows of host a:\n${(await flows(network)).join("\n")}`);
}
