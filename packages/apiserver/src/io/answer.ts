// Answers on their way out: an object or a Status as JSON, indented JSON or YAML, with the headers every answer has.
import type { PlainResponse } from "@coracle/runtime";
import type { KubeStatus } from "@coracle/kube";
import { stringify } from "yaml";

/** How a client wants to read. */
export interface Form {
  readonly mediaType: "application/json" | "application/yaml";
  readonly pretty: boolean;
}

/** The form of answers that are made before a client's wish is known. */
export const PLAIN_FORM: Form = { mediaType: "application/json", pretty: false };

/** Headers of every API answer. */
export const BASE_HEADERS: Readonly<Record<string, string>> = { "cache-control": "no-cache, private" };

/** An object in the form asked for. */
export function objectAnswer(status: number, object: unknown, form: Form): PlainResponse {
  return {
    status,
    headers: { ...BASE_HEADERS, "content-type": form.mediaType },
    body: textOf(object, form),
  };
}

/** JSON bytes that are ready; they are only touched for another form. */
export function bytesAnswer(status: number, json: Uint8Array, form: Form): PlainResponse {
  if (form.mediaType === "application/json" && !form.pretty) {
    return { status, headers: { ...BASE_HEADERS, "content-type": form.mediaType }, body: json };
  }
  return objectAnswer(status, JSON.parse(new TextDecoder().decode(json)), form);
}

function textOf(object: unknown, form: Form): string {
  if (form.mediaType === "application/yaml") return stringify(object, YAML_OPTIONS);
  return form.pretty ? JSON.stringify(object, undefined, 2) : `${JSON.stringify(object)}\n`;
}

/** As Go's encoder writes YAML: sorted, sequences not indented, and texts that YAML 1.1 would read as something else quoted. */
const YAML_OPTIONS = { lineWidth: 0, sortMapEntries: true, indentSeq: false, version: "1.1" } as const;

/** A Status, with `Retry-After` where the status carries seconds. */
export function statusAnswer(status: KubeStatus, form: Form = PLAIN_FORM): PlainResponse {
  const code = status.code ?? 500;
  const answer = objectAnswer(code, status, form);
  const seconds = status.details?.retryAfterSeconds;
  if (seconds === undefined || (code !== 429 && code < 500)) return answer;
  return { ...answer, headers: { ...answer.headers, "retry-after": String(seconds) } };
}

/** `404 page not found`: no API is served at the path. */
export function pageNotFound(): PlainResponse {
  return textAnswer(404, "404 page not found\n");
}

/** Plain text. */
export function textAnswer(status: number, body: string): PlainResponse {
  return {
    status,
    headers: { ...BASE_HEADERS, "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
    body,
  };
}

/** `Warning: 299 - "…"` for each text; control characters would break the header and are dropped. */
export function warningHeader(warnings: readonly string[]): string | undefined {
  if (warnings.length === 0) return undefined;
  const texts = [...new Set(warnings)].slice(0, WARNINGS_MAX).map((text) => {
    const clean = text.replaceAll(/[^\x20-\x7e]/g, "").slice(0, WARNING_SIZE_MAX);
    return `299 - "${clean.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  });
  return texts.join(", ");
}

const WARNINGS_MAX = 32;
const WARNING_SIZE_MAX = 1024;
