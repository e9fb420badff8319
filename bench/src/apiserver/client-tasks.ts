// What the client process of the API server's benchmark does: creating, listing, watching by the thousand, timing deliveries.
import type { KubeClient } from "@coracle/kube/io";
import { ATTACHMENTS, ATTACHMENTS_PATH, attachment } from "./attachment.ts";

/** Figures of a task, by name. */
export type TaskFigures = Readonly<Record<string, number>>;

const ROUTE = "bench";
const NEWLINE = 0x0a;

/** Creates `count` attachments with `inFlight` requests in flight. */
export async function create(
  client: KubeClient,
  prefix: string,
  count: number,
  inFlight: number,
): Promise<TaskFigures> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await client.create(ATTACHMENTS, attachment(`${prefix}-${next++}`));
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { perSecond: (count * 1000) / (performance.now() - startMs) };
}

/** Reads the whole list, without making objects of it. */
export async function list(client: KubeClient): Promise<TaskFigures> {
  const startMs = performance.now();
  const response = await client.transport.send({
    method: "GET",
    path: ATTACHMENTS_PATH,
    query: "resourceVersion=0",
    route: ROUTE,
  });
  let sizeBytes = 0;
  for await (const chunk of response.body) sizeBytes += chunk.length;
  return { listMs: performance.now() - startMs, sizeBytes };
}

/** Opens `watchers` watches, creates `events` attachments one after the other, and counts what arrives. */
export async function fanOut(
  client: KubeClient,
  prefix: string,
  watchers: number,
  events: number,
): Promise<TaskFigures> {
  const abort = new AbortController();
  const { resourceVersion = "" } = (await client.list(ATTACHMENTS, { namespace: "default" }, { limit: 1 })).metadata;
  let delivered = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let onAll = (): void => undefined;
  const opened = Array.from({ length: watchers }, async () => {
    const chunks = await openWatch(client, resourceVersion, abort.signal);
    void forEachLine(chunks, () => {
      delivered++;
      if (delivered >= wanted) onAll();
    });
  });
  await Promise.all(opened);
  wanted = watchers * events;
  const all = new Promise<void>((resolve) => (onAll = resolve));
  const startMs = performance.now();
  for (let event = 0; event < events; event++) await client.create(ATTACHMENTS, attachment(`${prefix}-${event}`));
  await all;
  const seconds = (performance.now() - startMs) / 1000;
  abort.abort();
  return { deliveriesPerSecond: delivered / seconds, delivered };
}

/** Creates `count` attachments one after the other; how long until a watch tells of each, in milliseconds. */
export async function latency(client: KubeClient, prefix: string, count: number): Promise<TaskFigures> {
  const abort = new AbortController();
  const { resourceVersion = "" } = (await client.list(ATTACHMENTS, { namespace: "default" }, { limit: 1 })).metadata;
  let onLine = (): void => undefined;
  void forEachLine(await openWatch(client, resourceVersion, abort.signal), () => onLine());
  const timesMs: number[] = [];
  for (let index = 0; index < count; index++) {
    const told = new Promise<void>((resolve) => (onLine = resolve));
    const startMs = performance.now();
    await Promise.all([
      client.create(ATTACHMENTS, attachment(`${prefix}-${index}`)),
      told.then(() => timesMs.push(performance.now() - startMs)),
    ]);
  }
  abort.abort();
  timesMs.sort((a, b) => a - b);
  const at = (share: number): number =>
    timesMs[Math.min(timesMs.length - 1, Math.floor(timesMs.length * share))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function openWatch(
  client: KubeClient,
  resourceVersion: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const query = `watch=true&resourceVersion=${resourceVersion}&timeoutSeconds=300`;
  const response = await client.transport.send({ method: "GET", path: ATTACHMENTS_PATH, query, route: ROUTE, signal });
  if (response.status !== 200) throw new Error(`Cannot watch: ${response.status} ${await response.text()}`);
  return response.body;
}

/** Counts events by their ends, so that the client costs little; ends quietly when the watch is aborted. */
async function forEachLine(chunks: AsyncIterable<Uint8Array>, onLine: () => void): Promise<void> {
  try {
    for await (const chunk of chunks) {
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) onLine();
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ABORTED")) throw error;
  }
}
