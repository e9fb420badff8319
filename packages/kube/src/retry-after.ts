// Retry-After: seconds or an HTTP date, as a wait (RFC 9110 §10.2.3, §5.6.7).
import { daysFromCivil } from "@coracle/base";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAY_MS = 86_400_000;
/** Longest wait taken from a server; anything longer is a mistake or an attack. */
export const RETRY_AFTER_MS_MAX = 3_600_000;

const IMF_FIXDATE = /^[a-z]{3,9},\s+(\d{1,2})[ -]([a-z]{3})[ -](\d{2,4})\s+(\d{2}):(\d{2}):(\d{2})\s+(?:gmt|utc)$/i;
const ASCTIME = /^[a-z]{3}\s+([a-z]{3})\s+(\d{1,2})\s+(\d{2}):(\d{2}):(\d{2})\s+(\d{4})$/i;

/**
 * How long a Retry-After header asks to wait, in milliseconds from now, at most an hour; `undefined` when it is missing
 * or unreadable. Dates are taken against `wallMs`; a date that has passed is no wait.
 */
export function parseRetryAfter(header: string | undefined, wallMs: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text) * 1000, RETRY_AFTER_MS_MAX);
  const dateMs = parseHttpDate(text);
  if (dateMs === undefined) return undefined;
  return Math.min(Math.max(0, dateMs - wallMs), RETRY_AFTER_MS_MAX);
}

/** Milliseconds since 1970 of any of the three date forms, or `undefined`. */
export function parseHttpDate(text: string): number | undefined {
  const fixed = IMF_FIXDATE.exec(text);
  if (fixed !== null) {
    const [, day = "", month = "", year = "", hour = "", minute = "", second = ""] = fixed;
    return toMs([fullYear(year), month, day], [hour, minute, second]);
  }
  const asctime = ASCTIME.exec(text);
  if (asctime === null) return undefined;
  const [, month = "", day = "", hour = "", minute = "", second = "", year = ""] = asctime;
  return toMs([Number(year), month, day], [hour, minute, second]);
}

/** Two digits are a year of this century; the form has been obsolete since before it began. */
function fullYear(digits: string): number {
  return digits.length === 2 ? 2000 + Number(digits) : Number(digits);
}

function toMs(
  [year, monthName, dayText]: readonly [number, string, string],
  time: readonly [string, string, string],
): number | undefined {
  const month = MONTHS.indexOf(monthName.toLowerCase()) + 1;
  const day = Number(dayText);
  const [hour, minute, second] = time.map(Number);
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  if (month === 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  return daysFromCivil(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
}
