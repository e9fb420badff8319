// Values whose JSON is not that of their protobuf message: times, quantities, texts or numbers, bytes (apimachinery).

/** The zero time of Go, 0001-01-01, which stands for no time at all. */
const ZERO_TIME_SECONDS = -62_135_596_800;
/** 9999-12-31T23:59:59Z: RFC 3339 has years of four digits. */
const LAST_SECONDS = 253_402_300_799;
const DAY_SECONDS = 86_400;

/** RFC 3339 in UTC; with six digits of the second when `micro`. null for Go's zero time, `undefined` for one without a text. */
export function formatTimestamp(seconds: number, nanos: number, micro: boolean): string | null | undefined {
  if (seconds === ZERO_TIME_SECONDS && nanos === 0) return null;
  if (!(seconds > ZERO_TIME_SECONDS && seconds <= LAST_SECONDS) || nanos < 0 || nanos > 999_999_999) return undefined;
  const days = Math.floor(seconds / DAY_SECONDS);
  const rest = seconds - days * DAY_SECONDS;
  const [year, month, day] = civilDate(days);
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  const time = `${pad(Math.floor(rest / 3600), 2)}:${pad(Math.floor(rest / 60) % 60, 2)}:${pad(rest % 60, 2)}`;
  return micro ? `${date}T${time}.${pad(Math.floor(nanos / 1000), 6)}Z` : `${date}T${time}Z`;
}

/** Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar; years begin in March meanwhile. */
function civilDate(days: number): readonly [number, number, number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}

function pad(value: number, size: number): string {
  return String(value).padStart(size, "0");
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 with padding (RFC 4648 §4) of `bytes[start, end)`. */
export function formatBase64(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let index = start; index < end; index += 3) {
    const group =
      ((bytes[index] ?? 0) << 16) | ((byteBefore(bytes, index + 1, end) << 8) | byteBefore(bytes, index + 2, end));
    const count = Math.min(end - index, 3) + 1;
    for (let place = 0; place < 4; place++) {
      text += place < count ? ALPHABET[(group >>> (18 - 6 * place)) & 63] : "=";
    }
  }
  return text;
}

function byteBefore(bytes: Uint8Array, index: number, end: number): number {
  return index < end ? (bytes[index] ?? 0) : 0;
}
