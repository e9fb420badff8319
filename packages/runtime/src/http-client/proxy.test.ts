// Reaching a server through HTTP CONNECT, plain HTTP and SOCKS 5 proxies, and around them.
import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { makeTestPki, type TestPki } from "@coracle/sim";
import { serveHttp, serveHttps } from "../http-server/serve.ts";
import type { HttpServer } from "../http-server/types.ts";
import { createHttpClient } from "./client.ts";
import { bypassesProxy, proxyFromEnvironment } from "./no-proxy.ts";
import { type HttpClient, HttpClientError, type HttpClientOptions } from "./types.ts";

const cleanups: (() => void | Promise<void>)[] = [];
let pki: TestPki;
let secure: HttpServer;
let plain: HttpServer;

function makeClient(options: HttpClientOptions): HttpClient {
  const client = createHttpClient({ tls: { ca: [pki.ca] }, ...options });
  cleanups.push(() => client.close());
  return client;
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function joinSockets(a: Socket, b: Socket): void {
  b.on("error", () => b.destroy());
  a.pipe(b);
  b.pipe(a);
}

/** An HTTP proxy that tunnels for those who log in as user:pass, and says what it was asked. */
async function startConnectProxy(asked: string[]): Promise<number> {
  return listen(
    createServer((socket) => {
      socket.once("data", (chunk) => {
        const head = String(chunk);
        asked.push(head.split("\r\n")[0] ?? "");
        if (!head.includes(`Proxy-Authorization: Basic ${btoa("user:p@ss")}`)) {
          socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
          return;
        }
        const [, host, port] = /^CONNECT ([\d.]+):(\d+)/.exec(head) ?? [];
        const target = connect(Number(port), host, () => {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
          joinSockets(socket, target);
        });
      });
    }),
  );
}

/** A SOCKS 5 proxy (RFC 1928) with or without login (RFC 1929), that takes names and addresses. */
async function startSocksProxy(asked: string[], wantsLogin: boolean): Promise<number> {
  return listen(
    createServer((socket) => {
      const answers = [
        (): void => void socket.write(Uint8Array.of(5, wantsLogin ? 2 : 0)),
        ...(wantsLogin ? [(): void => void socket.write(Uint8Array.of(1, 0))] : []),
        (chunk: Buffer): void => {
          const isName = chunk[3] === 3;
          const end = isName ? 5 + (chunk[4] ?? 0) : 8;
          const host = isName ? chunk.subarray(5, end).toString() : chunk.subarray(4, end).join(".");
          const port = chunk.readUInt16BE(end);
          asked.push(host);
          const target = connect(port, "127.0.0.1", () => {
            socket.write(Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0));
            socket.off("data", onData);
            joinSockets(socket, target);
          });
        },
      ];
      const onData = (chunk: Buffer): void => answers.shift()?.(chunk);
      socket.on("data", onData);
    }),
  );
}

async function textOf(client: HttpClient, url: string): Promise<string> {
  const response = await client.request({ method: "GET", url });
  return response.text();
}

describe("proxies", () => {
  before(async () => {
    pki = await makeTestPki();
    const options = { host: "127.0.0.1", port: 0, handler: () => ({ status: 200, body: "through" }) };
    secure = await serveHttps({ ...options, tls: { cert: pki.cert, key: pki.key } });
    plain = await serveHttp({
      ...options,
      handler: (request) => ({ status: 200, body: `${request.url} ${request.headers.get("proxy-authorization")}` }),
    });
    cleanups.push(
      () => secure.close(),
      () => plain.close(),
    );
  });

  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  it("tunnels HTTPS by CONNECT, HTTP/2 inside", async () => {
    const asked: string[] = [];
    const port = await startConnectProxy(asked);
    const client = makeClient({ proxyUrl: `http://user:p%40ss@127.0.0.1:${port}` });
    const response = await client.request({ method: "GET", url: secure.url });
    assert.equal(response.httpVersion, "2");
    assert.equal(await response.text(), "through");
    assert.deepEqual(asked, [`CONNECT 127.0.0.1:${secure.address.port} HTTP/1.1`]);
  });

  it("says what a proxy refuses", async () => {
    const port = await startConnectProxy([]);
    const client = makeClient({ proxyUrl: `http://127.0.0.1:${port}` });
    await assert.rejects(textOf(client, secure.url), (error) => {
      assert.ok(error instanceof HttpClientError);
      assert.equal(error.code, "PROXY");
      assert.match(error.message, /its answer is 407/);
      return true;
    });
  });

  it("sends plain HTTP to the proxy in absolute form", async () => {
    const client = makeClient({ proxyUrl: plain.url.replace("://", "://a:b@") });
    assert.equal(
      await textOf(client, "http://cluster.example/api?x=1"),
      `http://cluster.example/api?x=1 Basic ${btoa("a:b")}`,
    );
  });

  for (const wantsLogin of [false, true]) {
    it(`goes through SOCKS 5 ${wantsLogin ? "with" : "without"} login, by address and by name`, async () => {
      const asked: string[] = [];
      const port = await startSocksProxy(asked, wantsLogin);
      const login = wantsLogin ? "user:pass@" : "";
      const client = makeClient({ proxyUrl: `socks5://${login}127.0.0.1:${port}` });
      assert.equal(await textOf(client, secure.url), "through");
      assert.equal(await textOf(client, `https://localhost:${secure.address.port}`), "through");
      assert.deepEqual(asked, ["127.0.0.1", "localhost"]);
    });
  }

  it("goes around the proxy for what NO_PROXY names", async () => {
    const client = makeClient({ proxyUrl: "http://127.0.0.1:1", noProxy: "10.0.0.0/8, 127.0.0.0/8" });
    assert.equal(await textOf(client, secure.url), "through");
    await assert.rejects(textOf(client, `https://localhost:${secure.address.port}`), { code: "REFUSED" });
  });

  it("refuses a proxy it does not know how to speak to", () => {
    assert.throws(() => createHttpClient({ proxyUrl: "ftp://x" }), { code: "BAD_URL" });
  });
});

describe("NO_PROXY", () => {
  const cases: readonly [entry: string, host: string, port: number, isBypassed: boolean][] = [
    ["*", "anything", 443, true],
    ["example.com", "example.com", 443, true],
    ["example.com", "api.example.com", 443, true],
    ["example.com", "notexample.com", 443, false],
    [".example.com", "example.com", 443, false],
    [".example.com", "api.example.com", 443, true],
    ["*.example.com", "api.example.com", 443, true],
    ["EXAMPLE.com", "api.Example.COM", 443, true],
    ["example.com:8443", "example.com", 443, false],
    ["example.com:8443", "example.com", 8443, true],
    ["10.0.0.0/8", "10.96.0.1", 443, true],
    ["10.0.0.0/8", "11.0.0.1", 443, false],
    ["10.0.0.0/8", "example.com", 443, false],
    ["10.96.0.1", "10.96.0.1", 443, true],
    ["0.1", "10.96.0.1", 443, false],
    ["fd00::/8", "fd00::1", 443, true],
    ["[fd00::1]:443", "fd00::1", 443, true],
    ["", "example.com", 443, false],
    [" , other.com", "example.com", 443, false],
  ];
  for (const [entry, host, port, isBypassed] of cases) {
    it(`"${entry}" ${isBypassed ? "names" : "does not name"} ${host}:${port}`, () => {
      assert.equal(bypassesProxy(entry, host, port), isBypassed);
    });
  }

  it("is read from the environment, in either case, and never applies to loopback", () => {
    const environment = { HTTPS_PROXY: "http://proxy:3128", no_proxy: "10.0.0.0/8", http_proxy: "plain:80" };
    assert.equal(proxyFromEnvironment(environment, "https://api.example:6443"), "http://proxy:3128");
    assert.equal(proxyFromEnvironment(environment, "http://api.example"), "http://plain:80");
    assert.equal(proxyFromEnvironment(environment, "https://10.1.2.3"), undefined);
    assert.equal(proxyFromEnvironment(environment, "https://127.0.0.1:6443"), undefined);
    assert.equal(proxyFromEnvironment(environment, "https://[::1]:6443"), undefined);
    assert.equal(proxyFromEnvironment({}, "https://api.example"), undefined);
  });
});
