// Bookmarks come about once a minute to every watch, and not to all at once.
import assert from "node:assert/strict";
import { it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { BOOKMARK_PERIOD_TICKS, BookmarkSchedule } from "./bookmark-schedule.ts";

it("BookmarkSchedule gives every watch exactly one slot of each minute, the first about a minute after its start", () => {
  const schedule = new BookmarkSchedule<object>(new SeededRandom(3));
  const watches = Array.from({ length: 200 }, () => ({}));
  const due = new Map<object, number[]>(watches.map((watch) => [watch, []]));
  for (let tick = 0; tick < 3 * BOOKMARK_PERIOD_TICKS; tick++) {
    for (const watch of watches) if (schedule.isDue(watch)) due.get(watch)?.push(tick);
    schedule.advance();
  }
  const firsts = new Set<number>();
  for (const ticks of due.values()) {
    assert.equal(ticks.length, 3);
    const [first = 0, second = 0] = ticks;
    assert.ok(first >= 50 && first < 60, String(first));
    assert.equal(second - first, BOOKMARK_PERIOD_TICKS);
    firsts.add(first);
  }
  assert.ok(firsts.size > 1, "spread");
});
