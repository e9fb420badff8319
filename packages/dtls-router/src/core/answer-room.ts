// Records on their way back through another node, with room for the header in front: copied into memory that is used again.
import { type DatagramView, FORWARD_HEADER_SIZE_BYTES_MAX } from "@coracle/cluster";

/** Room for a handshake's flight. What does not fit gets memory of its own. */
export const ANSWER_ROOM_SIZE_BYTES = 32_768;

/** Copies of answers, good until {@link clear}. */
export class AnswerRoom {
  readonly #bytes: Uint8Array = new Uint8Array(ANSWER_ROOM_SIZE_BYTES);
  readonly #view: DatagramView = { bytes: this.#bytes, start: 0, end: 0 };
  #used = 0;

  /** A copy of `record` with room for a header in front. The view is good until the next call. */
  place(record: Uint8Array): DatagramView {
    const view = this.#view;
    const size = FORWARD_HEADER_SIZE_BYTES_MAX + record.length;
    const fits = this.#used + size <= ANSWER_ROOM_SIZE_BYTES;
    const start = (fits ? this.#used : 0) + FORWARD_HEADER_SIZE_BYTES_MAX;
    view.bytes = fits ? this.#bytes : new Uint8Array(size);
    view.start = start;
    view.end = start + record.length;
    view.bytes.set(record, start);
    if (fits) this.#used += size;
    return view;
  }

  /** All copies have been sent. */
  clear(): void {
    this.#used = 0;
  }
}
