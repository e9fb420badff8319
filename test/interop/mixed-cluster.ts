// A cluster of two Scandium nodes and ours: how it is started, told apart, and looked into.
import { createSocket, type Socket } from "node:dgram";
import { eventually, freeUdpPort } from "@coracle/sim";
import { type RouterProcess, startRouter } from "../../packages/dtls-router/src/testing/router-process.ts";
import { IDENTITY, type InteropCredentials } from "./credentials.ts";
import type { LinePeer } from "./line-log.ts";
import type { ScandiumHost } from "./scandium-host.ts";

/** How the nodes of a cluster talk. In mode static they do not: each is given its table. */
export type ClusterMode = "plain" | "dtls" | "dtls-mac" | "static";

/** Those in which nodes ping each other. */
export const CLUSTER_MODES: readonly ClusterMode[] = ["plain", "dtls", "dtls-mac"];

/** The id of our node; Scandium's are 1 and 2. */
export const OUR_ID = 3;
export const CLUSTER_IDENTITY = "cid-cluster-manager";
export const SECRET_HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const FORMED_MS = 30_000;

/** What all nodes of a cluster have in common, and what single tests change. */
export interface ClusterOptions {
  readonly mode: ClusterMode;
  readonly credentials: InteropCredentials;
  readonly cidSize?: number;
  readonly backward?: boolean;
  readonly host?: string;
  /** Scandium's flag for its extended master secret. */
  readonly ems?: string;
  /** Scandium's only cipher suite, in sessions with devices and with nodes. */
  readonly suite?: string;
  /** The other nodes in mode static: `id → cluster port`. */
  readonly table?: ReadonlyMap<number, number>;
}

/** One node, whoever made it. */
export interface ClusterNode {
  readonly id: number;
  readonly port: number;
  readonly clusterPort: number;
}

/** A Scandium node and the lines that drive it. */
export interface ScandiumNode extends ClusterNode {
  readonly program: LinePeer;
  /** `id → cluster port` of the nodes it knows. */
  nodes(): Promise<ReadonlyMap<number, number>>;
  /** One of its cluster counters. */
  counter(name: string): Promise<number>;
}

/** Our node and the UDP server behind it. */
export interface OurNode extends ClusterNode {
  readonly router: RouterProcess;
  /** The living members: `id → cluster address`. */
  nodes(): Promise<ReadonlyMap<number, string>>;
  stop(): Promise<void>;
}

function isSecure(mode: ClusterMode): boolean {
  return mode === "dtls" || mode === "dtls-mac";
}

/** Starts a Scandium node; it pings nobody until told. */
export async function startScandium(
  machine: ScandiumHost,
  node: { readonly id: number; readonly clusterPort: number },
  options: ClusterOptions,
): Promise<ScandiumNode> {
  const { id, clusterPort } = node;
  const { mode, credentials, cidSize = 6, backward = true, host = "127.0.0.1", ems, suite, table } = options;
  const secure = { secret: SECRET_HEX, "cluster-identity": CLUSTER_IDENTITY, mac: String(mode === "dtls-mac") };
  const program = await machine.run("node", {
    listen: `${bracketed(host)}:0`,
    cluster: `127.0.0.1:${clusterPort}`,
    node: id,
    cid: cidSize,
    identity: IDENTITY,
    key: credentials.keyHex,
    backward: String(backward),
    ...(isSecure(mode) ? secure : {}),
    ...(table === undefined ? {} : { table: [...table].map(([each, port]) => `${each}@127.0.0.1:${port}`).join(",") }),
    ...(ems === undefined ? {} : { ems }),
    ...(suite === undefined ? {} : { suite }),
  });
  return {
    id,
    port: program.port,
    clusterPort,
    program,
    nodes: async () => pairs((await program.ask("nodes", /^nodes(.*)$/))[1] ?? ""),
    counter: async (name) => namedPairs((await program.ask("counters", /^counters(.*)$/))[1] ?? "").get(name) ?? 0,
  };
}

/** Starts our node, with `listed` cluster ports as its peers. */
export async function startOurs(
  clusterPort: number,
  listed: readonly number[],
  options: ClusterOptions & { readonly nodesExpected?: number },
): Promise<OurNode> {
  const { mode, credentials, cidSize = 6, backward = true, host = "127.0.0.1", nodesExpected, table } = options;
  const upstream = await answeringServer(OUR_ID);
  const secret = Buffer.from(SECRET_HEX, "hex").toString("base64");
  const env = { DTLS_CID_MGMT_IDENTITY: CLUSTER_IDENTITY, DTLS_CID_MGMT_SECRET_BASE64: secret };
  const values = {
    listen: `${bracketed(host)}:0`,
    "node-id": OUR_ID,
    "cid-size": cidSize,
    "psk-file": credentials.pskFile,
    upstream: `udp://127.0.0.1:${upstream.address().port}`,
    ...(table === undefined
      ? { peers: listed.map((port) => `127.0.0.1:${port}`).join(","), "cluster-security": mode }
      : { "static-peers": [...table].map(([id, port]) => `${id}=127.0.0.1:${port}`).join(",") }),
    ...(nodesExpected === undefined ? {} : { "nodes-expected": nodesExpected }),
  };
  const flags = Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
  if (!backward) flags.push("--no-backward");
  try {
    let isStopped = false;
    const router = await startRouter(flags, { clusterPort, env: isSecure(mode) ? env : {} });
    return {
      id: OUR_ID,
      port: router.port,
      clusterPort,
      router,
      nodes: async () => livingMembers(await router.json("/nodes")),
      stop: async () => {
        if (isStopped) return;
        isStopped = true;
        upstream.close();
        await router.stop();
      },
    };
  } catch (error) {
    upstream.close();
    throw error;
  }
}

/** Two Scandium nodes and ours, each told of all. */
export class MixedCluster {
  readonly scandium: readonly [ScandiumNode, ScandiumNode];
  readonly ours: OurNode;

  private constructor(scandium: readonly [ScandiumNode, ScandiumNode], ours: OurNode) {
    this.scandium = scandium;
    this.ours = ours;
  }

  static async start(machine: ScandiumHost, options: ClusterOptions): Promise<MixedCluster> {
    const [one, two, three] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()] as const;
    const started = await Promise.all([
      startScandium(machine, { id: 1, clusterPort: one }, options),
      startScandium(machine, { id: 2, clusterPort: two }, options),
      startOurs(three, [one, two, three], options),
    ]);
    const [first, second, ours] = started;
    const cluster = new MixedCluster([first, second], ours);
    try {
      tellPeers(first, [two, three]);
      tellPeers(second, [one, three]);
      await cluster.formed();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get nodes(): readonly ClusterNode[] {
    return [...this.scandium, this.ours];
  }

  /** Waits until each node lists the two others at their addresses. */
  async formed(): Promise<void> {
    await eventually(() => this.#isFormed(), "all three nodes list each other", FORMED_MS);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.scandium.map(({ program }) => program.stop()), this.ours.stop()]);
  }

  async #isFormed(): Promise<boolean> {
    const [one, two] = this.scandium;
    const seen = await Promise.all([one.nodes(), two.nodes()]);
    const ours = await this.ours.nodes();
    return (
      seen[0].get(2) === two.clusterPort &&
      seen[1].get(1) === one.clusterPort &&
      seen.every((table) => table.get(OUR_ID) === this.ours.clusterPort) &&
      this.scandium.every(({ id, clusterPort }) => ours.get(id) === `127.0.0.1:${clusterPort}`)
    );
  }
}

/** Has a Scandium node ping these cluster ports from now on. */
export function tellPeers({ program }: ScandiumNode, clusterPorts: readonly number[]): void {
  for (const port of clusterPorts) program.tell(`peer 127.0.0.1:${port}`);
}

/** A UDP server that says which node it stands behind. */
async function answeringServer(id: number): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, { port, address }) => {
    socket.send(Buffer.concat([Buffer.from(`node=${id} `), bytes]), port, address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  return socket;
}

function livingMembers(document: unknown): ReadonlyMap<number, string> {
  const { nodes } = document as { nodes: { nodeId: number; address: string; liveness: string }[] };
  return new Map(nodes.filter(({ liveness }) => liveness === "alive").map(({ nodeId, address }) => [nodeId, address]));
}

function namedPairs(text: string): ReadonlyMap<string, number> {
  const words = text.trim().split(" ").filter(Boolean);
  return new Map(
    words.map((word) => {
      const [name = "", value = "0"] = word.split("=");
      return [name, Number(value)] as const;
    }),
  );
}

function pairs(text: string): ReadonlyMap<number, number> {
  return new Map([...namedPairs(text)].map(([id, port]) => [Number(id), port]));
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
