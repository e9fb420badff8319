// The resources of the heartbeat: all nodes as JSON, and their changes as server-sent events.
import type { RequestContext } from "@coracle/lifecycle";
import { type Context, Hono } from "hono";
import type { ChangeFeed } from "../core/change-feed.ts";
import { type NodesDocument, nodesEvent } from "../core/node-change.ts";

/** What the routes answer from. */
export interface RoutesOptions {
  readonly document: () => NodesDocument;
  readonly feed: ChangeFeed;
}

type Env = { Bindings: RequestContext };

/** Bytes that wait for one slow client; then its stream ends. */
export const CLIENT_BYTES_MAX: number = 256 * 1024;

/** The application for the `--http` listener. */
export function createRoutes(options: RoutesOptions): Hono<Env> {
  const app = new Hono<Env>();
  app.get("/nodes", (c) => c.json(options.document()));
  app.get("/nodes/events", (c) => streamChanges(c, options));
  return app;
}

const STREAM_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store" } as const;

/** Begins with all nodes, so nobody has to ask for what was missed; a client that does not read is cut off. */
function streamChanges(c: Context<Env>, { document, feed }: RoutesOptions): Response {
  // Nobody would read the body or end it: it would hold a client's place for ever.
  if (c.req.method === "HEAD") return c.body(null, 200, STREAM_HEADERS);
  const encoder = new TextEncoder();
  let stop: (() => void) | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const end = (): void => {
          if (stop === undefined) return;
          stop();
          stop = undefined;
          controller.close();
        };
        stop = feed.listen((event) => {
          if ((controller.desiredSize ?? 0) <= 0) {
            end();
            return false;
          }
          controller.enqueue(encoder.encode(event));
          return true;
        });
        if (stop === undefined) return;
        controller.enqueue(encoder.encode(nodesEvent(document())));
        c.env.ending.addEventListener("abort", end, { once: true });
      },
      cancel: () => stop?.(),
    },
    { highWaterMark: CLIENT_BYTES_MAX, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  if (stop === undefined) {
    return c.json({ error: `Cannot stream changes: ${feed.listeners} clients listen already` }, 503, {
      "retry-after": "5",
    });
  }
  return c.body(body, 200, STREAM_HEADERS);
}
