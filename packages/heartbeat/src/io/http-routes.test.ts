// The event stream: the state first, then changes; a client that does not read is cut off, and holds nobody up.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RequestContext } from "@coracle/lifecycle";
import { ChangeFeed } from "../core/change-feed.ts";
import type { NodesDocument } from "../core/node-change.ts";
import { CLIENT_BYTES_MAX, createRoutes } from "./http-routes.ts";

const DOCUMENT: NodesDocument = { self: { nodeId: 1, ready: false, mode: "plain", notReady: "alone" }, nodes: [] };

function context(ending: AbortSignal = new AbortController().signal): RequestContext {
  const peer = { remoteAddress: "127.0.0.1", remotePort: 1, protocol: "http/1.1", encrypted: false } as const;
  return { peer: { ...peer, certificateVerified: false }, ending };
}

describe("the event stream", () => {
  it("begins with all nodes, goes on with changes, and ends with the service", async () => {
    const feed = new ChangeFeed({ listenersMax: 1 });
    const routes = createRoutes({ document: () => DOCUMENT, feed });
    const ending = new AbortController();
    const response = await routes.fetch(new Request("http://x/nodes/events"), context(ending.signal));
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    feed.publish("event: ready\ndata: {}\n\n");
    ending.abort();
    assert.equal(
      await response.text(),
      `event: nodes\ndata: ${JSON.stringify(DOCUMENT)}\n\nevent: ready\ndata: {}\n\n`,
    );
    assert.equal(feed.listeners, 0);
  });

  it("cuts off a client that does not read, whose place is free then", async () => {
    const feed = new ChangeFeed({ listenersMax: 2 });
    const routes = createRoutes({ document: () => DOCUMENT, feed });
    const slow = await routes.fetch(new Request("http://x/nodes/events"), context());
    const seen: string[] = [];
    feed.listen((event) => seen.push(event) > 0);
    assert.equal((await routes.fetch(new Request("http://x/nodes/events"), context())).status, 503);
    const event = `data: ${"x".repeat(1000)}\n\n`;
    const count = Math.ceil((2 * CLIENT_BYTES_MAX) / event.length);
    for (let index = 0; index < count; index++) feed.publish(event);
    assert.equal(feed.listeners, 1);
    assert.equal(seen.length, count);
    assert.deepEqual(feed.counts, { refused: 1, cutOff: 1 });
    const got = (await slow.text()).length;
    assert.ok(got >= CLIENT_BYTES_MAX && got < CLIENT_BYTES_MAX + 2 * event.length, `${got}`);
  });

  it("gives the place of a client that has gone to the next, and none to one that asks for the head alone", async () => {
    const feed = new ChangeFeed({ listenersMax: 1 });
    const routes = createRoutes({ document: () => DOCUMENT, feed });
    const ask = async (method: string): Promise<Response> =>
      routes.fetch(new Request("http://x/nodes/events", { method }), context());
    const head = await ask("HEAD");
    assert.deepEqual([head.status, head.headers.get("content-type"), feed.listeners], [200, "text/event-stream", 0]);
    const gone = await ask("GET");
    assert.deepEqual([gone.status, feed.listeners], [200, 1]);
    await gone.body?.cancel();
    assert.equal(feed.listeners, 0);
    assert.equal((await ask("GET")).status, 200);
  });
});
