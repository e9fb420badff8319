// What client and server promise together, over plain HTTP/1.1, HTTP/1.1 in TLS and HTTP/2.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, makeTestPki, type TestPki } from "@coracle/sim";
import {
  createHttpClient,
  type FetchHandler,
  gzip,
  type HttpClient,
  HttpClientError,
  type HttpServer,
  readRequestBody,
  serveHttp,
  serveHttps,
} from "./mod.ts";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "no error";
  } catch (thrown) {
    assert.ok(thrown instanceof HttpClientError, String(thrown));
    return thrown.code;
  }
}

interface World {
  server: HttpServer;
  client: HttpClient;
  readonly aborted: string[];
  readonly errors: unknown[];
  /** Resolved when the client has the headers of `/cut`. */
  readonly mayBreak: PromiseWithResolvers<void>;
}

function handlerOf(world: World): FetchHandler {
  return async (request, peer) => {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/plain":
        return { status: 200, headers: { "content-type": "text/plain" }, body: "hello" };
      case "/query":
        return Response.json({ query: url.search, header: request.headers.get("x-ask") });
      case "/peer":
        return Response.json({ protocol: peer.protocol, encrypted: peer.encrypted, address: peer.remoteAddress });
      case "/echo":
        return new Response(await request.text(), { status: 201, headers: { "x-method": request.method } });
      case "/limited": {
        const body = await readRequestBody(request, 10).catch(() => undefined);
        return { status: body === undefined ? 413 : 200 };
      }
      case "/echo-stream":
        return new Response(request.body);
      case "/cookies": {
        const headers = new Headers([
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ]);
        return new Response("x", { headers });
      }
      case "/nothing":
        return { status: 204 };
      case "/throw":
        throw new Error("handler broke");
      case "/cut":
        return new Response(
          new ReadableStream({
            start(controller): void {
              controller.enqueue(new TextEncoder().encode("half"));
            },
            async pull(): Promise<void> {
              await world.mayBreak.promise;
              throw new Error("source broke");
            },
          }),
        );
      case "/hang":
        await new Promise<void>((resolve) => {
          request.signal.addEventListener("abort", () => resolve());
        });
        world.aborted.push(url.search);
        return { status: 200 };
      case "/events":
        return new Response(
          new ReadableStream({
            start(controller): void {
              controller.enqueue(new TextEncoder().encode("first\n"));
              request.signal.addEventListener("abort", () => world.aborted.push("/events"));
            },
          }),
        );
      case "/gzip": {
        const body = await gzip("z".repeat(100_000));
        return { status: 200, headers: { "content-encoding": "gzip" }, body };
      }
      default:
        return new Response(null, { status: 404 });
    }
  };
}

const MODES = [
  { name: "HTTP/1.1", isSecure: false, http2: true, version: "1.1" },
  { name: "HTTP/1.1 in TLS", isSecure: true, http2: false, version: "1.1" },
  { name: "HTTP/2", isSecure: true, http2: true, version: "2" },
] as const;

for (const mode of MODES) {
  describe(mode.name, () => {
    let pki: TestPki;
    const world = { aborted: [], errors: [], mayBreak: Promise.withResolvers() } as unknown as World;
    const url = (path: string): string => world.server.url + path;
    const get = async (path: string): Promise<{ status: number; text: string }> => {
      const response = await world.client.request({ method: "GET", url: url(path) });
      return { status: response.status, text: await response.text() };
    };

    before(async () => {
      pki = await makeTestPki();
      const options = {
        host: "127.0.0.1",
        port: 0,
        handler: handlerOf(world),
        onError: (error: unknown) => world.errors.push(error),
      };
      world.server = mode.isSecure
        ? await serveHttps({ ...options, tls: { cert: pki.cert, key: pki.key } })
        : await serveHttp(options);
      world.client = createHttpClient({ tls: { ca: [pki.ca] }, http2: mode.http2 });
    });

    after(async () => {
      world.client.close();
      await world.server.close();
    });

    it("answers plain and web responses", async () => {
      const response = await world.client.request({ method: "GET", url: url("/plain") });
      assert.equal(response.httpVersion, mode.version);
      assert.equal(response.headers["content-type"], "text/plain");
      assert.equal(response.headers["content-length"], "5");
      assert.equal(await response.text(), "hello");
      assert.equal((await get("/missing")).status, 404);
      const nothing = await get("/nothing");
      assert.deepEqual(nothing, { status: 204, text: "" });
    });

    it("hands over method, URL, headers and peer", async () => {
      const asked = await world.client.request({
        method: "GET",
        url: url("/query?a=b%20c&d"),
        headers: { "X-Ask": "yes" },
      });
      assert.deepEqual(JSON.parse(await asked.text()), { query: "?a=b%20c&d", header: "yes" });
      const peer: unknown = JSON.parse((await get("/peer")).text);
      assert.deepEqual(peer, {
        protocol: mode.version === "2" ? "h2" : "http/1.1",
        encrypted: mode.isSecure,
        address: "127.0.0.1",
      });
    });

    it("carries bodies both ways, as text and as streams", async () => {
      for (const path of ["/echo", "/echo-stream"]) {
        const body = "ö".repeat(300_000);
        const response = await world.client.request({ method: "POST", url: url(path), body });
        assert.equal(await response.text(), body);
      }
      const bytes = new Uint8Array(100_000).map((_, index) => index & 0xff);
      const echoed = await world.client.request({ method: "PUT", url: url("/echo-stream"), body: bytes });
      assert.deepEqual(await echoed.bytes(), bytes);
    });

    it("answers HEAD without a body but with its length", async () => {
      const response = await world.client.request({ method: "HEAD", url: url("/plain") });
      assert.equal(response.headers["content-length"], "5");
      assert.equal(await response.text(), "");
    });

    it("keeps repeated set-cookie fields apart on the way", async () => {
      const response = await world.client.request({ method: "GET", url: url("/cookies") });
      assert.equal(response.headers["set-cookie"], "a=1, b=2");
      response.cancel();
    });

    it("refuses a body over the reader's limit", async () => {
      const response = await world.client.request({ method: "POST", url: url("/limited"), body: "x".repeat(11) });
      assert.equal(response.status, 413);
      await response.bytes();
      const fits = await world.client.request({ method: "POST", url: url("/limited"), body: "x".repeat(10) });
      assert.equal(fits.status, 200);
      await fits.bytes();
    });

    it("turns a throw before the headers into 500, and after them into a cut body", async () => {
      assert.equal((await get("/throw")).status, 500);
      const response = await world.client.request({ method: "GET", url: url("/cut") });
      assert.equal(response.status, 200);
      world.mayBreak.resolve();
      assert.equal(await codeOf(response.bytes()), "RESET");
      assert.equal(world.errors.filter((error) => error instanceof Error && /broke/.test(error.message)).length, 2);
    });

    it("decodes gzip only when asked", async () => {
      const decoded = await world.client.request({ method: "GET", url: url("/gzip"), gzip: true });
      assert.equal((await decoded.text()).length, 100_000);
      const raw = await world.client.request({ method: "GET", url: url("/gzip") });
      assert.deepEqual([...(await raw.bytes()).subarray(0, 2)], [0x1f, 0x8b]);
    });

    it("bounds a body read whole", async () => {
      const response = await world.client.request({ method: "GET", url: url("/gzip"), gzip: true });
      assert.equal(await codeOf(response.bytes(99_999)), "BODY_TOO_LARGE");
    });

    it("tells the handler when the client gives up waiting", async () => {
      const abort = new AbortController();
      const aborted = world.client.request({ method: "GET", url: url("/hang?abort"), signal: abort.signal });
      const late = world.client.request({ method: "GET", url: url("/hang?late"), headersTimeoutMs: 100 });
      setTimeout(() => abort.abort(), 100);
      assert.deepEqual(await Promise.all([codeOf(aborted), codeOf(late)]), ["ABORTED", "TIMEOUT"]);
      await eventually(() => world.aborted.includes("?abort") && world.aborted.includes("?late"), "both aborts");
    });

    it("fails at once if the signal was aborted before", async () => {
      const request = world.client.request({ method: "GET", url: url("/plain"), signal: AbortSignal.abort() });
      assert.equal(await codeOf(request), "ABORTED");
    });

    it("ends a stream by cancel, by signal and by leaving the loop", async () => {
      world.aborted.length = 0;
      const abort = new AbortController();
      const cancelled = await world.client.request({ method: "GET", url: url("/events") });
      const signalled = await world.client.request({ method: "GET", url: url("/events"), signal: abort.signal });
      const left = await world.client.request({ method: "GET", url: url("/events") });
      for await (const chunk of left.body) {
        assert.equal(new TextDecoder().decode(chunk), "first\n");
        break;
      }
      cancelled.cancel();
      const reading = codeOf(signalled.bytes());
      abort.abort();
      assert.equal(await reading, "ABORTED");
      assert.equal(await codeOf(cancelled.bytes()), "ABORTED");
      await eventually(() => world.aborted.length === 3, "three aborts at the handler");
      await eventually(() => world.client.stats().streamsOpen === 0, "streams let go");
    });

    it("uses one connection again and again", async () => {
      await get("/plain");
      const before = world.client.stats().connectionsOpened;
      for (let count = 0; count < 20; count++) assert.equal((await get("/plain")).text, "hello");
      assert.equal(world.client.stats().connectionsOpened, before);
    });

    it("fails what is under way when it is closed", async () => {
      const client = createHttpClient({ tls: { ca: [pki.ca] }, http2: mode.http2 });
      const streaming = await client.request({ method: "GET", url: url("/events") });
      const hanging = codeOf(client.request({ method: "GET", url: url("/hang?closed") }));
      await eventually(() => client.stats().streamsOpen === 2, "second request under way");
      const reading = codeOf(streaming.bytes());
      client.close();
      assert.deepEqual(await Promise.all([hanging, reading]), ["CLOSED", "CLOSED"]);
      assert.equal(await codeOf(client.request({ method: "GET", url: url("/plain") })), "CLOSED");
    });
  });
}
