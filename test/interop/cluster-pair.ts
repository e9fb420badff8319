// Our node and Scandium nodes on one machine for a test each: started, introduced, ended together.
import { eventually, freeUdpPort } from "@coracle/sim";
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

  async wire(ports: { readonly ours: number; readonly theirs: number }, seenAt?: number): Promise<ClusterWire> {
    const wire = await ClusterWire.open(ports, seenAt);
    this.#ends.push(() => wire.close());
    return wire;
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
  const [theirs, one, other] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()];
  const [lower, higher] = [Math.min(one, other), Math.max(one, other)];
  const [ours, seenAt] = ourPlace === "lower" ? [lower, higher] : [higher, lower];
  return { ours, theirs, wire: await bench.wire({ ours, theirs }, seenAt) };
}

/** Waits until both know each other, theirs at `address` as ours sees it. */
export async function untilKnown(ours: OurNode, theirs: ScandiumNode, address?: string): Promise<void> {
  const at = address ?? `127.0.0.1:${theirs.clusterPort}`;
  const both = async (): Promise<boolean> =>
    (await ours.nodes()).get(theirs.id) === at && (await theirs.nodes()).has(OUR_ID);
  await eventually(both, `our node and node ${theirs.id} know each other`, FORMED_MS);
}
