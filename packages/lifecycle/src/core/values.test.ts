// Addresses, durations, sizes, near words, columns: what configuration values are made of.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { formatAddress, isLoopback, parseAddress } from "./address.ts";
import { DURATION_MS_MAX, formatDuration, parseDuration } from "./duration.ts";
import { editDistance, nearestWord } from "./nearest.ts";
import { formatSize, parseSize } from "./size.ts";
import { layOutColumns, wrapText } from "./text-columns.ts";

describe("parseAddress()", () => {
  it("reads names, IPv4 and bracketed IPv6, and formatAddress() writes them back", () => {
    for (const text of ["127.0.0.1:8091", "[::1]:0", "[fe80::1%eth0]:65535", "localhost:80", "a-b.example.com:1"]) {
      const parsed = parseAddress(text);
      assert.ok(parsed.ok, text);
      assert.equal(formatAddress(parsed.value), text);
    }
  });

  it("says what to write instead", () => {
    const cases: Record<string, string> = {
      "8091": "is not an address: use HOST:PORT, such as 127.0.0.1:8091",
      localhost: "is not an address: use HOST:PORT, such as localhost:8080",
      ":8091":
        "is not an address: use HOST:PORT, such as 127.0.0.1:8091 for this machine alone or 0.0.0.0:8091 for everyone",
      "::1:80": "is not an address: use HOST:PORT, such as 127.0.0.1:80 or [::1]:80",
      "1.2.3.4:65536": "is not an address: the port must be 0 to 65535",
      "1.2.3.4:http": "is not an address: the port must be 0 to 65535",
      "1.2.3.256:80": "is not an address: use HOST:PORT, such as 127.0.0.1:80 or [::1]:80",
      "http://a:80": "is not an address: use HOST:PORT, such as 127.0.0.1:80 or [::1]:80",
    };
    for (const [text, message] of Object.entries(cases)) {
      const parsed = parseAddress(text);
      assert.equal(parsed.ok ? "accepted" : parsed.error, message, text);
    }
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => typeof parseAddress(text).ok === "boolean"));
  });
});

describe("isLoopback()", () => {
  it("knows what only this machine reaches", () => {
    for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost"]) assert.ok(isLoopback(host), host);
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.example.com"]) assert.ok(!isLoopback(host), host);
  });
});

describe("parseDuration()", () => {
  it("reads what Kubernetes flags take", () => {
    const cases: Record<string, number> = {
      "0": 0,
      "500ms": 500,
      "10s": 10_000,
      "1m30s": 90_000,
      "1.5h": 5_400_000,
      "0s": 0,
    };
    for (const [text, ms] of Object.entries(cases)) assert.deepEqual(parseDuration(text), { ok: true, value: ms });
  });

  it("refuses numbers without a unit, signs, spaces and too much", () => {
    for (const text of ["10", "-1s", "1 s", "s", "", "1d", "1s junk", "99999999h", "1e3s"])
      assert.equal(parseDuration(text).ok, false, text);
  });

  it("reads back what formatDuration() writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: DURATION_MS_MAX }), (ms) => {
        const parsed = parseDuration(formatDuration(ms));
        assert.ok(parsed.ok);
        assert.ok(Math.abs(parsed.value - ms) < 1e-6);
      }),
    );
    assert.equal(formatDuration(90_500), "1m30.5s");
    assert.equal(formatDuration(60_000), "1m");
  });
});

describe("parseSize()", () => {
  it("reads binary, decimal and Kubernetes units", () => {
    const cases: Record<string, number> = {
      "64MiB": 67_108_864,
      "64Mi": 67_108_864,
      "5MB": 5_000_000,
      "1000": 1000,
      "1.5KiB": 1536,
      "0B": 0,
    };
    for (const [text, bytes] of Object.entries(cases))
      assert.deepEqual(parseSize(text), { ok: true, value: bytes }, text);
  });

  it("refuses fractions of bytes, unknown units and overflow", () => {
    for (const text of ["1.5", "64Mb", "MiB", "", "-1MiB", "99999999TiB"])
      assert.equal(parseSize(text).ok, false, text);
  });

  it("reads back what formatSize() writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 }), (bytes) => {
        assert.deepEqual(parseSize(formatSize(bytes)), { ok: true, value: bytes });
      }),
    );
  });
});

describe("nearestWord()", () => {
  it("finds the word a slip away, or the only one that begins so", () => {
    const names = ["http", "shutdown-delay", "shutdown-timeout", "log-level"];
    assert.equal(nearestWord("htpp", names), "http");
    assert.equal(nearestWord("shutdown-dealy", names), "shutdown-delay");
    assert.equal(nearestWord("log", names), "log-level");
    assert.equal(nearestWord("kubeconfig", names), undefined);
    assert.equal(nearestWord("x".repeat(65), names), undefined);
  });

  it("measures distances that are symmetric and zero only for equal words", () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.equal(editDistance(a, b) === 0, a === b);
      }),
    );
  });
});

describe("layOutColumns()", () => {
  it("keeps every line within the width and every word in order", () => {
    const right = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
    const lines = layOutColumns([{ left: "--flag X", right }], 60);
    for (const line of lines) assert.ok(line.length <= 60, line);
    assert.equal(lines.join(" ").replaceAll(/\s+/g, " ").trim(), `--flag X ${right}`);
    assert.ok(lines.slice(1).every((line) => line.startsWith(" ".repeat(13))));
  });

  it("gives a left side that is too wide a line of its own", () => {
    const left = "x".repeat(40);
    const lines = layOutColumns([{ left, right: "y" }], 80);
    assert.deepEqual(lines, [`  ${left}`, `${" ".repeat(37)}y`]);
  });

  it("wraps at spaces only", () => {
    assert.deepEqual(wrapText("aa bbbbbbbb c", 4), ["aa", "bbbbbbbb", "c"]);
  });
});
