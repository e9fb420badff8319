// The line to a worker: what its ring does not take is kept in order, up to a cap; answers find their questions.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { decodeMessage, type PostedQuestion, WorkerMessage } from "../core/worker-messages.ts";
import { KEPT_MESSAGES_MAX, NoAnswerError, WorkerLine } from "./worker-line.ts";

/** A ring with room for so many messages. */
function setUp(room: number) {
  const ring = { room, taken: [] as unknown[] };
  const line = new WorkerLine((kind, bytes) => {
    if (ring.room === 0) return false;
    ring.room--;
    ring.taken.push([kind, decodeMessage(bytes)]);
    return true;
  });
  return { ring, line };
}

describe("the line to a worker", () => {
  it("keeps what does not fit, and sends it in order when there is room", async () => {
    const { ring, line } = setUp(1);
    for (let number = 0; number < 5; number++) line.tell(WorkerMessage.memberRemoved, { nodeId: number });
    assert.equal(ring.taken.length, 1);
    ring.room = 2;
    await eventually(() => ring.taken.length === 3, "two more");
    // What comes now must not overtake what is kept.
    ring.room = 100;
    line.tell(WorkerMessage.memberRemoved, { nodeId: 5 });
    await eventually(() => ring.taken.length === 6, "the rest");
    assert.deepEqual(
      ring.taken,
      [0, 1, 2, 3, 4, 5].map((nodeId) => [WorkerMessage.memberRemoved, { nodeId }]),
    );
    line.close();
  });

  it("does not keep without end", () => {
    const { line } = setUp(0);
    try {
      for (let number = 0; number < KEPT_MESSAGES_MAX; number++) line.tell(WorkerMessage.farewell, {});
      assert.throws(() => line.tell(WorkerMessage.farewell, {}), /has not taken/);
    } finally {
      line.close();
    }
  });

  it("gives each question its answer, in whichever order they come", async () => {
    const { ring, line } = setUp(10);
    const first = line.ask({ kind: "counts" });
    const second = line.ask({ kind: "stage", cid: "01" });
    const [one, two] = ring.taken.map((taken) => ((taken as unknown[])[1] as PostedQuestion).id);
    line.answered({ id: two ?? 0, answer: "session" });
    line.answered({ id: one ?? 0, answer: { sessions: 1 } });
    line.answered({ id: 99, answer: "of nobody" });
    assert.deepEqual(await Promise.all([first, second]), [{ sessions: 1 }, "session"]);
    line.close();
  });

  it("to a worker that has ended keeps nobody waiting, and takes nothing more", async () => {
    const { ring, line } = setUp(2);
    const asked = line.ask({ kind: "counts" });
    const told = line.farewell(true);
    line.tell(WorkerMessage.memberRemoved, { nodeId: 1 });
    line.broke();
    await assert.rejects(asked, /a worker has ended/);
    assert.equal(await told, 0);
    await assert.rejects(line.ask({ kind: "sessions" }), NoAnswerError);
    assert.equal(await line.farewell(true), 0);
    for (let number = 0; number <= KEPT_MESSAGES_MAX; number++) line.tell(WorkerMessage.memberRemoved, { nodeId: 2 });
    assert.equal(ring.taken.length, 2);
  });

  it("hears how many devices a worker has told", async () => {
    const { ring, line } = setUp(1);
    const told = line.farewell(true);
    assert.deepEqual(ring.taken, [[WorkerMessage.farewell, { tellDevices: true }]]);
    line.farewellDone(7);
    assert.equal(await told, 7);
  });
});
