// The room for answers: copies do not touch each other until it is cleared, and what does not fit is copied all the same.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FORWARD_HEADER_SIZE_BYTES_MAX } from "@coracle/cluster";
import { ANSWER_ROOM_SIZE_BYTES, AnswerRoom } from "./answer-room.ts";

function record(sizeBytes: number, value: number): Uint8Array {
  return new Uint8Array(sizeBytes).fill(value);
}

describe("the room for answers", () => {
  it("keeps copies apart, each with room for a header, until it is cleared", () => {
    const room = new AnswerRoom();
    const placed = [20, 64, 65, 1000].map((sizeBytes, index) => {
      const { bytes, start, end } = room.place(record(sizeBytes, index + 1));
      bytes.fill(0xff, start - FORWARD_HEADER_SIZE_BYTES_MAX, start);
      return { bytes, start, end };
    });
    for (const [index, { bytes, start, end }] of placed.entries()) {
      assert.deepEqual(bytes.subarray(start, end), record([20, 64, 65, 1000][index] ?? 0, index + 1));
    }
    room.clear();
    assert.equal(room.place(record(5, 9)).start, placed[0]?.start);
  });

  it("gives what does not fit any more memory of its own", () => {
    const room = new AnswerRoom();
    const first = room.place(record(ANSWER_ROOM_SIZE_BYTES - FORWARD_HEADER_SIZE_BYTES_MAX, 1)).bytes;
    const { bytes, start, end } = room.place(record(30, 2));
    assert.notEqual(bytes, first);
    assert.deepEqual(bytes.subarray(start, end), record(30, 2));
    assert.ok(start >= FORWARD_HEADER_SIZE_BYTES_MAX);
    assert.equal(first[FORWARD_HEADER_SIZE_BYTES_MAX], 1);
  });
});
