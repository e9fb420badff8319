// HTTP/2 as a Kubernetes client needs it: many streams, GOAWAY and refusals replayed, half-open connections found, unread bodies bounded.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  eventually,
  FRAME_TYPE,
  type FrameConnection,
  type FrameServer,
  makeTestPki,
  startFrameServer,
  startTcpRelay,
  type TestPki,
} from "@coracle/sim";
import { serveHttps } from "../http-server/serve.ts";
import type { FetchHandler, HttpServer } from "../http-server/types.ts";
import { createHttpClient } from "./client.ts";
import { type HttpClient, HttpClientError, type HttpClientOptions, type HttpResponse } from "./types.ts";

let pki: TestPki;
const cleanups: (() => void | Promise<void>)[] = [];

function later(cleanup: () => void | Promise<void>): void {
  cleanups.push(cleanup);
}

function makeClient(options: HttpClientOptions = {}): HttpClient {
  const client = createHttpClient({ tls: { ca: [pki.ca] }, ...options });
  later(() => client.close());
  return client;
}

async function serve(handler: FetchHandler): Promise<HttpServer> {
  const server = await serveHttps({
    host: "127.0.0.1",
    port: 0,
    tls: { cert: pki.cert, key: pki.key },
    handler,
  });
  later(() => server.close());
  return server;
}

/** A server that does on the wire what the test says; `count` numbers the requests. */
async function serveFrames(
  onRequest: (connection: FrameConnection, streamId: number, count: number) => void,
): Promise<FrameServer> {
  let count = 0;
  const server = await startFrameServer(pki, (connection, streamId) => onRequest(connection, streamId, ++count));
  later(() => server.close());
  return server;
}

function answer(connection: FrameConnection, streamId: number, text: string): void {
  connection.respond(streamId);
  connection.write(streamId, text, true);
}

async function errorOf(promise: Promise<unknown>): Promise<HttpClientError> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof HttpClientError, String(thrown));
    return thrown;
  }
  throw new Error("Cannot see an error as there was none");
}

/** A body that would go on for ever, and how much of it was asked for. */
function endlessBody(chunkSizeBytes: number): { response: () => Response; pulledBytes: () => number } {
  let pulledBytes = 0;
  return {
    pulledBytes: () => pulledBytes,
    response: () =>
      new Response(
        new ReadableStream(
          {
            pull(controller): void {
              pulledBytes += chunkSizeBytes;
              controller.enqueue(new Uint8Array(chunkSizeBytes));
            },
          },
          { highWaterMark: 0 },
        ),
      ),
  };
}

describe("HTTP/2 client", () => {
  before(async () => {
    pki = await makeTestPki();
  });

  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  it("runs 150 watches at once against a server that takes 100 streams a connection", async () => {
    let running = 0;
    const all = Promise.withResolvers<void>();
    const server = await serve(async () => {
      if (++running === 150) all.resolve();
      await all.promise;
      return { status: 200, body: "x" };
    });
    const client = makeClient();
    const requests = Array.from({ length: 150 }, () => client.request({ method: "GET", url: server.url }));
    const responses = await Promise.all(requests);
    assert.deepEqual(await Promise.all(responses.map((response) => response.text())), Array<string>(150).fill("x"));
    assert.equal(client.stats().connectionsOpened, 2);
    assert.equal(server.connections(), 2);
  });

  it("opens no more connections than allowed, and refuses what does not fit in line", async () => {
    const gate = Promise.withResolvers<void>();
    let running = 0;
    const server = await serve(async () => {
      running++;
      await gate.promise;
      return { status: 200 };
    });
    const client = makeClient({ streamsPerConnectionMax: 2, connectionsPerOriginMax: 2, queueMax: 3 });
    const send = async (): Promise<void> => {
      const response = await client.request({ method: "GET", url: server.url });
      await response.bytes();
    };
    // Three wait until the first connection is open, the fourth is one too many.
    const first = [send(), send(), send()];
    assert.equal((await errorOf(send())).code, "QUEUE_FULL");
    await eventually(() => running === 3, "three requests under way");
    const more = [send(), send(), send(), send()];
    await eventually(() => running === 4 && client.stats().requestsQueued === 3, "one more under way, three in line");
    assert.equal(client.stats().connectionsOpened, 2);
    gate.resolve();
    await Promise.all([...first, ...more]);
    assert.equal(client.stats().connectionsOpened, 2);
  });

  it("finishes streams below a GOAWAY's last stream and replays those above, whatever their method", async () => {
    const raw = await serveFrames((connection, streamId, count) => {
      if (count > 3) {
        answer(connection, streamId, "replayed");
        return;
      }
      if (count < 3) return;
      connection.goaway(1, 0);
      setTimeout(() => answer(connection, 1, "below"), 20);
    });
    const client = makeClient();
    const send = async (body?: string): Promise<string> => {
      const response = await client.request({ method: body === undefined ? "GET" : "POST", url: raw.url, body });
      return response.text();
    };
    assert.deepEqual(await Promise.all([send(), send("create me"), send("me too")]), ["below", "replayed", "replayed"]);
    const bodies = raw.connections[1]?.received
      .filter((frame) => frame.type === FRAME_TYPE.data)
      .map((frame) => new TextDecoder().decode(frame.payload));
    assert.deepEqual(bodies?.filter((body) => body !== "").sort(), ["create me", "me too"]);
    const stats = client.stats();
    assert.equal(stats.goawaysReceived, 1);
    assert.equal(stats.requestsReplayed, 2);
    assert.equal(stats.connectionsOpened, 2);
  });

  it("keeps a watch alive through the two GOAWAYs of Go's graceful shutdown", async () => {
    const raw = await serveFrames((connection, streamId, count) => {
      if (count > 1) answer(connection, streamId, "elsewhere");
      else {
        connection.respond(streamId);
        connection.write(streamId, "one ");
      }
    });
    const client = makeClient();
    const watch = await client.request({ method: "GET", url: raw.url });
    raw.connections[0]?.goaway(0x7fff_ffff, 0);
    await eventually(() => client.stats().goawaysReceived === 1, "first GOAWAY");
    const other = await client.request({ method: "GET", url: raw.url });
    assert.equal(await other.text(), "elsewhere");
    raw.connections[0]?.goaway(1, 0);
    raw.connections[0]?.write(1, "two", true);
    assert.equal(await watch.text(), "one two");
    assert.equal(client.stats().connectionsOpened, 2);
    await eventually(() => client.stats().connectionsOpen === 1, "old connection closed");
  });

  it("fails a running watch, and replays nothing it may have run, when GOAWAY says the server broke", async () => {
    const raw = await serveFrames((connection, streamId, count) => {
      if (count === 2) connection.goaway(3, 2);
      else if (count === 1) connection.respond(streamId);
      else answer(connection, streamId, "new");
    });
    const client = makeClient();
    const watch = await client.request({ method: "GET", url: raw.url });
    const reading = errorOf(watch.bytes());
    const post = await errorOf(client.request({ method: "POST", url: raw.url, body: "x" }));
    assert.equal(post.code, "GOAWAY");
    assert.equal(post.retryable, true);
    assert.equal(post.isUnprocessed, false);
    assert.equal((await reading).code, "GOAWAY");
    const next = await client.request({ method: "GET", url: raw.url });
    assert.equal(await next.text(), "new");
  });

  it("sends a refused stream again, but not for ever", async () => {
    const REFUSED_STREAM = 7;
    const once = await serveFrames((connection, streamId, count) => {
      if (count === 1) connection.reset(streamId, REFUSED_STREAM);
      else answer(connection, streamId, "taken");
    });
    const client = makeClient();
    const response = await client.request({ method: "POST", url: once.url, body: "x" });
    assert.equal(await response.text(), "taken");
    assert.equal(client.stats().requestsReplayed, 1);

    const always = await serveFrames((connection, streamId) => connection.reset(streamId, REFUSED_STREAM));
    const error = await errorOf(client.request({ method: "GET", url: always.url }));
    assert.equal(error.code, "GOAWAY");
    assert.ok(error.retryable && error.isUnprocessed);
    assert.equal(client.stats().requestsReplayed, 6);
  });

  it("tells a reset apart from an end, before and within a body", async () => {
    for (const code of [2, 8]) {
      const raw = await serveFrames((connection, streamId, count) => {
        if (count > 1) {
          connection.respond(streamId);
          connection.write(streamId, "half");
        }
        connection.reset(streamId, code);
      });
      const client = makeClient();
      const early = await errorOf(client.request({ method: "GET", url: raw.url }));
      assert.equal(early.code, "RESET", `before the headers, code ${code}`);
      const late = await errorOf(
        (async () => {
          const response = await client.request({ method: "GET", url: raw.url });
          return response.text();
        })(),
      );
      assert.equal(late.code, "RESET", `within the body, code ${code}`);
    }
  });

  it("finds a half-open connection by PING, fails its streams, and goes on with a new one", async () => {
    const server = await serve((request) => {
      if (!request.url.endsWith("/watch")) return { status: 200, body: "alive" };
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("event")),
        }),
      );
    });
    const relay = await startTcpRelay(server.address.port);
    later(() => relay.close());
    const client = makeClient({ pingIdleMs: 50, pingTimeoutMs: 200 });
    const url = `https://127.0.0.1:${relay.port}`;
    const watch = await client.request({ method: "GET", url: `${url}/watch` });
    await eventually(() => client.stats().pingsSent >= 3, "PINGs on an idle connection");
    assert.equal(client.stats().pingsLost, 0);

    relay.stall();
    const error = await errorOf(watch.bytes());
    assert.equal(error.code, "PING_TIMEOUT");
    assert.equal(error.retryable, true);
    assert.equal(client.stats().pingsLost, 1);

    relay.resume();
    const next = await client.request({ method: "GET", url: `${url}/again` });
    assert.equal(await next.text(), "alive");
    assert.equal(client.stats().connectionsOpened, 2);
  });

  it("fails a body that is cut, instead of ending it", async () => {
    const server = await serve(() => endlessBody(1000).response());
    const relay = await startTcpRelay(server.address.port);
    later(() => relay.close());
    const client = makeClient();
    const response = await client.request({ method: "GET", url: `https://127.0.0.1:${relay.port}` });
    const reading = errorOf(response.bytes(Number.MAX_SAFE_INTEGER));
    setTimeout(() => relay.cut(), 20);
    assert.equal((await reading).code, "RESET");
  });

  it("stops a sender whose body nobody reads, and lets other streams run beside it", async () => {
    const endless = endlessBody(64 * 1024);
    const server = await serve((request) =>
      request.url.endsWith("/endless") ? endless.response() : { status: 200, body: new Uint8Array(3_000_000) },
    );
    const relay = await startTcpRelay(server.address.port);
    later(() => relay.close());
    const client = makeClient();
    const url = `https://127.0.0.1:${relay.port}`;
    const unread: HttpResponse[] = [];
    for (let count = 0; count < 8; count++) unread.push(await client.request({ method: "GET", url: `${url}/endless` }));
    const beside = await client.request({ method: "GET", url: `${url}/beside` });
    assert.equal((await beside.bytes()).length, 3_000_000);
    const stoppedAt = endless.pulledBytes();
    for (let count = 0; count < 20; count++) {
      const response = await client.request({ method: "HEAD", url: `${url}/beside` });
      await response.bytes();
    }
    assert.equal(endless.pulledBytes(), stoppedAt, "the sender went on");
    assert.ok(stoppedAt / unread.length <= 512 * 1024, `one unread body took ${stoppedAt / unread.length} bytes`);
    assert.equal(client.stats().connectionsOpened, 1);
    for (const response of unread) response.cancel();
    await eventually(() => client.stats().streamsOpen === 0, "cancelled streams let go");
  });
});
