// One log event as one JSON line: bounded in size and depth, safe against cycles, with secrets taken out.
import { REDACTED, isSecretName, redactText } from "../core/redact.ts";
import { rfc3339 } from "./wall-time.ts";

/** One event as a component logged it. */
export interface LogEvent {
  readonly wallMs: number;
  readonly level: string;
  readonly component: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const TEXT_LENGTH_MAX = 8192;
const DEPTH_MAX = 6;
const ITEMS_MAX = 64;
const FIELDS_MAX = 64;
const RESERVED: ReadonlySet<string> = new Set(["time", "level", "component", "message"]);

/** Writes the event as `{"time":…,"level":…,"component":…,"message":…,…fields}` and a line break. Never throws. */
export function jsonLine(event: LogEvent): string {
  const line: Record<string, unknown> = {
    time: rfc3339(event.wallMs),
    level: event.level,
    component: event.component,
    message: cleanText(event.message),
  };
  for (const [name, value] of boundedEntries(event.fields)) {
    const cleaned = cleanField(name, value, 0);
    if (cleaned !== undefined) line[RESERVED.has(name) ? `field_${name}` : name] = cleaned;
  }
  return `${JSON.stringify(line)}\n`;
}

function cleanField(name: string, value: unknown, depth: number): unknown {
  const isEmpty = value === undefined || value === null || value === "";
  return isSecretName(name) && !isEmpty && typeof value !== "boolean" ? REDACTED : clean(value, depth);
}

function clean(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return cleanText(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return value.toString();
    case "boolean":
    case "undefined":
      return value;
    case "object":
      return value === null ? null : cleanObject(value, depth);
    default:
      return `<${typeof value}>`;
  }
}

function cleanObject(value: object, depth: number): unknown {
  // Also what ends a cycle.
  if (depth >= DEPTH_MAX) return "<deeper>";
  if (value instanceof Error) return cleanError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "<no date>" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (value instanceof Map) return cleanObject(Object.fromEntries(value), depth);
  if (value instanceof Set) return cleanObject([...value], depth);
  if (Array.isArray(value)) {
    const items = value.slice(0, ITEMS_MAX).map((item) => clean(item, depth + 1));
    return value.length > ITEMS_MAX ? [...items, `<${value.length - ITEMS_MAX} more>`] : items;
  }
  const cleaned: Record<string, unknown> = {};
  for (const [name, item] of boundedEntries(value)) cleaned[name] = cleanField(name, item, depth + 1);
  return cleaned;
}

/** An error's sentence and code; its stack only where it is a programmer's error, which the code tells. */
function cleanError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = Reflect.get(error, "code");
  const cleaned: Record<string, unknown> = { error: error.name, message: cleanText(error.message) };
  if (typeof code === "string") cleaned["code"] = code;
  else if (error.stack !== undefined) cleaned["stack"] = cleanText(error.stack);
  if (error.cause !== undefined) cleaned["cause"] = clean(error.cause, depth + 1);
  return cleaned;
}

function boundedEntries(value: object): readonly (readonly [string, unknown])[] {
  try {
    return Object.entries(value).slice(0, FIELDS_MAX);
  } catch {
    // A getter that throws must not take the log with it.
    return [["unreadable", true]];
  }
}

function cleanText(text: string): string {
  // Redacted before it is cut: a cut could take away the mark by which a secret is known.
  const redacted = redactText(text.length > TEXT_LENGTH_MAX * 4 ? text.slice(0, TEXT_LENGTH_MAX * 4) : text);
  return redacted.length > TEXT_LENGTH_MAX ? `${redacted.slice(0, TEXT_LENGTH_MAX)}…` : redacted;
}
