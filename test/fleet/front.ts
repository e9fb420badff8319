// What is in front of the cluster: the simulated NAT and balancer, and a fleet of devices, as real processes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kill } from "node:process";
import { ChildProgram } from "../system/child-program.ts";
import type { FleetCluster } from "./cluster.ts";
import { paced, pause } from "./paced.ts";

/** What one node did for the fleet. */
interface NodeCounts {
  readonly handshakes: number;
  readonly answered: number;
  readonly lost: number;
  readonly retransmissions: number;
}

/** A fleet's numbers, while it runs and at its end. */
export interface FleetNumbers {
  readonly connected: number;
  /** Requests that wait for an answer; only while it runs. */
  readonly underWay?: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly nodes: Readonly<Record<string, NodeCounts>>;
}

/** The NAT's numbers. */
export interface NatFlows {
  readonly served: number;
  readonly lost: number;
  readonly rebinds: number;
  readonly reshuffles: number;
  readonly perBackend: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly path: Readonly<Record<"toBackends" | "toClients", Readonly<Record<string, number>>>>;
  readonly counts: Readonly<Record<string, number>>;
}

const CONNECT_MS = 120_000;

/** The NAT in front of every router. */
export class Front {
  readonly program: ChildProgram;
  readonly #cluster: FleetCluster;
  #url = "";
  #port = 0;

  private constructor(program: ChildProgram, cluster: FleetCluster) {
    this.program = program;
    this.#cluster = cluster;
  }

  static async start(cluster: FleetCluster, flags: readonly string[] = []): Promise<Front> {
    const backends = cluster.routers.map(({ port }) => `127.0.0.1:${port}`).join(",");
    const health = cluster.routers.map(({ http }) => `${http}/readyz`).join(",");
    const place = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--backends", backends];
    const asking = ["--health", health, "--health-every", "200ms", "--health-timeout", "2s", "--health-failures", "1"];
    // A machine at work elsewhere answers late: what comes to a port that was left is not lost at once.
    const patience = ["--linger", "3s"];
    const front = new Front(ChildProgram.source("load", ["nat", ...place, ...asking, ...patience, ...flags]), cluster);
    try {
      const [, url = ""] = await front.program.see(/"url":"(http:[^"]+)"/);
      const [, port = ""] = await front.program.see(/"port":"listen","at":(\d+)/);
      front.#url = url;
      front.#port = Number(port);
      return front;
    } catch (error) {
      await front.program.end();
      throw error;
    }
  }

  async flows(): Promise<NatFlows> {
    return (await (await fetch(`${this.#url}/flows`)).json()) as NatFlows;
  }

  /** Changes what happens to datagrams; answers the status. */
  async tell(what: "faults" | "drops", query: string): Promise<number> {
    return (await fetch(`${this.#url}/${what}?${query}`, { method: "PUT" })).status;
  }

  /** New addresses and back ends for all, and half a second later other back ends again; so often. */
  async stir(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      await fetch(`${this.#url}/rebind`, { method: "POST" });
      await pause(500);
      await fetch(`${this.#url}/reshuffle`, { method: "POST" });
      await pause(500);
    }
  }

  /** Starts devices behind it; resolves when each has a session. */
  async connectDevices(count: number, flags: readonly string[]): Promise<Devices> {
    const json = join(this.#cluster.folder, `result-${Math.random()}.json`);
    const place = ["--target", `127.0.0.1:${this.#port}`, "--psk-file", this.#cluster.keyFile, "--json", json];
    const watched = ["--http", "127.0.0.1:0", "--log-level", "info", "--count", String(count)];
    const program = ChildProgram.source("load", ["devices", ...place, ...watched, ...flags]);
    try {
      const [, url = ""] = await program.see(/"url":"(http:[^"]+)"/);
      const devices = new Devices(program, url, json);
      const areConnected = async (): Promise<boolean> => (await devices.numbers()).connected === count;
      await paced(areConnected, `${count} sessions`, CONNECT_MS);
      return devices;
    } catch (error) {
      await program.end();
      throw error;
    }
  }
}

/** A fleet that runs. */
export class Devices {
  readonly program: ChildProgram;
  readonly #url: string;
  readonly #json: string;

  constructor(program: ChildProgram, url: string, json: string) {
    this.program = program;
    this.#url = url;
    this.#json = json;
  }

  async numbers(): Promise<FleetNumbers> {
    return (await (await fetch(`${this.#url}/fleet`)).json()) as FleetNumbers;
  }

  /** No more requests. */
  stop(): void {
    const { pid } = this.program.process;
    // Not by the child's own method: after its first signal Deno takes a child for ended, and sends no other.
    if (pid !== undefined) kill(pid, "SIGTERM");
  }

  /** No more requests; resolves with the result when what was under way is over. */
  async finish(): Promise<FleetNumbers> {
    this.stop();
    await this.program.exited;
    return JSON.parse(readFileSync(this.#json, "utf8")) as FleetNumbers;
  }
}
