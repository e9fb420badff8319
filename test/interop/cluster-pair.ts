// Our node and Scandium nodes on one machine for a test each: started, introduced, ended together.
import { eventually } from "@coracle/sim";
import { freeUdpPort } from "../../packages/dtls-router/src/testing/router-process.ts";
import { ClusterWire } from "./cluster-wire.ts";
import type { InteropCredentials } from "./credentials.ts";
import {
  type ClusterMode,
  type ClusterOptions,
  OUR_ID,
  type OurNode,
  type ScandiumNode,
  startOurs,
  startScandium,
} from "./mixed-cluster.ts";
import type { ScandiumHost } from "./scandium-host.ts";

const FORMED_MS = 30_000;
const PORT_ATTEMPTS_MAX = 200;

/** What was started for one test. */
export class ClusterBench {
  readonly #machine: ScandiumHost;
  readonly #credentials: InteropCredentials;
  readonly #mode: ClusterMode;
  readonly #ends: (() => Promise<void> | void)[] = [];

  constructor(machine: ScandiumHost, credentials: InteropCredentials, mode: ClusterMode) {
    this.#machine = machine;
    this.#credentials = credentials;
    this.#mode = mode;
  }

  /** A Scandium node; it pings nobody until told. */
  async scandium(id: number, clusterPort: number, more: Partial<ClusterOptions> = {}): Promise<ScandiumNode> {
    const options = { mode: this.#mode, credentials: this.#credentials, ...more };
    const node = await startScandium(this.#machine, { id, clusterPort }, options);
    this.#ends.push(() => node.program.stop());
    return node;
  }

  /** Our node, which expects one other. */
  async ours(clusterPort: number, listed: readonly number[]): Promise<OurNode> {
    const options = { mode: this.#mode, credentials: this.#credentials, nodesExpected: 2 };
    const node = await startOurs(clusterPort, listed, options);
    this.#ends.push(() => node.stop());
    return node;
  }

  async wire(ports: { readonly ours: number; readonly theirs: number }): Promise<ClusterWire> {
    const wire = await ClusterWire.open(ports);
    this.closeInTheEnd(wire);
    return wire;
  }

  closeInTheEnd(wire: ClusterWire): void {
    this.#ends.push(() => wire.close());
  }

  /** Ends everything, the last first. */
  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

/** Cluster ports of our node and a Scandium node, and a wire between them whose address for theirs is above or below ours. */
export async function orderedWire(
  bench: ClusterBench,
  ourPlace: "lower" | "higher",
): Promise<{ readonly ours: number; readonly theirs: number; readonly wire: ClusterWire }> {
  const theirs = await freeUdpPort();
  for (let attempt = 0; attempt < PORT_ATTEMPTS_MAX; attempt++) {
    const ours = await freeUdpPort();
    const wire = await ClusterWire.open({ ours, theirs });
    const fits = ours < wire.theirPort === (ourPlace === "lower");
    bench.closeInTheEnd(wire);
    if (fits) return { ours, theirs, wire };
  }
  throw new Error(`Cannot find ports so that ours is the ${ourPlace} one: ${PORT_ATTEMPTS_MAX} attempts`);
}

/** Waits until both know each other, theirs at `address` as ours sees it. */
export async function untilKnown(ours: OurNode, theirs: ScandiumNode, address?: string): Promise<void> {
  const at = address ?? `127.0.0.1:${theirs.clusterPort}`;
  const both = async (): Promise<boolean> =>
    (await ours.nodes()).get(theirs.id) === at && (await theirs.nodes()).has(OUR_ID);
  await eventually(both, `our node and node ${theirs.id} know each other`, FORMED_MS);
}
