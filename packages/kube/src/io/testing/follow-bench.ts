// Following pods of a scripted server on a fast clock, and reading the events in words.
import assert from "node:assert/strict";
import { SeededRandom } from "@coracle/base";
import type { GroupVersionResource, KubeObject, WatchStreamEvent } from "../../mod.ts";
import type { FollowOptions } from "../follow-options.ts";
import { follow } from "../follow.ts";
import { FastClock } from "./fast-clock.ts";
import type { ExchangeHandler } from "./scripted-server.ts";
import { type Bench, type BenchOptions, withClient } from "./with-client.ts";

/** The resource the tests follow. */
export const PODS: GroupVersionResource = { group: "", version: "v1", resource: "pods" };

/** One event in a word or two: `item a@5`, `sync-end 9`, `gap expired`, `error 429`. */
export function describeEvent(event: WatchStreamEvent): string {
  switch (event.kind) {
    case "sync-start":
      return `sync-start ${event.round}`;
    case "item":
    case "upsert":
      return `${event.kind} ${nameOf(event.object)}`;
    case "remove":
      return `remove ${nameOf(event.object)}${event.finalStateUnknown ? " unseen" : ""}`;
    case "sync-end":
    case "bookmark":
      return `${event.kind} ${event.resourceVersion}`;
    case "gap":
      return `gap ${event.cause}`;
    case "error":
      return `error ${event.status.code}${event.retryInMs === undefined ? " for good" : ""}`;
  }
}

function nameOf(object: KubeObject): string {
  return `${object.metadata.name}@${object.metadata.resourceVersion}`;
}

/** Reads events until one is described as `last`; throws after 500, as a test that waits for what never comes. */
export async function readUntil(events: AsyncIterator<WatchStreamEvent>, last: string): Promise<readonly string[]> {
  const read: string[] = [];
  while (read.length < 500) {
    const next = await events.next();
    if (next.done === true) {
      assert.fail(`the stream ended before "${last}": ${read.join(", ")}`);
    }
    read.push(describeEvent(next.value));
    if (read.at(-1) === last) return read;
  }
  assert.fail(`"${last}" did not come in 500 events: ${read.slice(0, 20).join(", ")}`);
}

/** What a follow test works with. */
export interface FollowBench extends Bench {
  readonly clock: FastClock;
  readonly events: AsyncGenerator<WatchStreamEvent, void, void>;
}

/** Options of the bench and of the follower. */
export interface FollowBenchOptions extends BenchOptions {
  readonly follow?: FollowOptions;
  /** Default: pods. */
  readonly resource?: GroupVersionResource;
  /** How much faster than real time the machine's clock runs. Default 50: a second of backoff is 20 ms. */
  readonly speed?: number;
}

/** Follows pods, or another resource, of a server that answers by `handler`. The stream is ended and checked at the end. */
export async function withFollow(
  handler: ExchangeHandler,
  run: (bench: FollowBench) => Promise<void>,
  options: FollowBenchOptions = {},
): Promise<void> {
  const clock = new FastClock(options.speed ?? 50);
  await withClient(
    handler,
    async (bench) => {
      const events = follow(bench.client, options.resource ?? PODS, options.follow);
      try {
        await run({ ...bench, clock, events });
      } finally {
        await events.return();
      }
    },
    { clock, startTimer: clock.startTimer, random: new SeededRandom(7), ...options },
  );
}
