// The compiled agent on an Open vSwitch of its own, and what it and the kernel say of it.
import type { PrivateOvs } from "@coracle/ovsdb/testing";
import { Program } from "../attach/program.ts";
import { type ProcessMemory, processMemory } from "../process-figures.ts";
import { NODE } from "./stored-attachments.ts";

const WAIT_MS_MAX = 180_000;
const POLL_MS = 100;

/** What the agent says of its fabric, as far as it matters here. */
export interface FabricFigures {
  readonly adopted: boolean;
  readonly localCount: number;
  readonly remoteCount: number;
  readonly pending: number;
  readonly failing: number;
  readonly counters: { readonly flowMods: number };
}

/** A running agent. */
export class MeasuredAgent {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Starts one; resolves when it is ready. */
  static async start(binary: string, kubeconfig: string, ovs: PrivateOvs): Promise<MeasuredAgent> {
    const place = ["--node", NODE, "--host-ip", "192.0.2.1", "--ovs-run-dir", ovs.folder];
    const common = ["--kubeconfig", kubeconfig, "--http", "127.0.0.1:0"];
    const program = new Program("coracle-ovs-agent", [binary, "run", ...place, ...common]);
    try {
      await program.ready();
    } catch (error) {
      await program.end();
      throw error;
    }
    return new MeasuredAgent(program);
  }

  /** Its memory as the kernel has it. */
  memory(): ProcessMemory {
    return processMemory(this.#program.pid);
  }

  /** What it says of its fabric. */
  async fabric(): Promise<FabricFigures> {
    return (await (await this.#get("/fabric")).json()) as FabricFigures;
  }

  /** The value of one metric, its labels included in `name` as a regular expression. */
  async metric(name: string): Promise<number> {
    const text = await (await this.#get("/metrics")).text();
    const value = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
    if (value === undefined) throw new Error(`Cannot read metric ${name}: the agent has none`);
    return Number(value);
  }

  /** Waits until so many attachments of other nodes are installed, and nothing is on its way. */
  async settled(local: number, remote: number): Promise<FabricFigures> {
    const deadline = performance.now() + WAIT_MS_MAX;
    for (;;) {
      const fabric = await this.fabric();
      const isThere = fabric.localCount === local && fabric.remoteCount === remote;
      if (fabric.adopted && isThere && fabric.pending === 0) return fabric;
      if (performance.now() > deadline) {
        throw new Error(
          `Cannot measure the agent: waited for ${local} and ${remote}, it has ${JSON.stringify(fabric)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Ends it; the flows stay. */
  end(): Promise<void> {
    return this.#program.end();
  }

  #get(path: string): Promise<Response> {
    return fetch(new URL(path, this.#program.url));
  }
}
