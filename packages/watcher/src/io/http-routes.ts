// The watcher's own HTTP resources: address look-ups, same-node verdicts, the event stream, what is followed.
import { parseIp } from "@coracle/base";
import type { RequestContext } from "@coracle/lifecycle";
import { systemClock } from "@coracle/runtime";
import { type Context, Hono } from "hono";
import { type EventFeed, type FeedEntry, formatServerSentEvent } from "../core/event-feed.ts";
import type { IpAnswer } from "../core/ip-index.ts";
import { judgePeer } from "../core/same-node.ts";
import { gatherEvidence } from "./peer-evidence.ts";
import type { PodLookup } from "./pod-lookup.ts";
import type { FollowerState } from "./resource-follower.ts";

/** What the routes answer from. */
export interface RoutesOptions {
  readonly pods: Pick<PodLookup, "index">;
  readonly feed: EventFeed;
  readonly states: () => readonly FollowerState[];
  readonly nodeName: string | undefined;
}

type Env = { Bindings: RequestContext };

const LOOKUP_WAIT_MS = 5000;
/** Events waiting for one slow client; then its stream ends, and it comes back with its last id. */
const CLIENT_EVENTS_MAX = 1024;

/** The application for the `--http` listener. */
export function createRoutes(options: RoutesOptions): Hono<Env> {
  const app = new Hono<Env>();
  app.get("/resources", (c) => c.json(options.states()));
  app.get("/ip/:address", (c) => lookUp(c, options));
  app.get("/same-node", (c) => judge(c, options));
  app.get("/events", (c) => streamEvents(c, options.feed));
  return app;
}

async function lookUp(c: Context<Env, "/ip/:address">, { pods }: RoutesOptions): Promise<Response> {
  const address = c.req.param("address");
  if (!parseIp(address).ok) {
    return c.json({ error: `Cannot look up "${address.slice(0, 64)}": it is not an IP address` }, 400);
  }
  const found = await pods.index(LOOKUP_WAIT_MS);
  if (found.index === undefined) return notReady(c, found.reason);
  const answer = found.index.lookup(address, systemClock.now());
  return c.json({ ip: address, ...answer }, answer.kind === "unknown" ? 404 : 200);
}

/** `?ip=` (and `?port=`) asks about a peer; without them the caller asks about itself. */
async function judge(c: Context<Env>, { pods, nodeName }: RoutesOptions): Promise<Response> {
  if (nodeName === undefined) {
    return c.json({ error: "Cannot tell nodes apart: start with --node-name NAME (environment: NODE_NAME)" }, 503);
  }
  const ip = c.req.query("ip") ?? c.env.peer.remoteAddress;
  const port = c.req.query("ip") === undefined ? c.env.peer.remotePort : readPort(c.req.query("port"));
  if (!parseIp(ip).ok) return c.json({ error: `Cannot judge "${ip.slice(0, 64)}": it is not an IP address` }, 400);
  if (port === "bad") return c.json({ error: "Cannot judge the peer: port must be a number from 1 to 65535" }, 400);
  const found = await pods.index(LOOKUP_WAIT_MS);
  if (found.index === undefined) return notReady(c, found.reason);
  const answer: IpAnswer = found.index.lookup(ip, systemClock.now());
  const evidence = await gatherEvidence({ ip, ...(port === undefined ? {} : { port }) });
  return c.json({ ip, node: nodeName, ...judgePeer({ ...evidence, ownNode: nodeName, answer }) });
}

function readPort(text: string | undefined): number | "bad" | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : "bad";
}

function notReady(c: Context<Env>, reason: string): Response {
  return c.json({ error: `Cannot look up addresses yet: ${reason}` }, 503, { "retry-after": "1" });
}

const STREAM_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store" } as const;

function streamEvents(c: Context<Env>, feed: EventFeed): Response {
  // Nobody would read the body or end it: it would hold a client's place for ever.
  if (c.req.method === "HEAD") return c.body(null, 200, STREAM_HEADERS);
  const lastId = Number(c.req.header("last-event-id") ?? Number.NaN);
  const { entries, missed } = feed.resumeAfter(Number.isInteger(lastId) ? lastId : undefined);
  const encoder = new TextEncoder();
  let stop: (() => void) | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const end = (): void => {
          stop?.();
          stop = undefined;
          controller.close();
        };
        const send = (entry: FeedEntry): void => {
          controller.enqueue(encoder.encode(formatServerSentEvent(entry)));
          if ((controller.desiredSize ?? 0) <= 0) end();
        };
        stop = feed.listen(send);
        if (stop === undefined) return;
        controller.enqueue(
          encoder.encode(missed ? "event: missed\ndata: read /resources anew\n\n" : ": following\n\n"),
        );
        for (const entry of entries) if (stop !== undefined) send(entry);
        c.env.ending.addEventListener("abort", () => stop !== undefined && end(), { once: true });
      },
      cancel: () => stop?.(),
    },
    { highWaterMark: CLIENT_EVENTS_MAX },
  );
  if (stop === undefined) {
    return c.json({ error: `Cannot stream events: ${feed.listeners} clients listen already` }, 503, {
      "retry-after": "5",
    });
  }
  return c.body(body, 200, STREAM_HEADERS);
}
