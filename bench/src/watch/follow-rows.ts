// Rows about whole followers: time until the state is complete, and the memory that took.
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchContext } from "../bench.ts";
import { type BenchRow, type Better, type Measured, toRow } from "../row.ts";
import { type FollowerFigures, type Follower, measureFollower } from "./follower-process.ts";
import { clientGoFollower, clientNodeFollower, ourFollower } from "./followers.ts";

/** What to follow and how often. */
export interface FollowRun {
  readonly pods: number;
  readonly rounds: number;
  readonly kubeconfig: string;
  readonly folder: string;
}

const SETTLE_MS = 1500;
const CLIENT_NODE = "@kubernetes/client-node informer on Node";
const CLIENT_GO = "client-go shared informer";

type FollowerName = "streamed" | "listed" | "clientNode" | "clientGo";
type Figures = Partial<Record<FollowerName, FollowerFigures>>;

/** Follows the pods with each follower in turn and compares. */
export async function followRows(context: BenchContext, run: FollowRun): Promise<readonly BenchRow[]> {
  // Followers must not look after the server's folder goes.
  const kubeconfig = join(run.folder, "kubeconfig");
  copyFileSync(run.kubeconfig, kubeconfig);
  const followers: Record<FollowerName, Follower> = {
    streamed: ourFollower(kubeconfig, true),
    listed: ourFollower(kubeconfig, false),
    clientNode: await clientNodeFollower(kubeconfig, run.folder),
    clientGo: await clientGoFollower(kubeconfig, context.progress),
  };
  const rounds: Figures[] = [];
  for (let round = 0; round < run.rounds; round++) {
    const order = Object.keys(followers) as FollowerName[];
    if (round % 2 === 1) order.reverse();
    const figures: Figures = {};
    for (const name of order) {
      context.progress(`${run.pods} pods, round ${round + 1} of ${run.rounds}: ${name}`);
      const measured = await tryFollower(context, followers[name], run.pods);
      if (measured !== undefined) figures[name] = measured;
    }
    rounds.push(figures);
  }
  return compare(run.pods, rounds);
}

/** A reference may be unable to follow this many pods at all; then its rows have no reference. */
async function tryFollower(
  context: BenchContext,
  follower: Follower,
  pods: number,
): Promise<FollowerFigures | undefined> {
  try {
    const figures = await measureFollower(follower, SETTLE_MS);
    if (figures.objects !== pods) throw new Error(`Cannot follow ${pods} pods: it found ${figures.objects}`);
    return figures;
  } catch (error) {
    context.progress(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function compare(pods: number, rounds: readonly Figures[]): BenchRow[] {
  const label = `${pods.toLocaleString("en-US")} pods`;
  const rows: BenchRow[] = [];
  const add = (
    row: string,
    [ours, reference]: readonly [FollowerName, FollowerName],
    [figure, unit]: readonly [(figures: FollowerFigures) => number, string],
    gate?: number,
  ): void => {
    const pairs = rounds.flatMap((round) => {
      const own = round[ours];
      const other = round[reference];
      return own === undefined
        ? []
        : [[figure(own), ...(other === undefined ? [] : [figure(other)])] as [number, number?]];
    });
    const against = reference === "clientGo" ? CLIENT_GO : CLIENT_NODE;
    const better: Better = "lower";
    const measured: Measured = { bench: "watch", row: `${label}: ${row}`, unit, better, against, rounds: pairs };
    rows.push(toRow(gate === undefined ? measured : { ...measured, gate }));
  };
  const peak = [({ peakMiB }: FollowerFigures) => peakMiB, "MiB"] as const;
  const settled = [({ settledMiB }: FollowerFigures) => settledMiB, "MiB"] as const;
  const time = [({ syncedMs }: FollowerFigures) => syncedMs / 1000, "s"] as const;
  add("peak RSS", ["streamed", "clientNode"], peak, 10);
  add("peak RSS", ["streamed", "clientGo"], peak, 5);
  add("RSS once synced", ["streamed", "clientNode"], settled);
  add("RSS once synced", ["streamed", "clientGo"], settled);
  add("time to synced, by list", ["listed", "clientNode"], time, 2);
  add("time to synced, by list", ["listed", "clientGo"], time);
  add("time to synced, as a stream", ["streamed", "clientNode"], time, 2);
  return rows;
}
