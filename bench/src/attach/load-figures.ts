// One run of `coracle-load attachments` that only creates, and the latencies it measured.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AttachSystem } from "./attach-system.ts";
import { Program } from "./program.ts";

/** Quantiles of one latency, in seconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** The latencies of a run. */
export interface LoadFigures {
  /** Round trip of the create call, client's clock. */
  readonly create: Quantiles;
  /** Create call to the notification of the interface, client's clock. */
  readonly createToReady: Quantiles;
  /** Creation to address and address to interface, server's clock. */
  readonly serverCreateToAddressed: Quantiles;
  readonly serverAddressedToReady: Quantiles;
  readonly serverCreateToReady: Quantiles;
}

/** What to create, and how long to wait for the last ones. */
export interface LoadAmount {
  readonly perSecond: number;
  readonly count: number;
  readonly waitSeconds: number;
}

interface LoadResult {
  readonly counts: { readonly unready: number };
  readonly latencies: LoadFigures;
}

const NETWORKS = 10;

/** Creates `count` attachments (a multiple of 10) at `perSecond` in ten networks, waits, and removes them. */
export async function measureLoad(binary: string, system: AttachSystem, amount: LoadAmount): Promise<LoadFigures> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-attach-"));
  const json = join(folder, "result.json");
  const sizes = ["--num-nets", String(NETWORKS), "--top-net-size", String(amount.count / NETWORKS), "--exponent", "0"];
  const pace = ["--num-attachments", String(amount.count), "--rate", String(amount.perSecond), "--threads", "64"];
  const place = ["--kubeconfig", system.kubeconfig, "--nodes", system.nodes.join(","), "--http", "127.0.0.1:0"];
  // All must be ready before they go, or the figures are those of the quick ones.
  const end = ["--wait-after-create", `${amount.waitSeconds}s`, "--json", json];
  const program = new Program("coracle-load", [binary, "attachments", ...sizes, ...pace, ...place, ...end]);
  try {
    const code = await program.exited();
    if (code !== 0) throw new Error(`Cannot measure attachments: coracle-load ended with ${code}: ${program.log}`);
    const { counts, latencies } = JSON.parse(await readFile(json, "utf8")) as LoadResult;
    if (counts.unready > 0) {
      throw new Error(`Cannot measure attachments: ${counts.unready} of ${amount.count} were not ready in time`);
    }
    return latencies;
  } finally {
    await program.end();
    await rm(folder, { recursive: true, force: true });
  }
}
