// What a differential script is made of: requests, and watches with requests made while they run.
import type { Json } from "../json.ts";

/** One request as it is sent. */
export interface Sent {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What later steps may know of the earlier ones of their area. */
export interface Seen {
  /** Text (or number, as text) at a dotted path of the body that step `id` of the same area got; empty when absent. */
  text(id: string, path: string): string;
}

/** A request, or how to make one from what was seen. */
export type Sending = Sent | ((seen: Seen) => Sent);

/** One comparison. */
export interface Step {
  /** Unique in its area; lower case with dashes. */
  readonly id: string;
  readonly send: Sending;
  /** For a watch: requests made one after the other once it stands. Their answers are not compared. */
  readonly during?: readonly Sending[];
  /** For a watch: how many events to take (0 for none); it is closed then. Absent for anything else but a watch. */
  readonly events?: number;
  /** For a watch: read until the server ends it. */
  readonly untilEnd?: boolean;
  /** Who asks: the administrator by default. */
  readonly as?: "admin" | "nobody" | "bad-token";
  /** Keeps of the body what is to be compared. */
  readonly pick?: (body: Json) => Json;
}

/** Steps that share objects; areas share none, so each runs alone too. */
export interface Area {
  readonly name: string;
  /** What the area is about, for readers of the report. */
  readonly about: string;
  readonly steps: readonly Step[];
}

/** The user agent of all requests; its first token is the default field manager. */
export const USER_AGENT = "differential/1.0";

/** Options of the request builders. */
export interface SendOptions {
  readonly accept?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** GET. */
export function get(path: string, options: SendOptions = {}): Sent {
  return make("GET", path, undefined, options);
}

/** POST of a JSON body, or of `body` as it is when it is text. */
export function post(path: string, body: Json, options: SendOptions = {}): Sent {
  return make("POST", path, body, options);
}

/** PUT of a JSON body, or of `body` as it is when it is text. */
export function put(path: string, body: Json, options: SendOptions = {}): Sent {
  return make("PUT", path, body, options);
}

/** DELETE with optional DeleteOptions. */
export function del(path: string, body?: Json, options: SendOptions = {}): Sent {
  return make("DELETE", path, body, options);
}

/** The patch media types by short name. */
export const PATCH_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** PATCH of one of the {@link PATCH_TYPES}. */
export function patch(type: keyof typeof PATCH_TYPES, path: string, body: Json, options: SendOptions = {}): Sent {
  return make("PATCH", path, body, { type: PATCH_TYPES[type], ...options });
}

function make(method: string, path: string, body: Json | undefined, options: SendOptions): Sent {
  const headers: Record<string, string> = {
    accept: options.accept ?? "application/json",
    "user-agent": USER_AGENT,
    ...(body === undefined ? {} : { "content-type": options.type ?? "application/json" }),
    ...options.headers,
  };
  if (body === undefined) return { method, path, headers };
  return { method, path, headers, body: typeof body === "string" ? body : JSON.stringify(body) };
}

/** A step that sends one request. */
export function step(id: string, send: Sending, more: Omit<Step, "id" | "send"> = {}): Step {
  return { id, send, ...more };
}
