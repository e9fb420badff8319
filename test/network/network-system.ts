// A whole network for one test: hosts with a real Open vSwitch each, our API server, IPAM and agents; removed at its end.
import { join } from "node:path";
import process from "node:process";
import type { KubeClient } from "@coracle/kube/io";
import { createLaboratory, type Laboratory, laboratorySupport } from "@coracle/lab/io";
import { ApiServer } from "../system/api-server.ts";
import { ChildProgram } from "../system/child-program.ts";
import { freePort } from "@coracle/sim";
import { NetworkObjects } from "./network-objects.ts";
import { reportNetwork } from "./network-report.ts";

const START_MS = 60_000;

/** What a test wants of its network. */
export interface NetworkOptions {
  /** Hosts with Open vSwitch, `a`, `b`, …; 0: none, and agents use the `log` fabric. */
  readonly hosts: number;
  /** IPAM processes. Default 1. */
  readonly ipams?: number;
}

/** Runs `body` with a network and removes it, or says in one line why it did not run. */
export async function withNetwork(
  name: string,
  options: NetworkOptions,
  body: (network: NetworkSystem) => Promise<void>,
): Promise<void> {
  if (options.hosts > 0) {
    const support = await laboratorySupport();
    if (support.kind === "missing") {
      if (process.env["CORACLE_TEST_PEERS"] === "required") throw new Error(`Cannot run ${name}: ${support.reason}`);
      process.stdout.write(`did not run: ${name}: ${support.reason}; ${support.remedy}\n`);
      return;
    }
  }
  const network = new NetworkSystem(await ApiServer.make());
  try {
    await network.start(options);
    await body(network);
  } catch (thrown) {
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`${words}\n${await network.report()}`, { cause: thrown });
  } finally {
    await network.close();
  }
}

/** A running network; every process of it can be killed and started again. */
export class NetworkSystem {
  readonly #apiserver: ApiServer;
  readonly #children = new Map<string, ChildProgram>();
  readonly #httpPorts = new Map<string, number>();
  #laboratory: Laboratory | undefined;
  #client: KubeClient | undefined;
  #objects: NetworkObjects | undefined;

  constructor(apiserver: ApiServer) {
    this.#apiserver = apiserver;
  }

  /** Where the server's data are, and place for what a test writes. */
  get folder(): string {
    return this.#apiserver.folder;
  }

  get kubeconfig(): string {
    return this.#apiserver.kubeconfig;
  }

  /** The hosts. Throws if the network was made without. */
  get laboratory(): Laboratory {
    if (this.#laboratory === undefined) throw new Error("Cannot use hosts: this network has none");
    return this.#laboratory;
  }

  /** The API as an administrator sees it. */
  get client(): KubeClient {
    if (this.#client === undefined) throw new Error("Cannot use the API: the network is not started");
    return this.#client;
  }

  /** Subnets and attachments. */
  get objects(): NetworkObjects {
    if (this.#objects === undefined) throw new Error("Cannot use the API: the network is not started");
    return this.#objects;
  }

  async start(options: NetworkOptions): Promise<void> {
    await this.startApiserver();
    this.#client = await this.#apiserver.client();
    this.#objects = new NetworkObjects(this.#client);
    if (options.hosts > 0) this.#laboratory = await createLaboratory({ hosts: options.hosts });
    const ipams = Array.from({ length: options.ipams ?? 1 }, (_, index) => this.startIpam(index));
    const agents = (this.#laboratory?.hosts ?? []).map((host) => this.startAgent(host.name));
    await Promise.all([...ipams, ...agents]);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#children.values()].map((child) => child.end()));
    await this.#laboratory?.close();
    await this.#apiserver.close();
  }

  /** Starts the API server, or starts it again on the same data and port. */
  async startApiserver(): Promise<void> {
    this.#children.set("apiserver", await this.#apiserver.start());
  }

  async startIpam(index = 0): Promise<void> {
    const name = `ipam-${index}`;
    const http = await this.#httpAddress(name);
    await this.#startReady(name, "ipam", ["--kubeconfig", this.kubeconfig, "--http", http]);
  }

  /** Starts the agent of a host with the real fabric; `flags` are added to its command line. */
  async startAgent(hostName: string, flags: readonly string[] = []): Promise<void> {
    const host = this.laboratory.host(hostName);
    const name = `agent-${hostName}`;
    await this.#startReady(name, "ovs-agent", [
      "run",
      "--kubeconfig",
      this.kubeconfig,
      "--node",
      hostName,
      "--host-ip",
      host.hostIp,
      "--fabric",
      "ovs",
      "--ovs-run-dir",
      host.ovsRunDir,
      "--http",
      await this.#httpAddress(name),
      ...flags,
    ]);
  }

  /** Starts an agent that only logs what it would do. */
  async startLogAgent(node: string, hostIp: string): Promise<void> {
    const name = `agent-${node}`;
    await this.#startReady(name, "ovs-agent", [
      "run",
      "--kubeconfig",
      this.kubeconfig,
      "--node",
      node,
      "--host-ip",
      hostIp,
      "--fabric",
      "log",
      "--node-lock",
      join(this.folder, `${node}.lock`),
      "--http",
      await this.#httpAddress(name),
    ]);
  }

  /** Ends a process: `apiserver`, `ipam-<n>`, `agent-<host>`. */
  async end(name: string, signal: NodeJS.Signals = "SIGKILL"): Promise<number> {
    const child = this.#children.get(name);
    if (child === undefined) throw new Error(`Cannot end ${name}: it was never started`);
    return child.end(signal);
  }

  /** What a process has said. */
  log(name: string): string {
    return this.#children.get(name)?.stderr ?? "";
  }

  /** How every program and every host's switch is; for the message of a test that fails. */
  report(): Promise<string> {
    return reportNetwork(this.#children, this.#laboratory?.hosts ?? []);
  }

  /** A JSON resource of a process, such as `("agent-a", "/fabric")`. */
  async read(name: string, path: string): Promise<Record<string, unknown>> {
    const response = await fetch(`http://127.0.0.1:${this.#httpPorts.get(name)}${path}`);
    return (await response.json()) as Record<string, unknown>;
  }

  /** `/metrics` of a process. */
  async metrics(name: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#httpPorts.get(name)}/metrics`);
    return response.text();
  }

  async #startReady(name: string, program: string, args: readonly string[]): Promise<void> {
    const child = ChildProgram.source(program, args);
    this.#children.set(name, child);
    await child.see(/"message":"Ready"/, START_MS);
  }

  async #httpAddress(name: string): Promise<string> {
    const port = this.#httpPorts.get(name) ?? (await freePort());
    this.#httpPorts.set(name, port);
    return `127.0.0.1:${port}`;
  }
}
