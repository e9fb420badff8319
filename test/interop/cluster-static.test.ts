// Our node among Scandium nodes with a fixed table, Californium's static mode: its `DtlsClusterConnector` itself, which has no
// management. Wires between our node and theirs see every datagram of the cluster network: frames, and nothing else.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { RandomCids } from "@coracle/dtls";
import { eventually, freeUdpPort } from "@coracle/sim";
import { ClusterWire, FRAME_TYPES } from "./cluster-wire.ts";
import { walk } from "./cluster-walk.ts";
import { type InteropCredentials, makeCredentials } from "./credentials.ts";
import { Device } from "./device.ts";
import {
  type ClusterNode,
  type ClusterOptions,
  OUR_ID,
  type OurNode,
  type ScandiumNode,
  startOurs,
  startScandium,
} from "./mixed-cluster.ts";
import { interopPeerReady } from "./peers.ts";
import { ScandiumHost } from "./scandium-host.ts";

/** Two Scandium nodes and ours, each with the table of the others; a wire between ours and each of theirs. */
class StaticCluster {
  readonly wires: ClusterWire[] = [];
  readonly scandium: ScandiumNode[] = [];
  /** What our node is given when it starts. */
  readonly ourTable: Map<number, number> = new Map();
  readonly #machine: ScandiumHost;
  readonly #options: ClusterOptions;
  readonly #clusterPorts: number[] = [];
  #ours: OurNode | undefined;

  constructor(machine: ScandiumHost, options: Omit<ClusterOptions, "mode">) {
    this.#machine = machine;
    this.#options = { ...options, mode: "static" };
  }

  get ours(): OurNode {
    assert.ok(this.#ours !== undefined);
    return this.#ours;
  }

  get nodes(): readonly ClusterNode[] {
    return [...this.scandium, this.ours];
  }

  async start(): Promise<void> {
    const [one, two, ours] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()] as const;
    this.#clusterPorts.push(one, two, ours);
    for (const theirs of [one, two]) this.wires.push(await ClusterWire.open({ ours, theirs }));
    for (const [index, wire] of this.wires.entries()) {
      this.ourTable.set(index + 1, wire.theirPort);
      this.scandium.push(await this.#startTheirs(index));
    }
    await this.startOurs();
  }

  /** Starts our node, anew if it runs. */
  async startOurs(): Promise<void> {
    await this.#ours?.stop();
    this.#ours = await startOurs(this.#clusterPorts[2] ?? 0, [], { ...this.#options, table: this.ourTable });
  }

  async restartTheirs(index: number): Promise<void> {
    await this.scandium[index]?.program.stop();
    this.scandium[index] = await this.#startTheirs(index);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.scandium.map(({ program }) => program.stop()), this.#ours?.stop()]);
    for (const wire of this.wires) wire.close();
  }

  async #startTheirs(index: number): Promise<ScandiumNode> {
    const other = 1 - index;
    const table = new Map([
      [other + 1, this.#clusterPorts[other] ?? 0],
      [OUR_ID, this.wires[index]?.ourPort ?? 0],
    ]);
    const node = { id: index + 1, clusterPort: this.#clusterPorts[index] ?? 0 };
    return await startScandium(this.#machine, node, { ...this.#options, table });
  }
}

if (interopPeerReady("scandium", "our node in a cluster with a fixed table")) {
  let credentials: InteropCredentials;
  let machine: ScandiumHost;
  let cluster: StaticCluster | undefined;
  before(async () => {
    credentials = await makeCredentials();
    machine = await ScandiumHost.start();
  });
  after(async () => {
    await machine?.stop();
    credentials?.remove();
  });
  afterEach(async () => {
    await cluster?.stop();
    cluster = undefined;
  });

  async function started(options: Partial<ClusterOptions> = {}): Promise<StaticCluster> {
    cluster = new StaticCluster(machine, { credentials, ...options });
    await cluster.start();
    return cluster;
  }

  describe("two Scandium nodes and ours with a fixed table", () => {
    it("forward in both directions and answer through the node that forwarded, with not one ping", async () => {
      const { ours, scandium, nodes, wires } = await started();
      assert.equal((await fetch(`${ours.router.http}/readyz`)).status, 200, "there is nothing to wait for");
      await walk(nodes, { credentials }, "router");
      const routed = (route: string): Promise<number> =>
        ours.router.metric(`coracle_router_datagrams_total{route="${route}"}`);
      // A packet thread tells its counts a little later.
      for (const route of ["forwarded", "processed-forward", "sent-backward", "backwarded"])
        await eventually(async () => (await routed(route)) >= 4, `ours counts four ${route}`);
      for (const node of scandium) {
        for (const name of ["forwarded", "processForwarded", "sendBackwarded", "backwarded"])
          assert.ok((await node.counter(name)) >= 4, name);
        for (const name of ["badForward", "badBackward", "dropForward", "dropBackward"])
          assert.equal(await node.counter(name), 0, name);
      }
      for (const { fromOurs, fromTheirs } of wires) {
        for (const sent of [fromOurs, fromTheirs])
          assert.deepEqual(firstBytes(sent), [FRAME_TYPES.backward, FRAME_TYPES.forward]);
      }
    });

    it("serve devices on IPv6: addresses of 16 bytes", async () => {
      const { nodes } = await started({ host: "::1" });
      await walk(nodes, { credentials, host: "::1" }, "router");
    });

    it("without backward messages the owner answers", async () => {
      const { nodes } = await started({ backward: false });
      await walk(nodes, { credentials }, "owner");
    });

    it("are shown as nodes of whom nothing is known but where they are", async () => {
      const { ours, wires } = await started();
      assert.deepEqual(await ours.router.json("/nodes"), {
        self: { nodeId: OUR_ID, ready: true, mode: "static", notReady: null },
        nodes: wires.map(({ theirPort }, index) => ({
          nodeId: index + 1,
          address: `127.0.0.1:${theirPort}`,
          liveness: "unknown",
          state: null,
          incarnation: 1,
          silentMs: null,
          rttMs: null,
        })),
      });
    });

    it("serve again the moment a node is back, ours or theirs", async () => {
      const running = await started();
      await running.startOurs();
      await walk(running.nodes, { credentials }, "router");
      await running.restartTheirs(0);
      await walk(running.nodes, { credentials }, "router");
    });

    it("are not heard by our node unless they are in its table", async () => {
      const running = await started();
      const { ourTable, scandium } = running;
      ourTable.delete(2);
      await running.startOurs();
      const { ours } = running;
      const [known, stranger] = scandium;
      assert.ok(known !== undefined && stranger !== undefined);
      const drops = (cause: string): Promise<number> =>
        ours.router.metric(`coracle_router_drops_total{cause="${cause}"}`);
      const device = await Device.connect(ours.port, { psk: credentials.psk, cids: new RandomCids(0) });
      const theirs = await Device.connect(stranger.port, { psk: credentials.psk, cids: new RandomCids(0) });
      try {
        device.move(stranger.port);
        const asked = device.ask("through a stranger");
        await eventually(async () => (await drops("forward-unknown-sender")) > 0, "the stranger's forward is dropped");
        device.move(known.port);
        assert.match(await asked, /^node=3 /, "a member's is not");
        theirs.move(ours.port);
        const lost = theirs.ask("to a stranger");
        await eventually(async () => (await drops("unknown-node")) > 0, "nothing is forwarded to the stranger");
        theirs.move(stranger.port);
        assert.match(await lost, /^node=2 /);
      } finally {
        device.close();
        theirs.close();
      }
    });
  });

  it("a Scandium node that pings gets no answer from a node with a fixed table", async () => {
    const { ours } = await started();
    const pinging = await startScandium(
      machine,
      { id: 9, clusterPort: await freeUdpPort() },
      { mode: "plain", credentials },
    );
    try {
      pinging.program.tell(`peer 127.0.0.1:${ours.clusterPort}`);
      const event = 'coracle_cluster_management_total{event="management-in-static-mode"}';
      await eventually(async () => (await ours.router.metric(event)) >= 2, "its pings are counted");
      assert.equal((await pinging.nodes()).size, 0);
      assert.ok(!pinging.program.lines.some((line) => line.startsWith("management ")), "nothing came back");
    } finally {
      await pinging.program.stop();
    }
  });
}

function firstBytes(datagrams: readonly Uint8Array[]): number[] {
  return [...new Set(datagrams.map(([first = 0]) => first))].toSorted((a, b) => a - b);
}
