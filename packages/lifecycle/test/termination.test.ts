// A real process under load through SIGTERM: nobody sees a failure that was not announced.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { makeTestPki } from "@coracle/sim";
import { SAME_SIGNAL_MS } from "../src/mod.ts";
import { LoadServer, PROCESS_TEST } from "./child.ts";
import { Http1Client, Http2Client, progress, startWorker, untilRunning, type Worker } from "./hammer.ts";

const WORKERS = 4;

interface Setting {
  readonly server: LoadServer;
  readonly ca: string;
}

/** A load server with TLS on ephemeral ports; everything is removed afterwards. */
async function withServer(args: readonly string[], run: (setting: Setting) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "coracle-lifecycle-"));
  const pki = await makeTestPki();
  const cert = join(directory, "tls.crt");
  const key = join(directory, "tls.key");
  await writeFile(cert, pki.cert);
  await writeFile(key, pki.key, { mode: 0o600 });
  const server = new LoadServer(["--tls-cert-file", cert, "--tls-private-key-file", key, ...args]);
  try {
    await run({ server, ca: pki.ca });
  } finally {
    await server.end();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Starts workers of all three kinds, one in four of them writing. */
async function startWorkers(setting: Setting, path: string): Promise<readonly Worker[]> {
  const { server, ca } = setting;
  const [plain, secure] = [await server.url("http"), await server.url("api")];
  const never = new AbortController().signal;
  const clients = Array.from({ length: WORKERS }, () => [
    new Http1Client(plain),
    new Http1Client(secure, { ca: [ca] }),
    new Http2Client(secure, { ca: [ca] }),
  ]).flat();
  return clients.map((client, index) => startWorker(client, index % 4 === 0 ? "/echo" : path, never));
}

async function get(url: string): Promise<{ status: number; body: string }> {
  const answer = await new Http1Client(url).request("/readyz?verbose");
  return answer.kind === "status" ? answer : { status: 0, body: answer.kind };
}

describe("a service under load", () => {
  it(
    "turns red at once, serves through the delay, refuses with 429, and exits 0 without one failed request",
    PROCESS_TEST,
    async () => {
      await withServer(["--shutdown-delay", "400ms"], async (setting) => {
        const { server } = setting;
        const url = await server.url("http");
        await server.ready();
        assert.equal((await get(url)).status, 200);
        const workers = await startWorkers(setting, "/work?ms=3");
        await progress(workers, 10);
        server.kill("SIGTERM");
        await server.line((line) => line["event"] === "ShutdownInitiated");
        const red = await get(url);
        assert.equal(red.status, 500);
        assert.match(
          red.body,
          /^\[\+\]ping ok\n\[\+\]poststarthook\/warm-up ok\n\[-\]shutdown failed: reason withheld\nreadyz check failed\n$/,
        );
        await Promise.all(workers.map((worker) => worker.done));
        for (const { tally } of workers) {
          assert.deepEqual(tally.failures, []);
          assert.equal(tally.refused, 1);
        }
        assert.deepEqual(await server.exited, { code: 0, signal: null });
        // The two drains end in either order.
        const events = server.events();
        assert.deepEqual(events.splice(4, 2).sort(), ["ActiveWatchesDrained", "InFlightRequestsDrained"]);
        assert.deepEqual(events, [
          "ShutdownInitiated",
          "PreShutdownHooksStopped",
          "AfterShutdownDelayDuration",
          "NotAcceptingNewRequest",
          "HTTPServerStoppedListening",
          "GracefulTerminationFinished",
        ]);
      });
    },
  );

  it(
    "lets running requests finish after the close and ends watches with a clean last event",
    PROCESS_TEST,
    async () => {
      await withServer(["--shutdown-delay", "50ms", "--shutdown-watch-grace", "200ms"], async ({ server, ca }) => {
        const [plain, secure] = [await server.url("http"), await server.url("api")];
        await server.ready();
        const clients = Array.from({ length: 8 }, (_, index) =>
          index % 2 === 0 ? new Http1Client(plain) : new Http2Client(secure, { ca: [ca] }),
        );
        const watches = clients.map((client) => client.request("/events?watch=true"));
        const writers = [new Http2Client(secure, { ca: [ca] }), new Http1Client(plain)];
        const finish = Promise.withResolvers<void>();
        const writes = writers.map((client) => client.request("/echo", "written", finish.promise));
        await untilRunning(plain, "long-running", 8);
        await untilRunning(plain, "ordinary", 2);
        server.kill("SIGTERM");
        for (const answer of await Promise.all(watches)) {
          assert.equal(answer.kind, "status");
          assert.match(answer.kind === "status" ? answer.body : "", /^\{"event":0\}\n[\s\S]*\{"end":true\}\n$/);
        }
        await server.line((line) => line["event"] === "ActiveWatchesDrained");
        finish.resolve();
        for (const answer of await Promise.all(writes))
          assert.equal(answer.kind === "status" && answer.body, "written");
        for (const client of [...clients, ...writers]) client.close();
        assert.deepEqual(await server.exited, { code: 0, signal: null });
      });
    },
  );

  it("ends hundreds of watches on few connections, each with its last event", PROCESS_TEST, async () => {
    await withServer(["--shutdown-watch-grace", "500ms"], async ({ server, ca }) => {
      const secure = await server.url("api");
      await server.ready();
      const clients = Array.from({ length: 4 }, () => new Http2Client(secure, { ca: [ca] }));
      for (const client of clients) await client.request("/plain");
      const watches = clients.flatMap((client) =>
        Array.from({ length: 75 }, () => client.request("/events?watch=1&resourceVersion=7")),
      );
      await untilRunning(await server.url("http"), "long-running", 300);
      server.kill("SIGTERM");
      const answers = await Promise.all(watches);
      const whole = answers.filter((answer) => answer.kind === "status" && answer.body.endsWith('{"end":true}\n'));
      assert.equal(whole.length, 300);
      for (const client of clients) client.close();
      assert.deepEqual(await server.exited, { code: 0, signal: null });
      const drained = server.lines.find((line) => line["event"] === "ActiveWatchesDrained");
      assert.equal(drained?.["left"], 0);
    });
  });

  it(
    "refuses new watches with 503 while old requests still run, and keeps answering health and metrics",
    PROCESS_TEST,
    async () => {
      await withServer([], async ({ server, ca }) => {
        const [plain, secure] = [await server.url("http"), await server.url("api")];
        await server.ready();
        const slow = new Http1Client(plain);
        const finish = Promise.withResolvers<void>();
        const work = slow.request("/echo", "written", finish.promise);
        await untilRunning(plain, "ordinary", 1);
        server.kill("SIGTERM");
        await server.line((line) => line["event"] === "NotAcceptingNewRequest");
        const client = new Http1Client(plain);
        const refused = await client.request("/plain");
        assert.deepEqual(refused.kind === "status" && [refused.status, refused.retryAfter], [429, "5"]);
        const watch = await new Http2Client(secure, { ca: [ca] }).request("/events?watch=1");
        assert.deepEqual(watch.kind === "status" && [watch.status, watch.retryAfter], [503, "1"]);
        for (const [path, status] of [
          ["/livez", 200],
          ["/healthz", 200],
          ["/readyz", 500],
          ["/metrics", 200],
        ] as const) {
          const answer = await new Http1Client(plain).request(path);
          assert.equal(answer.kind === "status" && answer.status, status, path);
        }
        finish.resolve();
        const answer = await work;
        assert.equal(answer.kind === "status" && answer.body, "written");
        slow.close();
        client.close();
        assert.deepEqual(await server.exited, { code: 0, signal: null });
      });
    },
  );

  it("cuts what still runs at the shutdown timeout and exits 0", PROCESS_TEST, async () => {
    await withServer(["--shutdown-timeout", "300ms"], async ({ server }) => {
      const url = await server.url("http");
      await server.ready();
      const stuck = new Http1Client(url).request("/never");
      await untilRunning(url, "ordinary", 1);
      server.kill("SIGINT");
      assert.equal((await stuck).kind, "failed");
      assert.deepEqual(await server.exited, { code: 0, signal: null });
      const reached = server.lines.find((line) => line["event"] === "ShutdownTimeoutReached");
      assert.equal(reached?.["requests"], 1);
      assert.equal(reached["level"], "warning");
    });
  });

  it("exits at once on a second signal: 143 for SIGTERM, 130 for SIGINT", PROCESS_TEST, async () => {
    for (const [signal, code] of [
      ["SIGTERM", 143],
      ["SIGINT", 130],
    ] as const) {
      await withServer(["--shutdown-delay", "1h"], async ({ server }) => {
        await server.ready();
        server.kill("SIGTERM");
        await server.line((line) => line["event"] === "ShutdownInitiated");
        // Sooner, it would count as the same signal passed on by a wrapper.
        await new Promise((resolve) => setTimeout(resolve, SAME_SIGNAL_MS * 1.5));
        server.kill(signal);
        assert.deepEqual(await server.exited, { code, signal: null });
        assert.equal(server.events().at(-1), "ShutdownForced");
      });
    }
  });

  it("is red until its post-start hook returns, and green in /livez meanwhile", PROCESS_TEST, async () => {
    await withServer(["--start", "400ms"], async ({ server }) => {
      const url = await server.url("http");
      const early = await get(url);
      assert.equal(early.status, 500);
      assert.match(early.body, /\[-\](setup|poststarthook\/warm-up) failed: reason withheld\n/);
      const live = await new Http1Client(url).request("/livez");
      assert.equal(live.kind === "status" && live.body, "ok");
      await server.ready();
      assert.equal((await get(url)).status, 200);
    });
  });
});
