// An API server and agents of this process against it, for one test; everything ends with the test.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NetworkAttachment } from "@coracle/api";
import type { KubeObject } from "@coracle/kube";
import { createKubeClient, type KubeClient, loadKubeconfig } from "@coracle/kube/io";
import { createLogger, Metrics } from "@coracle/lifecycle";
import { systemClock } from "@coracle/runtime";
import type { Fabric } from "../src/core/fabric.ts";
import { ConnectionAgent, type ConnectionAgentOptions } from "../src/io/connection-agent.ts";
import { ATTACHMENTS } from "../src/io/status-writer.ts";
import { WatchTotals } from "../src/io/watch-totals.ts";

const APISERVER = join(import.meta.dirname, "../../apiserver/src/main.ts");
const WAIT_MS = 20_000;

/** One agent of a bench. */
export interface BenchAgent {
  readonly agent: ConnectionAgent;
  readonly metrics: Metrics;
  readonly watched: WatchTotals;
  stop(): Promise<void>;
}

/** What differs from an ordinary agent. */
export interface AgentChoice {
  readonly node?: string;
  readonly hostIp?: string;
  readonly allowedPrograms?: readonly string[];
  readonly exec?: Partial<ConnectionAgentOptions["exec"]>;
}

/** See {@link withBench}. */
export class AgentBench {
  readonly client: KubeClient;
  readonly kubeconfig: string;
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(client: KubeClient, kubeconfig: string) {
    this.client = client;
    this.kubeconfig = kubeconfig;
  }

  /** Starts an agent with a fabric. */
  async start(fabric: Fabric, choice: AgentChoice = {}): Promise<BenchAgent> {
    const watched = new WatchTotals();
    const client = createKubeClient(await loadKubeconfig({ path: this.kubeconfig }), {
      metrics: { follow: (sample) => watched.note(sample) },
    });
    const metrics = new Metrics({ component: "ovs-agent", version: "0.0.0" });
    const abort = new AbortController();
    const agent = new ConnectionAgent({
      client,
      watched,
      fabric,
      node: choice.node ?? "node-a",
      hostIp: choice.hostIp ?? "192.0.2.1",
      allowedPrograms: new Set(choice.allowedPrograms ?? []),
      workers: 4,
      localsMax: 1000,
      remotesMax: 100_000,
      adoptWaitMs: 10_000,
      troubleAfterMs: 200,
      exec: { concurrencyMax: 2, waitingMax: 10, timeoutMs: 10_000, outputSizeBytesMax: 65_536, ...choice.exec },
      clock: systemClock,
      log: createLogger("ovs-agent"),
      metrics,
      signal: abort.signal,
    });
    let isStopped = false;
    const stop = async (): Promise<void> => {
      if (isStopped) return;
      isStopped = true;
      abort.abort();
      await agent.stop();
      client.close();
    };
    this.#stops.push(stop);
    agent.start();
    return { agent, metrics, watched, stop };
  }

  /** Creates an attachment, with an address unless told otherwise. */
  async create(
    name: string,
    options: { spec?: Partial<NetworkAttachment["spec"]>; address?: Address | undefined } = {},
  ): Promise<NetworkAttachment> {
    await this.client.create(ATTACHMENTS, {
      apiVersion: "network.coracle.dev/v1alpha1",
      kind: "NetworkAttachment",
      metadata: { name, namespace: "default" },
      spec: { node: "node-a", subnet: "s", ...options.spec },
    });
    return "address" in options && options.address === undefined
      ? this.get(name)
      : this.patchStatus(name, options.address ?? { addressVNI: 1, ipv4: "10.0.0.1" });
  }

  async get(name: string): Promise<NetworkAttachment> {
    return toAttachment(await this.client.get(ATTACHMENTS, { namespace: "default", name }));
  }

  /** Writes fields of the status, as the address controller does. */
  async patchStatus(name: string, status: Readonly<Record<string, string | number>>): Promise<NetworkAttachment> {
    const target = { namespace: "default", name, subresource: "status" };
    return toAttachment(await this.client.patch(ATTACHMENTS, target, { status }, { type: "merge" }));
  }

  async delete(name: string): Promise<void> {
    await this.client.delete(ATTACHMENTS, { namespace: "default", name });
  }

  /** The attachment once `holds` is true of it; throws with what it is after 20 s. */
  async see(name: string, holds: (attachment: NetworkAttachment) => boolean): Promise<NetworkAttachment> {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const attachment = await this.get(name);
      if (holds(attachment)) return attachment;
      if (performance.now() > deadline) throw new Error(`waited in vain: ${JSON.stringify(attachment.status)}`);
      await sleep(10);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    this.client.close();
  }
}

/** What the address controller writes. */
export interface Address {
  readonly [field: string]: string | number;
  readonly addressVNI: number;
  readonly ipv4: string;
}

/** Polls until `condition` holds; throws after 20 s. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(10);
  }
}

/** Runs `body` with an API server of its own. */
export async function withBench(body: (bench: AgentBench) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-agent-"));
  const args = [APISERVER, "--standalone", "--data", folder, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
  const server = spawn("bun", args, { stdio: ["ignore", "ignore", "pipe"] });
  let bench: AgentBench | undefined;
  try {
    await ready(server);
    const kubeconfig = join(folder, "admin.kubeconfig");
    bench = new AgentBench(createKubeClient(await loadKubeconfig({ path: kubeconfig })), kubeconfig);
    await body(bench);
  } finally {
    await bench?.stop();
    server.kill("SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
    await rm(folder, { recursive: true, force: true });
  }
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    server.once("exit", () => reject(new Error(`the API server ended:\n${output}`)));
    server.stderr?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-65_536);
      if (output.includes('"message":"Ready"')) resolve();
    });
  });
}

function toAttachment(object: KubeObject): NetworkAttachment {
  return object as unknown as NetworkAttachment;
}
