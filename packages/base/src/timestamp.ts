// Kubernetes' times as text: Time in whole seconds, MicroTime in microseconds (RFC 3339, UTC), without a Date object.
import { civilFromDays, daysFromCivil } from "./civil-date.ts";

const MS_PER_DAY = 86_400_000;
const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Milliseconds since 1970, with a fraction if the text has one, or `undefined` if it is not an RFC 3339 time. */
export function parseTimestampMs(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (offsetHour > 23 || offsetMinute > 59) return undefined;
  const offsetMs = (offsetHour * 60 + offsetMinute) * 60_000 * (match[8] === "-" ? -1 : 1);
  const fractionMs = match[7] === undefined ? 0 : Number(`0.${match[7]}`) * 1000;
  const wholeMs = daysFromCivil(year, month, day) * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000;
  return wholeMs - offsetMs + fractionMs;
}

/** Time: `2026-01-02T03:04:05Z`. */
export function formatTime(wallMs: number): string {
  return `${formatSeconds(wallMs)}Z`;
}

/** MicroTime: `2026-01-02T03:04:05.678901Z`. The clock's fraction of a millisecond is used. */
export function formatMicroTime(wallMs: number): string {
  const micros = Math.floor((wallMs - Math.floor(wallMs / 1000) * 1000) * 1000);
  return `${formatSeconds(wallMs)}.${String(Math.min(micros, 999_999)).padStart(6, "0")}Z`;
}

/** An RFC 3339 text as MicroTime in UTC, digit by digit: milliseconds in a number hold no microseconds exactly. */
export function microTimeInUtc(text: string): string | undefined {
  const wallMs = parseTimestampMs(text.replace(/\.\d+/, ""));
  if (wallMs === undefined) return undefined;
  const digits = /\.(\d+)/.exec(text)?.[1] ?? "";
  return `${formatSeconds(wallMs)}.${digits.slice(0, 6).padEnd(6, "0")}Z`;
}

function formatSeconds(wallMs: number): string {
  const days = Math.floor(wallMs / MS_PER_DAY);
  const seconds = Math.floor((wallMs - days * MS_PER_DAY) / 1000);
  const { year, month, day } = civilFromDays(days);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${clock}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
