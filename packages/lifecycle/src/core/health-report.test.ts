// The bodies of health answers, byte by byte as Kubernetes writes them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CheckLine, healthReport, singleCheckReport } from "./health-report.ts";

const plain = { verbose: false, unknownExcludes: [] };
const verbose = { verbose: true, unknownExcludes: [] };
const ping: CheckLine = { name: "ping", outcome: { healthy: true } };

describe("healthReport()", () => {
  it("answers ok and nothing else when all is well", () => {
    assert.deepEqual(healthReport("livez", [ping], plain), { status: 200, body: "ok", failures: [] });
  });

  it("writes one line per check and the verdict when verbose", () => {
    const lines: CheckLine[] = [
      ping,
      { name: "ovsdb", outcome: { healthy: true, detail: "connected, 14 ports as desired" } },
    ];
    const { body } = healthReport("readyz", lines, verbose);
    assert.equal(body, "[+]ping ok\n[+]ovsdb ok: connected, 14 ports as desired\nreadyz check passed\n");
  });

  it("is always verbose on failure, withholds reasons and keeps them for the log", () => {
    const lines: CheckLine[] = [ping, { name: "store", outcome: { healthy: false, reason: "disk /secret is full" } }];
    const answer = healthReport("readyz", lines, plain);
    assert.equal(answer.status, 500);
    assert.equal(answer.body, "[+]ping ok\n[-]store failed: reason withheld\nreadyz check failed\n");
    assert.deepEqual(answer.failures, [{ name: "store", reason: "disk /secret is full" }]);
  });

  it("shows the public detail of a failure", () => {
    const lines: CheckLine[] = [
      { name: "watch", outcome: { healthy: false, reason: "x", detail: "2 of 3 streams live" } },
    ];
    assert.equal(
      healthReport("readyz", lines, plain).body,
      "[-]watch failed: 2 of 3 streams live\nreadyz check failed\n",
    );
  });

  it("marks excluded checks and warns about unknown ones", () => {
    const { body } = healthReport("livez", [{ name: "etcd", outcome: "excluded" }], {
      verbose: true,
      unknownExcludes: ["a", 'b"'],
    });
    assert.equal(
      body,
      '[+]etcd excluded: ok\nwarn: some health checks cannot be excluded: no matches for "a","b\\""\nlivez check passed\n',
    );
  });

  it("does not let a detail forge further lines or grow", () => {
    const detail = `fine\n[+]other ok\r\u0000${"x".repeat(500)}`;
    const { body } = healthReport("readyz", [{ name: "a", outcome: { healthy: true, detail } }], verbose);
    assert.equal(body.split("\n").length, 3);
    assert.ok(body.length < 260);
  });
});

describe("singleCheckReport()", () => {
  it("answers for one check", () => {
    assert.equal(singleCheckReport("a", { healthy: true, detail: "d" }).body, "ok");
    assert.equal(
      singleCheckReport("a", { healthy: false, reason: "r" }).body,
      "internal server error: reason withheld\n",
    );
    assert.equal(
      singleCheckReport("a", { healthy: false, reason: "r", detail: "d" }).body,
      "internal server error: d\n",
    );
  });
});
