// The client against a real Open vSwitch: bundles, dumps, refusals, restarts.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { until, withOvs } from "@coracle/ovsdb/testing";
import {
  FIELD,
  type Flow,
  flowChangeSource,
  flowKey,
  formatFlowBrief,
  matchBig,
  matchNumber,
  matchOf,
  OPENFLOW_14,
  OPENFLOW_15,
  ofPort,
  parseFlow,
  parseFlows,
  sameFlow,
  setNumber,
} from "../mod.ts";
import { type OpenflowClient, type OpenflowClientOptions, OpenflowRequestError, openOpenflow } from "./mod.ts";

function remoteFlows(count: number): Flow[] {
  const flows: Flow[] = [];
  for (let index = 0; index < count; index++) {
    const pair = index >> 1;
    const tunnel = matchBig(FIELD.tun_id, BigInt(1 + (pair % 7)));
    const match =
      index % 2 === 0
        ? matchOf([matchNumber(FIELD.eth_dst, 0x0600_0000_0000 + pair), tunnel])
        : matchOf([matchNumber(FIELD.eth_type, 0x0806), matchNumber(FIELD.arp_tpa, 0x0a00_0000 + pair), tunnel]);
    const actions = [setNumber(FIELD.tun_dst, 0xc0a8_0001 + (pair % 50)), { kind: "output", port: ofPort(3) } as const];
    flows.push({ table: 1, priority: 32768, match, actions, cookie: BigInt(pair) });
  }
  return flows;
}

async function withClient(
  options: OpenflowClientOptions,
  body: (client: OpenflowClient) => Promise<void>,
): Promise<void> {
  const client = openOpenflow(options);
  try {
    await client.whenReady();
    await body(client);
  } finally {
    await client.close();
  }
}

async function refusal(promise: Promise<unknown>): Promise<OpenflowRequestError> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof OpenflowRequestError, String(thrown));
    return thrown;
  }
  throw new Error("nothing was refused");
}

for (const version of [OPENFLOW_14, OPENFLOW_15] as const) {
  test(`real switch, version ${version}: 1,000 flows in one bundle come back equal from a dump and from ovs-ofctl`, () =>
    withOvs("1,000 flows", async (ovs) => {
      ovs.addBridge("br0");
      const target = { path: ovs.managementSocket("br0") };
      await withClient({ target, session: { versions: [version] } }, async (client) => {
        const flows = remoteFlows(1000);
        await client.applyFlows({ adds: flows });
        const dumped = new Map((await client.dumpFlows()).map((flow) => [flowKey(flow), flow]));
        assert.equal(dumped.size, 1000);
        for (const flow of flows) {
          const found = dumped.get(flowKey(flow));
          assert.ok(found !== undefined && sameFlow(found, flow), formatFlowBrief(flow));
        }
        const told = ovs.ofctl(["-O", "OpenFlow15", "--no-stats", "dump-flows", `unix:${ovs.managementSocket("br0")}`]);
        assert.equal(told.status, 0, told.stderr);
        const theirs = told.stdout
          .trim()
          .split("\n")
          .map((line) => line.trim())
          .filter((line) => !line.startsWith("OFPST"));
        assert.deepEqual(theirs.sort(), flows.map(formatFlowBrief).sort());
        assert.equal((await client.aggregate()).flowCount, 1000);
        const tables = await client.dumpTables();
        assert.equal(tables.find((table) => table.table === 1)?.flowCount, 1000);
        assert.deepEqual(
          (await client.dumpPorts()).map((port) => port.name),
          ["br0"],
        );
        await client.applyFlows({ deletes: [{ match: [] }], adds: flows.slice(0, 3) });
        assert.equal((await client.dumpFlows()).length, 3);
        await client.barrier();
      });
    }));
}

test("real switch: one bad flow in a bundle is found by index, and nothing is installed", () =>
  withOvs("bad flow", async (ovs) => {
    ovs.addBridge("br0");
    await withClient({ target: { path: ovs.managementSocket("br0") } }, async (client) => {
      const flows = remoteFlows(100);
      const noEthType: Flow = {
        table: 0,
        priority: 5,
        cookie: 0n,
        match: [matchNumber(FIELD.arp_tpa, 1)],
        actions: [],
      };
      const unread = await refusal(client.applyFlows({ adds: [...flows.slice(0, 40), noEthType, ...flows.slice(40)] }));
      assert.equal(unread.code, "REFUSED");
      assert.deepEqual(
        unread.cause.failures?.map(({ index, error }) => [index, error.name]),
        [[40, "OFPBMC_BAD_PREREQ"]],
      );
      assert.equal((await client.dumpFlows()).length, 0);
      const noGroup: Flow = { table: 0, priority: 5, cookie: 0n, match: [], actions: [{ kind: "group", group: 99 }] };
      const uncommitted = await refusal(client.applyFlows({ deletes: [{ match: [] }], adds: [...flows, noGroup] }));
      assert.deepEqual(
        uncommitted.cause.failures?.map(({ index, error }) => [index, error.name]),
        [[101, "OFPBAC_BAD_OUT_GROUP"]],
      );
      assert.equal((await client.dumpFlows()).length, 0);
      await client.applyFlows({ adds: flows });
      assert.equal((await client.dumpFlows()).length, 100);
    });
  }));

test("real switch: of a bundle that is committed at once all but what it cannot read is installed, and told so", () =>
  withOvs("partial bundle", async (ovs) => {
    ovs.addBridge("br0");
    await withClient({ target: { path: ovs.managementSocket("br0") } }, async (client) => {
      const flows = remoteFlows(10);
      const match = [matchNumber(FIELD.arp_tpa, 1)];
      const noEthType: Flow = { table: 0, priority: 5, cookie: 0n, match, actions: [] };
      const source = flowChangeSource({ adds: [...flows.slice(0, 4), noEthType, ...flows.slice(4)] });
      const { cause } = await refusal(client.bundle(source, { commitAtOnce: true }));
      assert.deepEqual([cause.code, cause.isPartial], ["REFUSED", true]);
      assert.deepEqual(
        cause.failures?.map(({ index, error }) => [index, error.name]),
        [[4, "OFPBMC_BAD_PREREQ"]],
      );
      const there = new Set((await client.dumpFlows()).map(flowKey));
      assert.deepEqual(there, new Set(flows.map(flowKey)));
      const noGroup: Flow = { table: 0, priority: 5, cookie: 0n, match: [], actions: [{ kind: "group", group: 99 }] };
      const whole = flowChangeSource({ deletes: [{ match: [] }], adds: [noGroup] });
      const uncommitted = await refusal(client.bundle(whole, { commitAtOnce: true }));
      assert.deepEqual([uncommitted.cause.code, uncommitted.cause.isPartial], ["REFUSED", undefined]);
      assert.equal(
        (await client.dumpFlows()).length,
        flows.length,
        "what it could read but not do, it did not do at all",
      );
    });
  }));

test("real switch: killed and started again, it is filled by the resync hook before anyone else may use it", () =>
  withOvs("restart", async (ovs) => {
    ovs.addBridge("br0");
    const flows = remoteFlows(200);
    let resyncs = 0;
    const options: OpenflowClientOptions = {
      target: { path: ovs.managementSocket("br0") },
      backoff: { initialMs: 20, capMs: 100, factor: 2, jitter: 0, resetMs: 1000 },
      onResync: async (commands) => {
        resyncs++;
        await commands.applyFlows({ deletes: [{ match: [] }], adds: flows });
      },
    };
    await withClient(options, async (client) => {
      assert.equal((await client.dumpFlows()).length, 200);
      await ovs.killSwitch();
      await until("the client notices", () => !client.isReady);
      assert.equal((await refusal(client.barrier())).code, "DISCONNECTED");
      await ovs.startSwitch();
      await client.whenReady();
      assert.equal(resyncs, 2);
      assert.equal((await client.dumpFlows()).length, 200);
    });
  }));

test("real switch: a pipeline in ovs-ofctl's text is installed, and ovs-ofctl reads the same back", () =>
  withOvs("pipeline text", async (ovs) => {
    ovs.addBridge("br0");
    const text = [
      "cookie=0x1,table=0,priority=1,actions=resubmit(,1)",
      "cookie=0x2,table=0,in_port=5,actions=load:0x7->NXM_NX_TUN_ID[],resubmit(,1)",
      "table=2,ip,nw_src=10.0.0.0/8,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],load:0x2->NXM_NX_REG3[4..15],IN_PORT",
      "table=2,priority=7,tcp,tp_dst=80,ct_state=+trk+est-new,reg0=0x5/0xff,metadata=0x12/0xffff,idle_timeout=5,actions=ct(commit,zone=NXM_NX_REG4[0..15],table=5,exec(set_field:0x1->ct_mark))",
      "table=3,arp,arp_op=1,arp_sha=06:00:00:02:00:01,arp_spa=1.2.3.0/24,actions=set_field:2->arp_op,CONTROLLER:128,LOCAL",
      "table=4,ipv6,ipv6_src=fe80::/10,actions=write_metadata:0x5/0xff,goto_table:5",
      "table=5,vlan_tci=0x1000/0x1000,actions=drop",
      "table=5,in_port=1,dl_vlan=5,dl_src=02:00:00:00:00:01,actions=set_field:4102->vlan_vid,resubmit(,6)",
      "table=5,ip,vlan_tci=0,actions=resubmit(,6)",
      "table=5,priority=9,vlan_vid=0x1/0xfff,actions=drop",
      "table=5,udp,udp_src=0x10/0xfff0,actions=set_field:0x1/0xf->reg1,resubmit(3,4),resubmit:7",
    ].join("\n");
    const parsed = parseFlows(text);
    assert.ok(parsed.ok, parsed.ok ? "" : parsed.error.message);
    await withClient({ target: { path: ovs.managementSocket("br0") } }, async (client) => {
      await client.applyFlows({ adds: parsed.value });
      const told = ovs.ofctl(["-O", "OpenFlow15", "dump-flows", `unix:${ovs.managementSocket("br0")}`]);
      const theirs = parseFlows(told.stdout);
      assert.ok(theirs.ok, theirs.ok ? "" : theirs.error.message);
      const installed = new Map(theirs.value.map((flow) => [flowKey(flow), flow]));
      for (const flow of [...parsed.value, ...(await client.dumpFlows())]) {
        const found = installed.get(flowKey(flow));
        assert.ok(found !== undefined && sameFlow(found, flow), `${formatFlowBrief(flow)} against ${told.stdout}`);
      }
    });
  }));

test("real switch: groups and flows go in one bundle, meters and port events beside it", () =>
  withOvs("groups and meters", async (ovs) => {
    ovs.addBridge("br0");
    const added: string[] = [];
    const options: OpenflowClientOptions = {
      target: { path: ovs.managementSocket("br0") },
      onNotice: (notice) => {
        if (notice.kind === "port-status") added.push(`${notice.status.reason} ${notice.status.port.name}`);
      },
    };
    const { encodeSetAsync, messageListSource, METER_FLAG, PORT_STATUS_ALL } = await import("../mod.ts");
    await withClient(options, async (client) => {
      const viaGroup = parseFlow("table=0,priority=3,actions=group:7");
      assert.ok(viaGroup.ok);
      const buckets = [1, 2].map((port) => ({
        weight: port,
        actions: [{ kind: "output", port: ofPort(port) } as const],
      }));
      await client.bundle(
        messageListSource([
          { kind: "group", mod: { command: "add", group: 7, type: "select", buckets } },
          { kind: "add", flow: viaGroup.value },
        ]),
      );
      const config = { packetInReasons: 0, portStatusReasons: PORT_STATUS_ALL, flowRemovedReasons: 0 };
      const flags = METER_FLAG.kilobits | METER_FLAG.burst;
      await client.send([
        { kind: "meter", mod: { command: "add", meter: 1, flags, dropBands: [{ rate: 1000, burst: 100 }] } },
        { kind: "other", encode: (buffer, header) => encodeSetAsync(buffer, header, config) },
      ]);
      const groups = ovs.ofctl(["-O", "OpenFlow15", "dump-groups", `unix:${join(ovs.folder, "br0.mgmt")}`]);
      assert.match(
        groups.stdout,
        /group_id=7,type=select,bucket=bucket_id:0,actions=output:1,bucket=bucket_id:1,weight:2,actions=output:2/,
      );
      const meters = ovs.ofctl(["-O", "OpenFlow15", "dump-meters", `unix:${join(ovs.folder, "br0.mgmt")}`]);
      assert.match(meters.stdout, /meter=1 kbps burst bands=\s*type=drop rate=1000 burst_size=100/);
      assert.equal(ovs.vsctl(["add-port", "br0", "p1", "--", "set", "interface", "p1", "type=dummy"]).status, 0);
      await until("the port is told", () => added.includes("add p1"));
      const again = await refusal(
        client.send([{ kind: "meter", mod: { command: "add", meter: 1, flags, dropBands: [{ rate: 1, burst: 1 }] } }]),
      );
      assert.equal(again.cause.error?.name, "OFPMMFC_METER_EXISTS");
    });
  }));
