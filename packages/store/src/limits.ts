// What a store accepts: the shape of keys, the size of values, and the arguments of a range.
import type { Revision } from "./revision.ts";
import { StoreError } from "./store.ts";

/** Longest key. */
export const KEY_LENGTH_MAX = 1024;

/** Largest value, as etcd's default request limit. */
export const VALUE_SIZE_BYTES_MAX: number = 1536 * 1024;

/** How many events may wait for a watch's reader, unless the watch says otherwise. */
export const WATCH_QUEUE_MAX = 1000;

/** Throws `BAD_INPUT` unless the key is 1 to {@link KEY_LENGTH_MAX} printable ASCII characters. */
export function checkKey(key: string): void {
  if (key.length > KEY_LENGTH_MAX) {
    throw new StoreError(
      "BAD_INPUT",
      `Cannot use a key as it is too long: current length is ${key.length}, at most ${KEY_LENGTH_MAX}`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new StoreError(
      "BAD_INPUT",
      `Cannot use a key as it must be printable ASCII and not empty: current value is ${JSON.stringify(key)}`,
    );
  }
}

/** Throws `BAD_INPUT` if the value is over `sizeBytesMax`. */
export function checkValue(value: Uint8Array, sizeBytesMax: number): void {
  if (value.length <= sizeBytesMax) return;
  throw new StoreError(
    "BAD_INPUT",
    `Cannot store a value as it is too large: current size is ${value.length} bytes, at most ${sizeBytesMax}`,
  );
}

/** Throws `BAD_INPUT` for a limit that is not a positive integer. */
export function checkLimit(limit: number | undefined): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit > 0)) return;
  throw new StoreError(
    "BAD_INPUT",
    `Cannot limit a range as the limit must be a positive integer: current value is ${limit}`,
  );
}

/** Throws `COMPACTED` or `FUTURE_REVISION` unless the past revision can be read. */
export function checkHistory(wanted: Revision, compactRevision: Revision, currentRevision: Revision): void {
  if (wanted < compactRevision) {
    throw new StoreError("COMPACTED", `Cannot go back to revision ${wanted} as history starts at ${compactRevision}`, {
      compactRevision,
    });
  }
  if (wanted > currentRevision) {
    throw new StoreError(
      "FUTURE_REVISION",
      `Cannot go to revision ${wanted} as the store is only at ${currentRevision}`,
    );
  }
}
