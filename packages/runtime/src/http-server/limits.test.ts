// What a server withstands: too many connections, silent ones, slow readers, large headers; and how it goes away.
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { eventually, makeTestPki, startTcpRelay, type TestPki } from "@coracle/sim";
import { createHttpClient } from "../http-client/client.ts";
import type { HttpClient, HttpClientOptions } from "../http-client/types.ts";
import { serveHttp, serveHttps } from "./serve.ts";
import type { FetchHandler, HttpServer, HttpServerLimits } from "./types.ts";

const cleanups: (() => void | Promise<void>)[] = [];
let pki: TestPki;

function makeClient(options: HttpClientOptions = {}): HttpClient {
  const client = createHttpClient({ tls: { ca: [pki.ca] }, ...options });
  cleanups.push(() => client.close());
  return client;
}

async function serve(isSecure: boolean, handler: FetchHandler, limits: HttpServerLimits = {}): Promise<HttpServer> {
  const options = { host: "127.0.0.1", port: 0, handler, ...limits };
  const server = isSecure
    ? await serveHttps({ ...options, tls: { cert: pki.cert, key: pki.key } })
    : await serveHttp(options);
  cleanups.push(() => server.close());
  return server;
}

function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
    socket.on("error", () => undefined);
    cleanups.push(() => {
      socket.destroy();
    });
  });
}

/** Everything the server says until it closes the connection. */
async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk) => {
    text += String(chunk);
  });
  await new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  return text;
}

describe("HTTP server", () => {
  before(async () => {
    pki = await makeTestPki();
  });

  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  it("closes connections over its cap and serves those within", async () => {
    const server = await serve(false, () => ({ status: 200 }), { connectionsMax: 2 });
    const first = await openSocket(server.address.port);
    await openSocket(server.address.port);
    await eventually(() => server.connections() === 2, "two connections");
    assert.equal(await readAll(await openSocket(server.address.port)), "");
    first.destroy();
    await eventually(() => server.connections() === 1, "one connection less");
    const response = await makeClient().request({ method: "GET", url: server.url });
    assert.equal(response.status, 200);
    await response.bytes();
  });

  it("stays quick beside five hundred silent connections", async () => {
    const server = await serve(true, () => ({ status: 200, body: "ok" }));
    const silent = await Promise.all(Array.from({ length: 500 }, () => openSocket(server.address.port)));
    await eventually(() => server.connections() === 500, "all connected");
    const response = await makeClient().request({ method: "GET", url: server.url });
    assert.equal(await response.text(), "ok");
    for (const socket of silent) socket.destroy();
    await eventually(() => server.connections() <= 1, "all gone");
  });

  it("closes a connection whose request never gets complete, and one that stays unused", async () => {
    const server = await serve(false, () => ({ status: 200 }), { headersTimeoutMs: 60, idleTimeoutMs: 60 });
    const partial = await openSocket(server.address.port);
    partial.write("GET / HTTP/1.1\r\nHost: x\r\n");
    const used = await openSocket(server.address.port);
    used.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const [, answered] = await Promise.all([readAll(partial), readAll(used)]);
    assert.match(answered, /^HTTP\/1\.1 200 /);
    assert.equal(server.connections(), 0);
  });

  it("does not take a quiet stream for an idle connection", async () => {
    for (const isSecure of [false, true]) {
      const gate = Promise.withResolvers<void>();
      const server = await serve(
        isSecure,
        () =>
          new Response(
            new ReadableStream({
              async pull(controller): Promise<void> {
                await gate.promise;
                controller.enqueue(new TextEncoder().encode("late"));
                controller.close();
              },
            }),
          ),
        { headersTimeoutMs: 40, idleTimeoutMs: 40 },
      );
      const stream = await makeClient().request({ method: "GET", url: server.url });
      const idle = await openSocket(server.address.port);
      await readAll(idle);
      gate.resolve();
      assert.equal(await stream.text(), "late");
    }
  });

  it("refuses headers that are too large and goes on", async () => {
    for (const isSecure of [false, true]) {
      const server = await serve(isSecure, () => ({ status: 200 }), { headersSizeBytesMax: 20_000 });
      const client = makeClient();
      const send = async (sizeBytes: number): Promise<number> => {
        const response = await client.request({
          method: "GET",
          url: server.url,
          headers: { "x-large": "x".repeat(sizeBytes) },
        });
        await response.bytes();
        return response.status;
      };
      assert.equal(await send(18_000), 200);
      const status = await send(60_000).catch(() => 431);
      assert.equal(status, 431);
      assert.equal(await send(10), 200);
    }
  });

  it("stops asking a source whose client does not read", async () => {
    for (const http2 of [true, false]) {
      let pulledBytes = 0;
      const server = await serve(true, (request) =>
        request.url.endsWith("/ping")
          ? { status: 200 }
          : new Response(
              new ReadableStream(
                {
                  pull(controller): void {
                    pulledBytes += 64 * 1024;
                    controller.enqueue(new Uint8Array(64 * 1024));
                  },
                },
                { highWaterMark: 0 },
              ),
            ),
      );
      const relay = await startTcpRelay(server.address.port);
      cleanups.push(() => relay.close());
      const url = `https://127.0.0.1:${relay.port}`;
      const unread = await makeClient({ http2 }).request({ method: "GET", url });
      relay.stall();
      const beside = makeClient({ http2 });
      let before = -1;
      await eventually(async () => {
        for (let count = 0; count < 10; count++) {
          const ping = await beside.request({ method: "GET", url: `${server.url}/ping` });
          await ping.bytes();
        }
        const isStill = pulledBytes === before;
        before = pulledBytes;
        return isStill;
      }, "the source at rest");
      assert.ok(pulledBytes < 16 * 1024 * 1024, `${pulledBytes} bytes were pulled`);
      unread.cancel();
    }
  });

  it("sends its clients away without failing a request, and keeps serving new connections", async () => {
    for (const isSecure of [false, true]) {
      const gate = Promise.withResolvers<void>();
      let isHeld = false;
      const server = await serve(isSecure, async (request) => {
        if (request.url.endsWith("/hold")) {
          isHeld = true;
          await gate.promise;
        }
        return { status: 200, body: "done" };
      });
      const client = makeClient();
      const get = async (path: string): Promise<string> => {
        const response = await client.request({ method: "GET", url: server.url + path });
        return response.text();
      };
      assert.equal(await get("/"), "done");
      const held = get("/hold");
      await eventually(() => isHeld, "a request under way");
      const openedBefore = client.stats().connectionsOpened;
      server.goAway();
      gate.resolve();
      assert.equal(await held, "done");
      await eventually(() => client.stats().connectionsOpen === 0, "told to go elsewhere");
      assert.equal(await get("/"), "done");
      assert.equal(client.stats().connectionsOpened, openedBefore + 1);
    }
  });

  it("lets running requests finish when it closes, and cuts what takes longer than allowed", async () => {
    for (const isSecure of [false, true]) {
      const gate = Promise.withResolvers<void>();
      let running = 0;
      const server = await serve(isSecure, async (request) => {
        running++;
        if (request.url.endsWith("/hang")) await new Promise(() => undefined);
        await gate.promise;
        return { status: 200, body: "finished" };
      });
      const client = makeClient();
      const get = async (path: string): Promise<string> => {
        const response = await client.request({ method: "GET", url: server.url + path });
        return response.text();
      };
      const finishing = get("/finish");
      const hanging = get("/hang").catch(() => "cut");
      await eventually(() => running === 2, "both under way");
      const closed = server.close({ graceMs: 200 });
      gate.resolve();
      assert.equal(await finishing, "finished");
      assert.equal(await hanging, "cut");
      await closed;
      assert.equal(server.connections(), 0);
      await assert.rejects(get("/"), { code: "REFUSED" });
    }
  });

  it("says why it cannot listen", async () => {
    const server = await serve(false, () => ({ status: 200 }));
    const taken = serveHttp({ host: "127.0.0.1", port: server.address.port, handler: () => ({ status: 200 }) });
    await assert.rejects(taken, { code: "EADDRINUSE", name: "ServeError" });
  });
});
