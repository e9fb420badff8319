// Which checks count where, what a hanging or throwing one does, what the log hears.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@coracle/base";
import { Hono } from "hono";
import type { LogFields, Logger } from "../log/logger.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { Health, type HealthEndpoint } from "./health.ts";

class Memory implements Logger {
  readonly lines: { readonly message: string; readonly fields: LogFields | undefined }[] = [];
  debug(): void {}
  info(message: string, fields?: LogFields): void {
    this.lines.push({ message, fields });
  }
  warning(message: string, fields?: LogFields): void {
    this.lines.push({ message, fields });
  }
  error(message: string, fields?: LogFields): void {
    this.lines.push({ message, fields });
  }
  with(): Logger {
    return this;
  }
}

function makeHealth(checkTimeoutMs: number = 5000): { health: Health; clock: ManualClock; log: Memory } {
  const [clock, log] = [new ManualClock(), new Memory()];
  return { health: new Health({ clock, log, livezGraceMs: 1000, checkTimeoutMs }), clock, log };
}

async function statuses(health: Health): Promise<string> {
  const all: readonly HealthEndpoint[] = ["livez", "readyz", "healthz"];
  const answers = await Promise.all(all.map((endpoint) => health.probe(endpoint)));
  return answers.map((answer) => answer.status).join(" ");
}

describe("Health", () => {
  it("counts liveness everywhere and readiness not in /livez", async () => {
    const { health } = makeHealth();
    const dependency = health.addState("store");
    assert.equal(await statuses(health), "200 500 500");
    dependency.ok("12 keys");
    assert.equal(await statuses(health), "200 200 200");
    const loop = health.addState("loop", "liveness");
    loop.fail("stuck");
    assert.equal(await statuses(health), "500 500 500");
    loop.remove();
    assert.equal(await statuses(health), "200 200 200");
  });

  it("turns only /readyz red at shutdown", async () => {
    const { health } = makeHealth();
    health.startShutdown();
    assert.equal(await statuses(health), "200 500 200");
    const { body } = await health.probe("readyz");
    assert.equal(body, "[+]ping ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n");
  });

  it("keeps /livez green for a slow post-start hook only within the boot grace", async () => {
    const { health, clock } = makeHealth();
    const hook = health.addPostStartHook("load");
    clock.advance(999);
    assert.equal(await statuses(health), "200 500 500");
    clock.advance(1);
    assert.equal(await statuses(health), "500 500 500");
    hook.ok();
    assert.equal(await statuses(health), "200 200 200");
  });

  it("takes a check that throws or never answers for failed, and runs a hanging one once", async () => {
    const { health, log } = makeHealth(5);
    let runs = 0;
    let wasAborted = false;
    health.add({
      name: "hangs",
      check: (signal) => {
        runs += 1;
        signal.addEventListener("abort", () => (wasAborted = true));
        return new Promise(() => {});
      },
    });
    health.add({ name: "throws", check: () => Promise.reject(new Error("no connection to 10.0.0.1")) });
    const answers = await Promise.all([health.probe("readyz"), health.probe("readyz")]);
    assert.equal(runs, 1);
    assert.equal(wasAborted, true);
    for (const { body } of answers)
      assert.equal(
        body,
        "[+]ping ok\n[-]hangs failed: reason withheld\n[-]throws failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n",
      );
    assert.match(JSON.stringify(log.lines[0]?.fields), /no answer within 5 ms.*no connection to 10\.0\.0\.1/);
  });

  it("logs a failure when it begins, changes and ends, not at every probe", async () => {
    const { health, log } = makeHealth();
    const state = health.addState("store");
    state.fail("disk full");
    for (let probe = 0; probe < 5; probe += 1) await health.probe("readyz");
    state.fail("disk gone");
    await health.probe("readyz");
    state.ok();
    for (let probe = 0; probe < 5; probe += 1) await health.probe("readyz");
    assert.deepEqual(
      log.lines.map((line) => line.message),
      ["Health check failed", "Health check failed", "Health check passed again"],
    );
  });

  it("asserts names and caps their number", () => {
    const { health } = makeHealth();
    const check = (): { healthy: true } => ({ healthy: true });
    for (const name of ["", "a b", "../x", "ping", "shutdown"])
      assert.throws(() => health.add({ name, check }), /Cannot/, name);
    for (let count = 1; count < 256; count += 1) health.add({ name: `c${count}`, check });
    assert.throws(() => health.add({ name: "more", check }), /more than 256/);
  });
});

describe("health routes", () => {
  it("answer as Kubernetes does: body, type, nosniff, excludes, single checks", async () => {
    const { health } = makeHealth();
    health.addState("etcd", "liveness").fail("down");
    const app = new Hono();
    addHealthRoutes(app, health);
    const cases: readonly (readonly [string, number, string])[] = [
      ["/livez?exclude=etcd", 200, "ok"],
      ["/livez?verbose&exclude=etcd", 200, "[+]ping ok\n[+]etcd excluded: ok\nlivez check passed\n"],
      [
        "/livez?exclude=a&exclude=etcd&verbose=1",
        200,
        '[+]ping ok\n[+]etcd excluded: ok\nwarn: some health checks cannot be excluded: no matches for "a"\nlivez check passed\n',
      ],
      ["/healthz", 500, "[+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed\n"],
      ["/readyz/ping", 200, "ok"],
      ["/readyz/etcd", 500, "internal server error: reason withheld\n"],
    ];
    for (const [path, status, body] of cases) {
      const response = await app.request(path);
      assert.equal(response.status, status, path);
      assert.equal(await response.text(), body, path);
      assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    }
    assert.equal((await app.request("/livez/shutdown")).status, 404);
    assert.equal((await app.request("/livez", { method: "HEAD" })).status, 500);
  });
});
