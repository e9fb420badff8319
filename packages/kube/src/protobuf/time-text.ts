// Times of Kubernetes' protobuf as the text they are in JSON (apimachinery meta/v1 Time and MicroTime).
import { formatTime } from "@coracle/base";

/** The zero time of Go, 0001-01-01, which stands for no time at all. */
const ZERO_TIME_SECONDS = -62_135_596_800;
/** 9999-12-31T23:59:59Z: RFC 3339 has years of four digits. */
const LAST_SECONDS = 253_402_300_799;

/** RFC 3339 in UTC; with six digits of the second when `micro`. null for Go's zero time, `undefined` for one without a text. */
export function formatTimestamp(seconds: number, nanos: number, micro: boolean): string | null | undefined {
  if (seconds === ZERO_TIME_SECONDS && nanos === 0) return null;
  if (!(seconds > ZERO_TIME_SECONDS && seconds <= LAST_SECONDS) || nanos < 0 || nanos > 999_999_999) return undefined;
  const text = formatTime(seconds * 1000);
  return micro ? `${text.slice(0, -1)}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z` : text;
}
