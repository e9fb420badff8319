// Three routers and three heartbeats in one cluster, as real processes at fixed addresses, so that one can be killed and come back.
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "@coracle/sim";
import { ChildProgram } from "../system/child-program.ts";
import { paced } from "./paced.ts";

/** The ids of the routers; heartbeats have them plus ten. */
export const ROUTER_IDS = [1, 2, 3] as const;
const HEARTBEAT_IDS = [11, 12, 13];
const READY_MS = 90_000;

/** One program of the cluster, perhaps not running now. */
interface Member {
  readonly id: number;
  readonly clusterPort: number;
  readonly http: string;
  readonly start: () => ChildProgram;
  program: ChildProgram;
}

/** A router: where devices send. */
export interface RouterMember extends Member {
  readonly port: number;
}

/** The nodes as `/nodes` shows them: liveness by id. */
export type Liveness = Readonly<Record<number, string>>;

/** The running cluster. */
export class FleetCluster {
  readonly folder: string;
  readonly keyFile: string;
  readonly routers: readonly RouterMember[];
  readonly heartbeats: readonly Member[];

  private constructor(folder: string, routers: readonly RouterMember[], heartbeats: readonly Member[]) {
    this.folder = folder;
    this.keyFile = keyFileIn(folder);
    this.routers = routers;
    this.heartbeats = heartbeats;
  }

  /** Starts everything with keys for so many devices; resolves when every node is ready. */
  static async start(devices: number): Promise<FleetCluster> {
    const folder = mkdtempSync(join(tmpdir(), "coracle-fleet-"));
    const keys = Array.from({ length: devices }, (_, index) => `d${index}=${randomBytes(16).toString("base64")}\n`);
    writeFileSync(keyFileIn(folder), keys.join(""), { mode: 0o600 });
    const udp = await freeUdpPorts(ROUTER_IDS.length * 2 + HEARTBEAT_IDS.length);
    const tcp = await freePorts(ROUTER_IDS.length + HEARTBEAT_IDS.length);
    const clusterPorts = udp.slice(ROUTER_IDS.length);
    const secret = { DTLS_CID_MGMT_IDENTITY: "nodes", DTLS_CID_MGMT_SECRET_BASE64: randomBytes(32).toString("base64") };
    const peers = ["--peers", clusterPorts.map((port) => `127.0.0.1:${port}`).join(",")];
    const member = (id: number, place: number, start: (common: readonly string[]) => ChildProgram): Member => {
      const http = `127.0.0.1:${tcp[place]}`;
      const run = (): ChildProgram => start([...peers, "--node-id", String(id), "--http", http]);
      return { id, clusterPort: clusterPorts[place] ?? 0, http: `http://${http}`, start: run, program: run() };
    };
    const routers = ROUTER_IDS.map((id, place) => {
      const port = udp[place] ?? 0;
      const own = ["--listen", `127.0.0.1:${port}`, "--cluster-listen", `127.0.0.1:${clusterPorts[place]}`];
      const flags = [...own, "--psk-file", keyFileIn(folder)];
      return {
        ...member(id, place, (common) => ChildProgram.source("dtls-router", [...flags, ...common], secret)),
        port,
      };
    });
    const heartbeats = HEARTBEAT_IDS.map((id, index) => {
      const place = ROUTER_IDS.length + index;
      const own = ["--listen", `127.0.0.1:${clusterPorts[place]}`];
      return member(id, place, (common) => ChildProgram.source("heartbeat", [...own, ...common], secret));
    });
    const cluster = new FleetCluster(folder, routers, heartbeats);
    try {
      await paced(() => cluster.isReady(), "every node is ready", READY_MS);
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  get members(): readonly Member[] {
    return [...this.routers, ...this.heartbeats];
  }

  async isReady(): Promise<boolean> {
    const answers = await Promise.all(this.members.map(({ http }) => statusOf(`${http}/readyz`)));
    return answers.every((status) => status === 200);
  }

  /** What each running heartbeat says of the others. */
  async seenByHeartbeats(): Promise<readonly Liveness[]> {
    return await Promise.all(
      this.heartbeats.map(async ({ http }) => {
        const { nodes } = (await (await fetch(`${http}/nodes`)).json()) as {
          nodes: { nodeId: number; liveness: string }[];
        };
        return Object.fromEntries(nodes.map(({ nodeId, liveness }) => [nodeId, liveness]));
      }),
    );
  }

  /** A sample of all routers together. */
  async sumOf(sample: string): Promise<number> {
    const texts = await Promise.all(this.routers.map(async ({ http }) => (await fetch(`${http}/metrics`)).text()));
    const lines = texts.map((text) => text.split("\n").find((line) => line.startsWith(`${sample} `)));
    return lines.reduce((sum, line) => sum + Number(line?.slice(sample.length + 1) ?? 0), 0);
  }

  /** What a failed test shows: the nodes that each router knows, and all it dropped. */
  async describe(): Promise<string> {
    const told = this.routers.map(async ({ id, http }) => {
      const nodes = await (await fetch(`${http}/nodes`)).text();
      const samples = (await (await fetch(`${http}/metrics`)).text()).split("\n");
      const counted = samples.filter((line) =>
        /^coracle_(?:router|dtls|cluster)\w*(?:drops|datagrams|channel|management)/.test(line),
      );
      return [`router ${id}`, nodes, ...counted.filter((line) => !line.endsWith(" 0"))].join("\n");
    });
    return (await Promise.all(told)).join("\n");
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map(({ program }) => program.end()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function keyFileIn(folder: string): string {
  return join(folder, "keys.txt");
}

/** The status of an answer; 0 without one. */
async function statusOf(url: string): Promise<number> {
  try {
    return (await fetch(url)).status;
  } catch {
    return 0;
  }
}

/** Different UDP ports that were free a moment ago. */
async function freeUdpPorts(count: number): Promise<readonly number[]> {
  const sockets = Array.from({ length: count }, () => createSocket("udp4"));
  try {
    return await Promise.all(
      sockets.map(
        (socket) =>
          new Promise<number>((resolve, reject) => {
            socket.once("error", reject);
            socket.bind(0, "127.0.0.1", () => resolve(socket.address().port));
          }),
      ),
    );
  } finally {
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
  }
}
