// The real clock, timers and random source keep their promises; none of this measures how long anything takes.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sleep, startInterval, startTimer, systemClock } from "./clock.ts";
import { hmac, sha256Hex, sha512, timingSafeEqual, uuid } from "./crypto/digest.ts";
import { environment, ownIpAddresses, processId, processStartMs, runtimeName, runtimeVersion } from "./process.ts";
import { systemRandom } from "./random.ts";

describe("clock and timers", () => {
  it("never runs backwards, and knows the date", async () => {
    const before = systemClock.now();
    await sleep(2);
    assert.ok(systemClock.now() > before);
    assert.ok(systemClock.wallMs() >= processStartMs());
  });

  it("fires in order of delay, once, and not after cancel", async () => {
    const fired: string[] = [];
    await new Promise<void>((resolve) => {
      startTimer(30, () => fired.push("cancelled")).cancel();
      startTimer(60, resolve);
      startTimer(20, () => fired.push("second"));
      startTimer(0, () => fired.push("first"));
    });
    assert.deepEqual(fired, ["first", "second"]);
  });

  it("does not fire at once what lies beyond a timer's range", async () => {
    let isFired = false;
    const far = startTimer(Number.MAX_SAFE_INTEGER, () => {
      isFired = true;
    });
    await sleep(20);
    far.cancel();
    assert.equal(isFired, false);
  });

  it("repeats until cancelled", async () => {
    let count = 0;
    await new Promise<void>((resolve) => {
      const interval = startInterval(1, () => {
        if (++count < 3) return;
        interval.cancel();
        resolve();
      });
    });
    await sleep(10);
    assert.equal(count, 3);
  });

  it("wakes a sleeper that is told to stop", async () => {
    const abort = new AbortController();
    const asleep = sleep(3_600_000, abort.signal);
    abort.abort(new RangeError("enough"));
    await assert.rejects(asleep, RangeError);
    await assert.rejects(sleep(1, abort.signal), RangeError);
  });
});

describe("random and digests", () => {
  it("draws within range and never the same twice", () => {
    const words = new Set(Array.from({ length: 1000 }, () => systemRandom.uint32()));
    assert.ok(words.size > 990);
    for (let draw = 0; draw < 1000; draw++) {
      const value = systemRandom.next();
      assert.ok(value >= 0 && value < 1);
    }
    assert.equal(systemRandom.bytes(33).length, 33);
    assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("digests as FIPS 180-4 and RFC 4231 say", () => {
    assert.equal(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert.equal(sha512("abc").length, 64);
    const keyed = hmac("sha256", "Jefe", "what do ya want for nothing?");
    assert.equal(keyed[0], 0x5b);
    assert.equal(keyed[31], 0x43);
    assert.equal(timingSafeEqual("grüße", new TextEncoder().encode("grüße")), true);
    assert.equal(timingSafeEqual("a", "b"), false);
    assert.equal(timingSafeEqual("a", "ab"), false);
  });
});

describe("this process", () => {
  it("knows where it runs", () => {
    assert.ok(["bun", "deno", "node"].includes(runtimeName()));
    assert.match(runtimeVersion(), /^\d+\.\d+\.\d+/);
    assert.ok(processId() > 0);
    assert.ok(ownIpAddresses().includes("127.0.0.1"));
    const copy = environment();
    copy["CORACLE_NOT_SET"] = "x";
    assert.equal(environment()["CORACLE_NOT_SET"], undefined);
  });
});
