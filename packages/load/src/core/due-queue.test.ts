// The queue of deadlines against a plain map, and its order among equals.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { millis, SeededRandom } from "@coracle/base";
import { DueQueue } from "./due-queue.ts";

describe("the queue of deadlines", () => {
  it("gives the earliest first, however deadlines change, and does not grow", () => {
    const random = new SeededRandom(11);
    const queue = new DueQueue(50);
    const plain = new Map<number, number>();
    for (let step = 0; step < 20_000; step++) {
      const index = Math.floor(random.next() * 50);
      const at = Math.floor(random.next() * 1000);
      const isCleared = random.next() < 0.2;
      queue.set(index, isCleared ? undefined : millis(at));
      if (isCleared) plain.delete(index);
      else plain.set(index, at);
      const earliest = plain.size === 0 ? undefined : Math.min(...plain.values());
      assert.equal(queue.next(), earliest);
      if (step % 3 > 0 || earliest === undefined) continue;
      const taken = queue.take(millis(earliest));
      assert.equal(plain.get(taken ?? -1), earliest);
      plain.delete(taken ?? -1);
    }
  });

  it("gives what is due at one time in the order it was set", () => {
    const queue = new DueQueue(100);
    for (let index = 0; index < 100; index++) queue.set((index * 37) % 100, millis(5));
    const taken = Array.from({ length: 100 }, () => queue.take(millis(5)));
    assert.deepEqual(
      taken,
      taken.map((_, index) => (index * 37) % 100),
    );
    assert.equal(queue.take(millis(5)), undefined);
  });
});
