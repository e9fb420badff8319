// How often the keeper looks: soon while there is something to give back, seldom in quiet times.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CodePageKeeper } from "./code-page-keeper.ts";

class Rig {
  residentMiB = 0;
  released = 0;
  readonly waits: number[] = [];
  cancelled = 0;
  fire: () => void = () => undefined;
  readonly keeper: CodePageKeeper = new CodePageKeeper(
    { residentBytes: () => this.residentMiB * 2 ** 20, release: () => this.released++ },
    (delayMs, fire) => {
      this.waits.push(delayMs);
      this.fire = fire;
      return { cancel: () => this.cancelled++ };
    },
  );
}

test("in quiet times it looks less and less often", () => {
  const rig = new Rig();
  rig.residentMiB = 10;
  rig.keeper.start();
  for (let look = 0; look < 9; look++) rig.fire();
  assert.deepEqual(rig.waits, [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 8000]);
  assert.equal(rig.released, 0);
});

test("pages above the limit are given back, and it looks again soon", () => {
  const rig = new Rig();
  rig.residentMiB = 10;
  rig.keeper.start();
  rig.fire();
  rig.residentMiB = 40;
  rig.fire();
  assert.equal(rig.released, 1);
  assert.equal(rig.waits.at(-1), 15);
  rig.keeper.stop();
  assert.equal(rig.cancelled, 1);
});

test("pages that come back again and again are in use: it looks more and more seldom until it was quiet for long", () => {
  const rig = new Rig();
  rig.residentMiB = 40;
  rig.keeper.start();
  for (let look = 0; look < 199; look++) rig.fire();
  assert.deepEqual(new Set(rig.waits), new Set([15]));
  rig.waits.length = 0;
  for (let look = 0; look < 11; look++) rig.fire();
  assert.deepEqual(rig.waits, [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 8000, 8000]);
  rig.residentMiB = 10;
  rig.fire();
  rig.residentMiB = 40;
  rig.fire();
  assert.equal(rig.waits.at(-1), 15, "after a quiet time it looks again soon");
});
