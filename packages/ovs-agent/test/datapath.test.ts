// A host without the kernel's datapath: the bridge is given the one of ovs-vswitchd's own, unless somebody has chosen another.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { createLaboratory, type Host, laboratorySupport } from "@coracle/lab/io";
import { createOvsFabric, type OvsFabric } from "../src/io/fabric/mod.ts";

const DEVICE = "cor060000020001";

/** Runs `body` with a host whose ovs-vswitchd knows the userspace datapath alone; says that it did not where there can be none. */
async function withHost(name: string, body: (host: Host) => Promise<void>): Promise<void> {
  const support = await laboratorySupport();
  if (support.kind === "missing") {
    process.stdout.write(`did not run: ${name}: ${support.reason}\n`);
    return;
  }
  const laboratory = await createLaboratory({ hosts: 1 });
  try {
    await body(laboratory.host("a"));
  } finally {
    await laboratory.close();
  }
}

function fabricOn(host: Host, told: string[]): OvsFabric {
  const { ovsRunDir: runDirectory, hostIp } = host;
  return createOvsFabric({ runDirectory, hostIp, onLog: (message) => void told.push(message) });
}

/** Starts a fabric, makes an interface, ends it; answers what it said about datapaths. */
async function runOnce(host: Host): Promise<readonly string[]> {
  const told: string[] = [];
  const fabric = fabricOn(host, told);
  try {
    await fabric.start(AbortSignal.timeout(20_000));
    fabric.adopt();
    fabric.desire({ kind: "local", owner: "n/a", uid: "u", vni: 1, ipv4: 0x0a00_0002 });
    await fabric.settled(AbortSignal.timeout(20_000));
    assert.equal(fabric.state().failing, 0);
  } finally {
    await fabric.close();
  }
  return told.filter((message) => message.includes("datapath"));
}

test("without a kernel datapath the bridge is moved to userspace, told once, and its devices are real", () =>
  withHost("no kernel datapath", async (host) => {
    assert.deepEqual(await runOnce(host), ["no kernel datapath: using the userspace datapath"]);
    assert.equal((await host.vsctl(["get", "bridge", "coracle", "datapath_type"])).trim(), "netdev");
    const shown = await host.exec(["ip", "-o", "link", "show", DEVICE]);
    assert.match(shown.stdout, /mtu 1450 .*link\/ether 06:00:00:02:00:01/);
    assert.deepEqual(await runOnce(host), [], "what is so already is neither changed nor told");
  }));

test("a datapath that somebody has chosen is left, and why nothing works is told", () =>
  withHost("a chosen datapath", async (host) => {
    await host.vsctl(["--no-wait", "add-br", "coracle", "--", "set", "bridge", "coracle", "datapath_type=system"]);
    const told: string[] = [];
    const fabric = fabricOn(host, told);
    const abort = new AbortController();
    try {
      const starting = fabric.start(abort.signal);
      starting.catch(() => undefined);
      for (let look = 0; look < 500 && fabric.state().reason === undefined; look++)
        await new Promise((resolve) => setTimeout(resolve, 20));
      assert.match(fabric.state().reason ?? "", /coracle\.mgmt/);
      assert.equal(fabric.state().connected, false);
      abort.abort();
      await assert.rejects(starting, { code: "ABORTED" });
    } finally {
      await fabric.close();
    }
    assert.equal((await host.vsctl(["get", "bridge", "coracle", "datapath_type"])).trim(), "system");
    assert.deepEqual(
      told.filter((message) => message.includes("userspace")),
      [],
    );
  }));
