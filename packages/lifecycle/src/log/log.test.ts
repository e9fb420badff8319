// JSON lines: one per event, bounded, with secrets taken out whatever shape they come in.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import * as fc from "fast-check";
import { jsonLine } from "./json-line.ts";
import { configureLogging, createLogger, type LogLevel, resetLogging } from "./logger.ts";

const PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n";

function line(message: string, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = jsonLine({ wallMs: 0, level: "info", component: "test", message, fields });
  assert.ok(text.endsWith("\n") && text.indexOf("\n") === text.length - 1, "not one line");
  return JSON.parse(text) as Record<string, unknown>;
}

describe("jsonLine()", () => {
  it("writes time, level, component, message and fields", () => {
    assert.deepEqual(line("Ready", { portNumber: 80, isFirst: true, name: "a" }), {
      time: "1970-01-01T00:00:00.000Z",
      level: "info",
      component: "test",
      message: "Ready",
      portNumber: 80,
      isFirst: true,
      name: "a",
    });
  });

  it("takes out secrets by name, at any depth, and by look, in any text", () => {
    const secrets = {
      token: "hunter2-a",
      tls: { privateKey: "hunter2-b", nested: [{ password: "hunter2-c" }] },
      headers: new Map([["Authorization", "hunter2-d"]]),
      note: `see ${PEM} and Bearer hunter2-e-long`,
      error: new Error("GET /x?token=hunter2-f failed", { cause: new Error("password=hunter2-g") }),
      pin: { secret: 42_424_242 },
      bytes: new TextEncoder().encode("hunter2-h"),
    };
    const text = JSON.stringify(line("with password: hunter2-i", secrets));
    assert.ok(!text.includes("hunter2"), text);
    assert.ok(!text.includes("MIGHAg"), text);
    assert.ok(!text.includes("42424242"), text);
  });

  it("does not let a field replace time, level, component or message", () => {
    const written = line("real", { message: "forged", level: "none", time: 0 });
    assert.equal(written["message"], "real");
    assert.equal(written["field_message"], "forged");
  });

  it("survives cycles, getters that throw, and values JSON has no form for", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const bad = {
      get boom(): string {
        throw new Error("no");
      },
    };
    const written = line("x", {
      cycle,
      bad,
      big: 10n ** 20n,
      none: Number.NaN,
      call: () => 1,
      when: new Date(Number.NaN),
    });
    assert.equal(written["big"], "100000000000000000000");
    assert.equal(written["none"], "NaN");
    assert.deepEqual(written["bad"], { unreadable: true });
  });

  it("is bounded whatever comes", () => {
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, "y".repeat(20)]));
    const text = jsonLine({
      wallMs: 0,
      level: "info",
      component: "t",
      message: "x".repeat(1e6),
      fields: { wide, list: Array.from({ length: 1e5 }, () => 1) },
    });
    assert.ok(text.length < 20_000, `${text.length} characters`);
  });

  it("never throws and is always JSON", () => {
    fc.assert(
      fc.property(fc.string(), fc.object(), (message, fields) => typeof line(message, fields)["message"] === "string"),
    );
  });
});

describe("createLogger()", () => {
  afterEach(resetLogging);

  function logged(level: LogLevel, act: () => void): string[] {
    const lines: string[] = [];
    configureLogging({ level, sink: (text) => lines.push(text) });
    act();
    return lines.map((text) => (JSON.parse(text) as { level: string }).level);
  }

  it("writes what is at or above the level", () => {
    const act = (): void => {
      const log = createLogger("a");
      log.debug("d");
      log.info("i");
      log.warning("w");
      log.error("e");
    };
    assert.deepEqual(logged("debug", act), ["debug", "info", "warning", "error"]);
    assert.deepEqual(logged("warning", act), ["warning", "error"]);
  });

  it("adds bound fields, and takes braces in messages for what they are", () => {
    const lines: string[] = [];
    configureLogging({ level: "info", sink: (text) => lines.push(text) });
    createLogger("a").with({ node: "n1" }).info("value {node} stays", { count: 1 });
    const { message, node, count, component } = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
    assert.deepEqual([message, node, count, component], ["value {node} stays", "n1", 1, "a"]);
  });
});
