// Commands of attachments on a real host: the ping test from creation to deletion, and a program that is not allowed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeVirtualNetwork, placeGuest } from "./placed-guests.ts";
import { withNetwork } from "./network-system.ts";

const AGENT = join(import.meta.dirname, "../../packages/ovs-agent/src/main.ts");
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

void test("13.14 the ping test runs as an attachment's command, its report comes back, and its namespace goes with the attachment", async () => {
  await withNetwork("commands of attachments", { hosts: 2 }, async (network) => {
    const ip = spawnSync("sh", ["-c", "command -v ip"], { env: { PATH }, encoding: "utf8" }).stdout.trim();
    const host = network.laboratory.host("b");
    const netns = `${network.laboratory.name}-hook`;
    await network.end("agent-b", "SIGTERM");
    await network.startAgent("b", ["--allowed-programs", ip]);
    await makeVirtualNetwork(network, { namespace: "one", vni: 51, cidr: "10.51.0.0/24" });
    const peer = await placeGuest(network, { namespace: "one", name: "peer", node: "a", subnet: "s1", prefixBits: 24 });
    // A program in a host's namespace sees namespaces that were there before it.
    spawnSync(ip, ["netns", "add", netns]);
    const inHost = [ip, "netns", "exec", host.netns, "bun", AGENT];
    await network.objects.attach({
      namespace: "one",
      name: "tested",
      node: "b",
      subnet: "s1",
      postCreateExec: [...inHost, "test-by-ping", "${ifname}", netns, "${ipv4}/24", peer.guest.ip, "5", "peer ${mac}"],
      postDeleteExec: [ip, "netns", "delete", netns],
    });
    const tested = await network.objects.until(
      "one",
      "tested",
      (state) => reportOf(state.object["status"]) !== undefined,
    );
    const report = reportOf(tested.object["status"]);
    assert.equal(report?.exitStatus, 0, JSON.stringify(report));
    const words = report?.command ?? [];
    for (const word of [tested.device, `${tested.ipv4}/24`, `peer ${tested.mac}`])
      assert.ok(words.includes(word), word);
    assert.deepEqual(tested.hostErrors, []);

    await network.objects.detach("one", "tested");
    const hasNetns = (): boolean => spawnSync(ip, ["netns", "list"], { encoding: "utf8" }).stdout.includes(netns);
    for (let look = 0; look < 300 && hasNetns(); look++) await sleep(100);
    assert.equal(hasNetns(), false, "the command after deletion has not run");
  });
});

void test("13.14 a program that is not allowed is refused in the attachment's status, and the interface works all the same", async () => {
  await withNetwork("a refused program", { hosts: 2 }, async (network) => {
    await makeVirtualNetwork(network, { namespace: "one", vni: 52, cidr: "10.52.0.0/24" });
    const peer = await placeGuest(network, { namespace: "one", name: "peer", node: "a", subnet: "s1", prefixBits: 24 });
    const refused = await placeGuest(network, {
      namespace: "one",
      name: "refused",
      node: "b",
      subnet: "s1",
      prefixBits: 24,
      postCreateExec: ["/bin/false"],
    });
    const state = await network.objects.until("one", "refused", ({ hostErrors }) => hostErrors.length > 0);
    assert.match(state.hostErrors.join(), /\/bin\/false/);
    assert.equal(reportOf(state.object["status"]), undefined);
    await refused.guest.pingUntilReply(peer.guest.ip);
  });
});

interface Report {
  readonly exitStatus: number;
  readonly command: readonly string[];
}

function reportOf(status: unknown): Report | undefined {
  return (status as { postCreateExecReport?: Report } | undefined)?.postCreateExecReport;
}
