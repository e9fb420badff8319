// The event stream's places: one for each client that reads, given back when it goes.
import assert from "node:assert/strict";
import { it } from "node:test";
import { EventFeed } from "../core/event-feed.ts";
import { createRoutes } from "./http-routes.ts";

it("a client that has gone gives its place back, and one that asks for the head alone takes none", async () => {
  const feed = new EventFeed({ historyMax: 4, listenersMax: 1 });
  const pods = { index: () => Promise.resolve({ index: undefined, reason: "no pods here" }) };
  const routes = createRoutes({ pods, feed, states: () => [], nodeName: undefined });
  const peer = { remoteAddress: "127.0.0.1", remotePort: 1, protocol: "http/1.1", encrypted: false } as const;
  const context = { peer: { ...peer, certificateVerified: false }, ending: new AbortController().signal };
  const ask = async (method: string): Promise<Response> =>
    routes.fetch(new Request("http://x/events", { method }), context);
  const head = await ask("HEAD");
  assert.deepEqual([head.status, head.headers.get("content-type"), feed.listeners], [200, "text/event-stream", 0]);
  const gone = await ask("GET");
  assert.deepEqual([gone.status, feed.listeners], [200, 1]);
  assert.equal((await ask("GET")).status, 503);
  await gone.body?.cancel();
  assert.equal(feed.listeners, 0);
});
