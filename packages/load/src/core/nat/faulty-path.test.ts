// The faulty way on a virtual clock: copies, delays, what is held back and until when, and that its room has an end.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Millis, millis, SeededRandom } from "@coracle/base";
import { FaultyPath, NO_FAULTS } from "./faulty-path.ts";
import type { PathFaults } from "./nat-types.ts";

function path(faults: Partial<PathFaults>, underWayMax = 1000, seed = 1): FaultyPath<number> {
  const made = new FaultyPath<number>({ random: new SeededRandom(seed), underWayMax });
  made.suffer({ ...NO_FAULTS, ...faults });
  return made;
}

/** One that holds back the first datagram and nothing after it. */
function holding(faults: Partial<PathFaults>): FaultyPath<number> {
  const made = path({ ...faults, reorder: 1 });
  assert.equal(
    made.admit("client", () => 0, millis(0)),
    0,
  );
  made.suffer({ ...NO_FAULTS, ...faults, reorder: 0 });
  return made;
}

/** What passes: at once, or when its time has come. */
class Arrivals {
  readonly items: number[] = [];
  readonly #path: FaultyPath<number>;

  constructor(made: FaultyPath<number>) {
    this.#path = made;
  }

  send(item: number, now: Millis, client = "client"): void {
    const copies = this.#path.admit(client, () => item, now);
    for (let copy = 0; copy < copies; copy++) this.items.push(item);
    this.pass(now);
  }

  pass(now: Millis): void {
    for (let item = this.#path.take(now); item !== undefined; item = this.#path.take(now)) this.items.push(item);
  }
}

describe("a way without faults", () => {
  it("keeps nothing and draws nothing", () => {
    const random = new SeededRandom(5);
    const clear = new FaultyPath<number>({ random, underWayMax: 1 });
    for (let item = 0; item < 10; item++)
      assert.equal(
        clear.admit(1, () => assert.fail("it is kept"), millis(0)),
        1,
      );
    assert.equal(clear.nextTimeout(), undefined);
    assert.equal(random.next(), new SeededRandom(5).next());
  });
});

describe("copies", () => {
  it("are made of the part that is told, and go at once", () => {
    const made = path({ duplicate: 0.25 });
    const arrivals = new Arrivals(made);
    for (let item = 0; item < 1000; item++) arrivals.send(item, millis(item));
    const { duplicated } = made.counts;
    assert.ok(duplicated > 200 && duplicated < 300, `${duplicated}`);
    assert.equal(arrivals.items.length, 1000 + duplicated);
    assert.equal(new Set(arrivals.items).size, 1000);
    assert.equal(made.underWay, 0);
  });

  it("are late each by itself", () => {
    const made = path({ duplicate: 1, jitterMs: 100 });
    const arrivals = new Arrivals(made);
    arrivals.send(7, millis(0));
    assert.equal(made.underWay, 2);
    const first = made.nextTimeout() ?? millis(0);
    arrivals.pass(first);
    assert.deepEqual(arrivals.items, [7]);
    const second = made.nextTimeout() ?? millis(0);
    assert.ok(second > first && second <= 100, `${first} ${second}`);
    arrivals.pass(second);
    assert.deepEqual(arrivals.items, [7, 7]);
  });
});

describe("a delay", () => {
  it("without jitter keeps the order, also of what came at one time", () => {
    const made = path({ delayMs: 20 });
    const arrivals = new Arrivals(made);
    for (let item = 0; item < 200; item++) arrivals.send(item, millis(Math.floor(item / 50)));
    assert.deepEqual(arrivals.items, []);
    arrivals.pass(millis(19.9));
    assert.deepEqual(arrivals.items, []);
    for (let now = 20; now < 24; now++) arrivals.pass(millis(now));
    assert.deepEqual(
      arrivals.items,
      Array.from({ length: 200 }, (_, item) => item),
    );
    assert.deepEqual([made.counts.delayed, made.underWay], [200, 0]);
  });

  it("with jitter is between the two, and changes the order", () => {
    const made = path({ delayMs: 10, jitterMs: 40 });
    for (let item = 0; item < 500; item++) made.admit(item, () => item, millis(0));
    const items: number[] = [];
    let last = 0;
    for (let at = made.nextTimeout(); at !== undefined; at = made.nextTimeout()) {
      assert.ok(at >= 10 && at < 50 && at >= last, `${at}`);
      last = at;
      items.push(made.take(at) ?? -1);
    }
    assert.equal(items.length, 500);
    assert.notDeepEqual(
      items,
      items.toSorted((a, b) => a - b),
    );
    assert.ok(last > 45, `${last}`);
  });
});

describe("one that is held back", () => {
  it("goes after so many later ones of its client, and no others count", () => {
    const made = holding({ reorderBy: 2, reorderHoldMs: 1e6 });
    const arrivals = new Arrivals(made);
    for (let other = 100; other < 110; other++) arrivals.send(other, millis(0), "other");
    for (const item of [1, 2, 3]) arrivals.send(item, millis(item));
    assert.deepEqual(arrivals.items.slice(10), [1, 2, 0, 3]);
    assert.deepEqual([made.counts.heldBack, made.counts.overtaken, made.underWay], [1, 1, 0]);
  });

  it("goes when its time is over, overtaken or not", () => {
    const made = holding({ reorderBy: 3, reorderHoldMs: 100 });
    assert.equal(made.nextTimeout(), 100);
    const arrivals = new Arrivals(made);
    arrivals.pass(millis(99));
    assert.deepEqual(arrivals.items, []);
    arrivals.pass(millis(100));
    assert.deepEqual(arrivals.items, [0]);
    assert.deepEqual([made.counts.heldBack, made.counts.overtaken], [1, 0]);
  });

  it("follows one that is late itself, and does not wait for one that is later than its own time", () => {
    const made = holding({ reorderBy: 1, reorderHoldMs: 100 });
    made.suffer({ ...NO_FAULTS, delayMs: 40 });
    const arrivals = new Arrivals(made);
    arrivals.send(1, millis(0));
    assert.equal(made.nextTimeout(), 40);
    arrivals.pass(millis(40));
    assert.deepEqual(arrivals.items, [1, 0]);
    const again = holding({ reorderBy: 1, reorderHoldMs: 100 });
    again.suffer({ ...NO_FAULTS, delayMs: 400 });
    again.admit("client", () => 1, millis(0));
    assert.deepEqual([again.take(millis(100)), again.take(millis(399)), again.take(millis(400))], [0, undefined, 1]);
    assert.equal(again.counts.overtaken, 0);
  });

  it("is of the part that is told, and nothing is lost, with every fault at once", () => {
    const made = path({ duplicate: 0.1, reorder: 0.2, reorderBy: 3, reorderHoldMs: 50, delayMs: 5, jitterMs: 20 });
    const arrivals = new Arrivals(made);
    for (let item = 0; item < 2000; item++) arrivals.send(item, millis(item), `client ${item % 3}`);
    arrivals.pass(millis(3000));
    const { duplicated, delayed, heldBack, overtaken, underWayFull } = made.counts;
    assert.ok(heldBack > 380 && heldBack < 500 && overtaken > heldBack / 2, JSON.stringify(made.counts));
    assert.equal(delayed + heldBack, 2000 + duplicated);
    assert.equal(new Set(arrivals.items).size, 2000);
    assert.deepEqual([arrivals.items.length, made.underWay, underWayFull], [2000 + duplicated, 0, 0]);
  });
});

describe("the room for what is under way", () => {
  it("has an end: more are lost and counted, and there is room again when something has passed", () => {
    const made = path({ delayMs: 10 }, 5);
    for (let item = 0; item < 8; item++)
      assert.equal(
        made.admit(item, () => item, millis(item)),
        0,
      );
    assert.deepEqual([made.underWay, made.counts.underWayFull, made.counts.delayed], [5, 3, 5]);
    assert.equal(made.take(millis(10)), 0);
    made.admit(9, () => 9, millis(10));
    assert.deepEqual([made.underWay, made.counts.underWayFull], [5, 3]);
    const held = path({ reorder: 1 }, 2);
    for (let item = 0; item < 4; item++) held.admit("client", () => item, millis(0));
    assert.deepEqual([held.underWay, held.counts.underWayFull, held.counts.heldBack], [2, 2, 2]);
  });

  it("forgets whom it held back: after a flood of clients nothing stays", () => {
    const made = path({ reorder: 0.5, reorderHoldMs: 10 }, 100);
    const arrivals = new Arrivals(made);
    for (let item = 0; item < 20_000; item++) arrivals.send(item, millis(item), `client ${item}`);
    arrivals.pass(millis(30_000));
    assert.deepEqual([made.underWay, arrivals.items.length, made.clientsHeld], [0, 20_000, 0]);
  });
});
