// Faults as a query tells them: all of them, part of them, and what is refused.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NO_FAULTS } from "../../core/nat/faulty-path.ts";
import { readFaults } from "./fault-query.ts";

const read = (query: string): ReturnType<typeof readFaults> => readFaults(new URLSearchParams(query));

describe("faults in a query", () => {
  it("are read, and what is not named is as without faults", () => {
    const all = read("duplicate=0.1&reorder=1&reorderBy=5&reorderHold=1s&delay=20ms&jitter=0");
    assert.deepEqual(all, {
      ok: true,
      value: { duplicate: 0.1, reorder: 1, reorderBy: 5, reorderHoldMs: 1000, delayMs: 20, jitterMs: 0 },
    });
    assert.deepEqual(read("delay=20ms"), { ok: true, value: { ...NO_FAULTS, delayMs: 20 } });
    assert.deepEqual(read(""), { ok: true, value: NO_FAULTS });
  });

  it("are refused with the name and what may be there", () => {
    const refusals = [
      ["duplicate=1.1", "Cannot use duplicate: it must be a number from 0 to 1"],
      ["reorder=-1", "Cannot use reorder: it must be a number from 0 to 1"],
      ["reorderBy=0", "Cannot use reorderBy: it must be a number from 1 to 1000"],
      ["reorderBy=1001", "Cannot use reorderBy: it must be a number from 1 to 1000"],
      ["delay=61s", "Cannot use delay: it must be at most 60000 ms"],
      ["jitter=5", "Cannot use jitter: it is not a duration: use a number and ms, s, m or h, such as 5s"],
      ["drop=1", "Cannot use drop: known are duplicate, reorder, reorderBy, reorderHold, delay, jitter"],
    ] as const;
    for (const [query, error] of refusals) assert.deepEqual(read(query), { ok: false, error });
  });
});
