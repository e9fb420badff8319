// trace, flows and drift against a real switch, and by the desired flows without one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BRIDGE, withOvsAndFabric } from "../fabric/testing/with-fabric.ts";
import { localAt, remoteAt, settle } from "../fabric/testing/fabric-contract.ts";
import { reportDrift, reportFlows, traceAttachment } from "./mod.ts";

test("trace: to a local and a remote attachment, to nobody, and from nobody", () =>
  withOvsAndFabric("trace", async ({ ovs, fabric }) => {
    fabric.adopt();
    for (const one of [localAt("n/a", 2), localAt("n/b", 3), remoteAt("n/c", 4, 7), localAt("n/d", 5, 2)])
      fabric.desire(one);
    await settle(fabric);
    const trace = (destination: string): ReturnType<typeof traceAttachment> =>
      traceAttachment({ runDirectory: ovs.folder, attachment: "n/a", destination });

    const local = await trace("10.0.0.3");
    assert.match(local.conclusion, /10\.0\.0\.3 is on this host: to port \d+ of n\/b/);
    assert.equal(local.source, "installed");
    assert.equal(local.exitCode, 0);
    assert.match(local.openVswitch ?? "", /Datapath actions: \d+/);
    assert.match(local.text, /table 1: .*dl_dst=06:00:00:03:00:01 actions=output:/);

    const remote = await trace("10.0.0.4");
    assert.match(remote.conclusion, /another host: through the tunnel to 192\.168\.56\.7/);
    assert.match(remote.openVswitch ?? "", /set_field:192\.168\.56\.7->tun_dst/);

    const nobody = await trace("10.0.0.5");
    assert.match(nobody.conclusion, /nobody in the virtual network of n\/a has 10\.0\.0\.5/);
    assert.equal(nobody.exitCode, 1);
    assert.match(nobody.openVswitch ?? "", /Datapath actions: drop/);

    await assert.rejects(trace("8.8.8.8"), { code: "BAD_ADDRESS" });
    await assert.rejects(traceAttachment({ runDirectory: ovs.folder, attachment: "n/x", destination: "10.0.0.3" }), {
      code: "NOT_HERE",
    });

    const desired = [...fabric.flows()].join("\n");
    await ovs.killSwitch();
    const request = { runDirectory: ovs.folder, attachment: "n/a", destination: "10.0.0.4", timeoutMs: 300 };
    await assert.rejects(traceAttachment(request), { code: "UNREACHABLE" });
    const fallback = await traceAttachment({ ...request, desired });
    assert.equal(fallback.source, "desired");
    assert.match(fallback.conclusion, /through the tunnel to 192\.168\.56\.7/);
    assert.equal(fallback.openVswitch, undefined);
  }));

test("13.9 flows and drift: nothing differs after a create; what others change is seen", () =>
  withOvsAndFabric("drift", async ({ ovs, fabric }) => {
    fabric.adopt();
    fabric.desire(localAt("n/a", 2));
    fabric.desire(remoteAt("n/b", 3));
    await settle(fabric);
    const location = { runDirectory: ovs.folder };
    const desired = [...fabric.flows()].join("\n");
    const all = await reportFlows(location, desired);
    assert.equal(all.lines.length, fabric.state().flowsDesired);
    assert.ok(
      all.lines.every(({ status }) => status === "same"),
      all.text,
    );
    const none = await reportDrift(location, desired);
    assert.deepEqual([none.exitCode, none.text], [0, "no drift: 16 flows are as they should be\n"]);

    const bridge = `unix:${ovs.managementSocket(BRIDGE)}`;
    const ofctl = (...args: readonly string[]): void => {
      const result = ovs.ofctl(["-O", "OpenFlow15", ...args]);
      assert.equal(result.status, 0, result.stderr);
    };
    ofctl("add-flow", bridge, "table=5,priority=7,actions=drop");
    ofctl("--strict", "del-flows", bridge, "table=0,priority=200,ipv6");
    ofctl("mod-flows", bridge, "table=1,tun_id=1,dl_dst=06:00:00:03:00:01,actions=drop");
    const drift = await reportDrift(location, desired);
    assert.equal(drift.exitCode, 1);
    assert.deepEqual(drift.lines.map(({ status }) => status).sort(), ["different", "missing", "unexpected"]);
    await assert.rejects(reportDrift(location, "no flow"), { code: "BAD_FLOWS" });
    await assert.rejects(reportDrift({ ...location, bridge: "none", timeoutMs: 200 }, desired), {
      code: "UNREACHABLE",
    });
  }));
