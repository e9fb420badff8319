// Forwarders side by side behind one generator: CPU time a datagram under a closed loop, and what each adds to a round trip.
import { join } from "node:path";
import { processCpuNs } from "../process-clock.ts";
import { LineProcess } from "./line-process.ts";

const GENERATOR_CORE = 0;
const FORWARDER_CORE = 1;

/** Which program forwards. */
export type Forwarder =
  | { readonly kind: "c" }
  | { readonly kind: "ours"; readonly runtime: readonly string[]; readonly isSegmented: boolean };

/** Percentiles of a round trip in microseconds. */
export interface RoundTrip {
  readonly p50: number;
  readonly p99: number;
}

/** A forwarder that runs. */
export interface RunningForwarder {
  readonly process: LineProcess;
  readonly port: number;
  /** What it says of itself behind its port. */
  readonly path: string;
}

/** A generator and any number of forwarders to its sinks, of which one is used at a time; the others sleep. */
export class ForwardingStage {
  readonly #reference: string;
  readonly #generator: LineProcess;
  readonly #sinks: readonly string[];
  readonly #forwarders: LineProcess[] = [];

  private constructor(reference: string, generator: LineProcess, sinks: readonly string[]) {
    this.#reference = reference;
    this.#generator = generator;
    this.#sinks = sinks;
  }

  /** Starts the generator of the compiled C program `reference`. */
  static async start(
    reference: string,
    client: "generate" | "generate-to-nodes" | "ping",
    sizeBytes: number,
  ): Promise<ForwardingStage> {
    const generator = new LineProcess([reference, client, String(sizeBytes)], GENERATOR_CORE);
    return new ForwardingStage(reference, generator, (await generator.line()).trim().split(" "));
  }

  async addForwarder(forwarder: Forwarder): Promise<RunningForwarder> {
    const process = new LineProcess(commandOf(this.#reference, forwarder, this.#sinks), FORWARDER_CORE);
    this.#forwarders.push(process);
    const [port = "", ...path] = (await process.line()).split(" ");
    return { process, port: Number(port), path: path.join(" ") };
  }

  /** CPU time of the forwarder in nanoseconds for each of `count` datagrams. */
  async cpuNs({ process, port }: RunningForwarder, count: number): Promise<number> {
    const before = processCpuNs(process.pid);
    const [, done = "0", , lost = "0"] = (await this.#generator.ask(`${port} ${count}`)).split(" ");
    const used = processCpuNs(process.pid) - before;
    if (Number(done) < count * 0.9)
      throw new Error(`Cannot measure a forwarder that loses ${lost} of ${count} datagrams`);
    return used / Number(done);
  }

  /** Round trips of one datagram at a time through the forwarder, or straight to a sink without one. */
  async roundTrip(forwarder: RunningForwarder | undefined, count: number): Promise<RoundTrip> {
    const [, p50 = "", , p99 = ""] = (await this.#generator.ask(`${forwarder?.port ?? 0} ${count}`)).split(" ");
    return { p50: Number(p50) / 1000, p99: Number(p99) / 1000 };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#generator, ...this.#forwarders].map((process) => process.stop()));
  }
}

/** The command of a forwarder to these sinks. */
export function commandOf(reference: string, forwarder: Forwarder, sinks: readonly string[]): readonly string[] {
  if (forwarder.kind === "c") return [reference, "forward", ...sinks];
  const kind = forwarder.isSegmented ? "segments" : "batches";
  return [...forwarder.runtime, join(import.meta.dirname, "forwarder.ts"), kind, ...sinks];
}
