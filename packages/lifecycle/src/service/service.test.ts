// A service inside the test process: parts wired, virtual time in charge of the termination, failures at the start.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { ManualClock } from "@coracle/base";
import { createHttpClient, type HttpClient } from "@coracle/runtime";
import { Hono } from "hono";
import { resetLogging } from "../log/logger.ts";
import { ExitError, failureLine } from "./exit-error.ts";
import type { RequestContext, RunningService, ServiceConfig, ServiceParts } from "./service-types.ts";
import { startService } from "./start-service.ts";

const CONFIG: ServiceConfig = {
  http: { host: "127.0.0.1", port: 0 },
  logLevel: "info",
  shutdownDelayMs: 0,
  shutdownTimeoutMs: 60_000,
  shutdownWatchGraceMs: 0,
  livezGraceMs: 60_000,
};

/** Timers that fire when told. */
class ManualTimers {
  readonly clock: ManualClock = new ManualClock({ nowMs: 1000, wallMs: 1_700_000_000_000 });
  readonly #waiting: Set<{ dueMs: number; fire: () => void }> = new Set();

  readonly startTimer = (delayMs: number, fire: () => void): { cancel(): void } => {
    const timer = { dueMs: this.clock.now() + delayMs, fire };
    this.#waiting.add(timer);
    return { cancel: () => this.#waiting.delete(timer) };
  };

  /** Moves time and fires what is due. */
  advance(durationMs: number): void {
    this.clock.advance(durationMs);
    for (const timer of this.#waiting) {
      if (timer.dueMs > this.clock.now()) continue;
      this.#waiting.delete(timer);
      timer.fire();
    }
  }
}

interface Rig {
  readonly service: RunningService;
  readonly timers: ManualTimers;
  readonly lines: Readonly<Record<string, unknown>>[];
  readonly client: HttpClient;
}

async function withService(
  parts: ServiceParts,
  config: Partial<ServiceConfig>,
  run: (rig: Rig) => Promise<void>,
): Promise<void> {
  const timers = new ManualTimers();
  const lines: Readonly<Record<string, unknown>>[] = [];
  const client = createHttpClient();
  const service = await startService({
    component: "test",
    config: { ...CONFIG, ...config },
    setup: () => parts,
    environment: {
      clock: timers.clock,
      startTimer: timers.startTimer,
      logSink: (line) => lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>),
    },
  });
  try {
    await run({ service, timers, lines, client });
  } finally {
    client.close();
    service.stop("test is over");
    for (let turn = 0; turn < 50 && service.state() !== "exited"; turn += 1) {
      timers.advance(100_000);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await service.finished;
  }
}

async function get(
  rig: Rig,
  path: string,
): Promise<{ status: number; text: string; headers: Readonly<Record<string, string>> }> {
  const response = await rig.client.request({ method: "GET", url: `${rig.service.url()}${path}` });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe("startService()", () => {
  afterEach(resetLogging);

  it("serves operations beside a Hono application that sees the peer", async () => {
    const app = new Hono<{ Bindings: RequestContext }>();
    app.get("/hello", (context) => context.json({ from: context.env.peer.remoteAddress }));
    await withService({ handler: app.fetch, version: { gitVersion: "v1" } }, {}, async (rig) => {
      assert.deepEqual(JSON.parse((await get(rig, "/hello")).text), { from: "127.0.0.1" });
      assert.equal((await get(rig, "/readyz")).text, "ok");
      assert.deepEqual(JSON.parse((await get(rig, "/version")).text), { gitVersion: "v1" });
      const metrics = await get(rig, "/metrics");
      assert.match(metrics.headers["content-type"] ?? "", /^text\/plain; version=0\.0\.4/);
      for (const name of [
        "process_resident_memory_bytes [1-9]",
        "process_cpu_seconds_total [0-9.]+",
        "process_start_time_seconds [1-9]",
        'coracle_build_info\\{component="test",version="[0-9.]+",runtime="(bun|deno)",runtime_version="[^"]+"\\} 1',
        'coracle_lifecycle_state\\{state="ready"\\} 1',
        'coracle_http_requests_in_flight\\{kind="ordinary"\\} 0',
      ])
        assert.match(metrics.text, new RegExp(`^${name}`, "m"));
      assert.equal((await get(rig, "/nothing")).status, 404);
    });
  });

  it("serves through the whole delay and only then refuses", async () => {
    const parts: ServiceParts = { handler: () => new Response("served") };
    await withService(parts, { shutdownDelayMs: 30_000 }, async (rig) => {
      rig.service.signal("SIGTERM");
      assert.equal((await get(rig, "/readyz")).status, 500);
      assert.equal((await get(rig, "/livez")).status, 200);
      rig.timers.advance(29_999);
      assert.equal((await get(rig, "/x")).text, "served");
      assert.equal(rig.service.state(), "draining");
      assert.match((await get(rig, "/metrics")).text, /^coracle_termination_late_requests_total 1$/m);
      rig.timers.advance(1);
      await rig.service.finished;
      const last = rig.lines.at(-1);
      assert.equal(last?.["event"], "GracefulTerminationFinished");
      assert.equal(last["lateRequests"], 1);
    });
  });

  it("runs hooks in their order around the close", async () => {
    const order: string[] = [];
    const note = (name: string) => ({ name, run: () => void order.push(name) });
    const parts: ServiceParts = {
      postStart: [note("start")],
      preShutdown: [note("leave"), { name: "fails", run: () => Promise.reject(new Error("no lease")) }],
      stop: [note("close-store"), note("flush")],
    };
    await withService(parts, {}, async (rig) => {
      assert.equal((await get(rig, "/readyz/poststarthook/start")).text, "ok");
      assert.equal(rig.service.failure, undefined);
      rig.service.stop("enough", 7);
      rig.service.stop("later", 8);
      assert.equal(await rig.service.finished, 7);
      assert.equal(rig.service.failure, "enough");
      assert.deepEqual(order, ["start", "leave", "close-store", "flush"]);
      const failed = rig.lines.find((line) => line["message"] === "Hook failed");
      assert.equal(failed?.["hook"], "fails");
      assert.equal(rig.service.stopping.aborted, true);
    });
  });

  it("leaves a failure that the program has told to it", async () => {
    await withService({}, {}, async (rig) => {
      rig.service.stop("said on standard error", 4, { isTold: true });
      assert.equal(await rig.service.finished, 4);
      assert.equal(rig.service.failure, undefined);
    });
  });

  it("ends with the code of a post-start hook that fails", async () => {
    const parts: ServiceParts = {
      postStart: [{ name: "auth", run: () => Promise.reject(new ExitError("no access", { exitCode: 4 })) }],
    };
    await withService(parts, {}, async (rig) => {
      assert.equal(await rig.service.finished, 4);
    });
  });

  it("lets an aborting client's request go", async () => {
    const parts: ServiceParts = {
      handler: () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })),
    };
    await withService(parts, {}, async (rig) => {
      const response = await rig.client.request({ method: "GET", url: `${rig.service.url()}/x?watch=true` });
      assert.match((await get(rig, "/metrics")).text, /in_flight\{kind="long-running"\} 1/);
      response.cancel();
      for (let turn = 0; turn < 500; turn += 1) {
        const { text } = await get(rig, "/metrics");
        if (/in_flight\{kind="long-running"\} 0/.test(text)) return;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      assert.fail("the request is still counted");
    });
  });

  it("counts a handler that throws as ended and answers 500", async () => {
    const parts: ServiceParts = { handler: () => Promise.reject(new Error("broken")) };
    await withService(parts, {}, async (rig) => {
      assert.equal((await get(rig, "/x")).status, 500);
      assert.match((await get(rig, "/metrics")).text, /requests_total\{listener="http",code="500"\} 1/);
      assert.match((await get(rig, "/metrics")).text, /in_flight\{kind="ordinary"\} 0/);
    });
  });

  it("ends on a signal although setup hangs", async () => {
    const timers = new ManualTimers();
    let signal: (name: "SIGTERM") => void = () => assert.fail("nobody listens to signals");
    const starting = startService({
      component: "hanging",
      config: { ...CONFIG, shutdownDelayMs: 10_000 },
      setup: () => new Promise<ServiceParts>(() => {}),
      environment: {
        clock: timers.clock,
        startTimer: timers.startTimer,
        logSink: () => {},
        onSignal: (_names, handler) => {
          signal = handler;
          return () => {};
        },
      },
    });
    signal("SIGTERM");
    assert.equal(await (await starting).finished, 0);
  });

  it("is live, not ready, and serves nothing of its own while it is set up", async () => {
    const setUp = Promise.withResolvers<ServiceParts>();
    const listening = Promise.withResolvers<string>();
    const starting = startService({
      component: "slow",
      config: CONFIG,
      setup: () => setUp.promise,
      environment: {
        logSink: (line) => {
          const url = line.includes(`"slow"`) ? /"url":"([^"]+)"/.exec(line)?.[1] : undefined;
          if (url !== undefined) listening.resolve(url);
        },
      },
    });
    const client = createHttpClient();
    const status = async (path: string): Promise<string> => {
      const response = await client.request({ method: "GET", url: `${await listening.promise}${path}` });
      return `${response.status} ${response.headers["retry-after"] ?? ""} ${await response.text()}`;
    };
    try {
      assert.match(await status("/livez"), /^200 /);
      assert.match(await status("/readyz?verbose"), /^500 [\s\S]*\[-\]setup failed/);
      assert.match(await status("/things"), /^503 1 The server is starting/);
      const waiting = status("/things");
      await status("/livez");
      setUp.resolve({ handler: () => new Response("things"), version: { own: true } });
      const service = await starting;
      assert.match(await waiting, /^200 {2}things/);
      assert.match(await status("/things"), /^200 {2}things/);
      assert.match(await status("/version"), /own/);
      assert.doesNotMatch(await status("/readyz?verbose"), /setup/);
      assert.match(await status("/readyz"), /^200 /);
      service.signal("SIGTERM");
      assert.equal(await service.finished, 0);
    } finally {
      client.close();
    }
  });

  it("says in one line which address is taken, and closes what was open", async () => {
    await withService({}, {}, async (rig) => {
      const { port } = rig.service.server("http").address;
      let stopped = 0;
      const second = startService({
        component: "second",
        config: { ...CONFIG, logLevel: "error" },
        setup: () => ({
          listeners: [{ name: "taken", address: { host: "127.0.0.1", port } }],
          stop: [{ name: "store", run: () => void (stopped += 1) }],
        }),
        environment: { logSink: () => {} },
      });
      const error: unknown = await second.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof ExitError);
      assert.match(
        failureLine("second", error),
        new RegExp(`^second: cannot listen on 127\\.0\\.0\\.1:${port} \\(taken\\): the address is in use`),
      );
      assert.equal(stopped, 1);
    });
  });
});
