// Query parameters, read the way the API's parameter codec reads them (apimachinery pkg/conversion/queryparams).
import { badRequestStatus, StatusError } from "@coracle/kube";

/** The part of `URLSearchParams` that parsing needs. */
export interface Query {
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string): boolean;
}

/** True unless absent, "false" or "0"; an empty value is true. */
export function booleanParameter(value: string | null): boolean {
  if (value === null) return false;
  return value.toLowerCase() !== "false" && value !== "0";
}

/** A boolean that may be absent. */
export function optionalBoolean(query: Query, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : booleanParameter(value);
}

const INT64_MAX = 9223372036854775807n;

/**
 * A signed 64-bit number that may be absent or empty; anything else is 400 in Go's words. Values beyond 2^53 are clamped
 * to it: none of the parameters read this way means anything there.
 */
export function optionalInteger(query: Query, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^[+-]?[0-9]+$/.test(text)) throw numberError(text, "invalid syntax");
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  if (value > INT64_MAX || value < -INT64_MAX - 1n) throw numberError(text, "value out of range");
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER;
  if (value < BigInt(Number.MIN_SAFE_INTEGER)) return Number.MIN_SAFE_INTEGER;
  return Number(value);
}

function numberError(text: string, why: string): StatusError {
  return new StatusError(badRequestStatus(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`));
}

/** The first value of a parameter, "" when absent. */
export function textParameter(query: Query, name: string): string {
  return query.get(name) ?? "";
}
