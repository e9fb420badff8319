// TLS on both sides: who is trusted, who the client is, and both changing while requests run.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, makeTestPki, type TestPki } from "@coracle/sim";
import { systemClock } from "../clock.ts";
import { serveHttps } from "../http-server/serve.ts";
import type { FetchHandler, HttpServer, PeerInfo, ServerTls } from "../http-server/types.ts";
import { createHttpClient } from "./client.ts";
import { type HttpClient, HttpClientError, type HttpClientOptions } from "./types.ts";

const cleanups: (() => void | Promise<void>)[] = [];
let ours: TestPki;
let other: TestPki;

function makeClient(options: HttpClientOptions): HttpClient {
  const client = createHttpClient(options);
  cleanups.push(() => client.close());
  return client;
}

async function serve(tls: ServerTls, handler: FetchHandler): Promise<HttpServer> {
  const server = await serveHttps({ host: "127.0.0.1", port: 0, tls, handler });
  cleanups.push(() => server.close());
  return server;
}

async function failureOf(client: HttpClient, url: string): Promise<HttpClientError> {
  try {
    const response = await client.request({ method: "GET", url });
    response.cancel();
  } catch (thrown) {
    assert.ok(thrown instanceof HttpClientError, String(thrown));
    return thrown;
  }
  throw new Error("Cannot see an error as there was none");
}

/** Name, verified or not, and protocol, as the server sees its client. */
function describePeer(peer: PeerInfo): string {
  const name = peer.certificate?.subject.CN ?? "nobody";
  const groups = peer.certificate?.subject.O.join("+") ?? "";
  return `${name}/${groups} ${peer.certificateVerified ? "verified" : "unverified"} ${peer.protocol}`;
}

describe("TLS", () => {
  before(async () => {
    [ours, other] = await Promise.all([makeTestPki({ caName: "ours" }), makeTestPki({ caName: "other" })]);
  });

  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  it("says why a server is not trusted", async () => {
    const expired = await ours.server(["127.0.0.1"], { validToMs: Date.now() - 1000 });
    const named = await ours.server(["kubernetes.default.svc"]);
    const good = await serve({ cert: ours.cert, key: ours.key }, () => ({ status: 200 }));
    const old = await serve(expired, () => ({ status: 200 }));
    const misnamed = await serve(named, () => ({ status: 200 }));

    const unknown = await failureOf(makeClient({ tls: { ca: [other.ca] } }), good.url);
    assert.equal(unknown.code, "TLS");
    assert.equal(unknown.retryable, false);
    assert.match(unknown.message, /issuer is "ours"/);
    const late = await failureOf(makeClient({ tls: { ca: [ours.ca] } }), old.url);
    assert.match(late.message, /has expired/);
    const wrong = await failureOf(makeClient({ tls: { ca: [ours.ca] } }), misnamed.url);
    assert.match(wrong.message, /other names.*kubernetes\.default\.svc/);
    assert.equal((await failureOf(makeClient({}), good.url)).code, "TLS");

    for (const tls of [
      { ca: [ours.ca], serverName: "kubernetes.default.svc" },
      { insecureSkipVerify: true },
      { ca: [other.ca, ours.ca], serverName: "kubernetes.default.svc" },
    ]) {
      const response = await makeClient({ tls }).request({ method: "GET", url: misnamed.url });
      assert.equal(response.status, 200);
      await response.bytes();
    }
  });

  for (const http2 of [true, false]) {
    const protocol = http2 ? "h2" : "http/1.1";

    it(`tells clients apart by their certificates on ${protocol}`, async () => {
      const [jane, joe, mallory] = await Promise.all([
        ours.client({ commonName: "jane", organizations: ["system:masters", "dev"] }),
        ours.client({ commonName: "joe" }),
        other.client({ commonName: "mallory", organizations: ["system:masters"] }),
      ]);
      const server = await serve({ cert: ours.cert, key: ours.key, clientCa: [ours.ca] }, (_request, peer) => ({
        status: 200,
        body: describePeer(peer),
      }));
      const clients = [jane, joe, mallory, undefined].map((certificate) =>
        makeClient({ tls: { ca: [ours.ca], ...certificate }, http2 }),
      );
      for (let round = 0; round < 2; round++) {
        const seen = await Promise.all(
          clients.map(async (client) => {
            const response = await client.request({ method: "GET", url: server.url });
            return response.text();
          }),
        );
        assert.deepEqual(seen, [
          `jane/system:masters+dev verified ${protocol}`,
          `joe/ verified ${protocol}`,
          `mallory/system:masters unverified ${protocol}`,
          `nobody/ unverified ${protocol}`,
        ]);
      }
    });

    it(`swaps certificate and client authority under load on ${protocol}`, async () => {
      const next = await makeTestPki({ caName: "next" });
      const [before, behind] = await Promise.all([
        ours.client({ commonName: "before" }),
        next.client({ commonName: "behind" }),
      ]);
      const ticks: ReadableStreamDefaultController<Uint8Array>[] = [];
      const server = await serve({ cert: ours.cert, key: ours.key, clientCa: [ours.ca] }, (request, peer) =>
        request.url.endsWith("/watch")
          ? new Response(new ReadableStream({ start: (controller) => void ticks.push(controller) }))
          : { status: 200, body: describePeer(peer) },
      );
      const trusting = { ca: [ours.ca, next.ca] };
      const client = makeClient({ tls: { ...trusting, ...before }, http2 });
      const watch = await client.request({ method: "GET", url: `${server.url}/watch` });
      const failures: unknown[] = [];
      const seen = new Set<string>();
      const stop = new AbortController();
      const load = Array.from({ length: 4 }, async () => {
        while (!stop.signal.aborted) {
          try {
            const response = await client.request({ method: "GET", url: server.url });
            seen.add(await response.text());
          } catch (thrown) {
            failures.push(thrown);
          }
        }
      });
      await eventually(() => seen.size > 0, "load running");
      server.reloadTls({ cert: next.cert, key: next.key, clientCa: [next.ca] });
      assert.equal((await failureOf(makeClient({ tls: { ca: [ours.ca] }, http2 }), server.url)).code, "TLS");
      client.replaceTls({ ...trusting, ...behind });
      await eventually(() => seen.has(`behind/ verified ${protocol}`), "the new certificate");
      const stranger = makeClient({ tls: { ...trusting, ...before }, http2 });
      const old = await stranger.request({ method: "GET", url: server.url });
      assert.equal(await old.text(), `before/ unverified ${protocol}`);
      stop.abort();
      await Promise.all(load);
      assert.deepEqual(failures, []);
      assert.deepEqual([...seen].sort(), [`before/ verified ${protocol}`, `behind/ verified ${protocol}`]);

      ticks[0]?.enqueue(new TextEncoder().encode("still here"));
      ticks[0]?.close();
      assert.equal(await watch.text(), "still here");
      await eventually(() => client.stats().connectionsDraining === 0, "old connections gone");
    });
  }

  it("refuses a pair that does not match, and keeps serving with the old one", async () => {
    const server = await serve({ cert: ours.cert, key: ours.key }, () => ({ status: 200 }));
    assert.throws(() => server.reloadTls({ cert: other.cert, key: ours.key }), { code: "BAD_TLS" });
    assert.throws(() => server.reloadTls({ cert: "", key: "" }), { code: "BAD_TLS" });
    await assert.rejects(
      serve({ cert: ours.cert, key: other.key }, () => ({ status: 200 })),
      { code: "BAD_TLS" },
    );
    const response = await makeClient({ tls: { ca: [ours.ca] } }).request({ method: "GET", url: server.url });
    assert.equal(response.status, 200);
    await response.bytes();
  });

  it("trusts no client where no authority is given, not even a public one's", async () => {
    const jane = await ours.client({ commonName: "jane" });
    const server = await serve({ cert: ours.cert, key: ours.key }, (_request, peer) => ({
      status: 200,
      body: describePeer(peer),
    }));
    const client = makeClient({ tls: { ca: [ours.ca], ...jane } });
    const response = await client.request({ method: "GET", url: server.url });
    assert.equal(await response.text(), "jane/ unverified h2");
  });

  it("closes a connection that never finishes its handshake", async () => {
    const errors: unknown[] = [];
    const server = await serveHttps({
      host: "127.0.0.1",
      port: 0,
      tls: { cert: ours.cert, key: ours.key },
      handler: () => ({ status: 200 }),
      headersTimeoutMs: 50,
      onError: (error) => errors.push(error),
    });
    cleanups.push(() => server.close());
    const { connect } = await import("node:net");
    const socket = connect(server.address.port, "127.0.0.1");
    socket.on("error", () => undefined);
    const startMs = systemClock.now();
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
    });
    assert.ok(systemClock.now() > startMs);
    assert.equal(server.connections(), 0);
  });
});
