// Runs the script against one server and records its normalised answers.
import { parse as parseYaml } from "yaml";
import { exchange, type HttpsTarget, openExchange } from "../peers/kubernetes/mod.ts";
import { at, isObject, type Json, type JsonObject, parseJson } from "./json.ts";
import { Normaliser, volatileText } from "./normalise.ts";
import type { Area, Seen, Sending, Sent, Step } from "./script/step.ts";

/** One event of a watch. */
export interface RecordedEvent {
  readonly type: string;
  readonly object: Json;
}

/** A normalised answer. */
export interface RecordedAnswer {
  /** What was asked, for readers: method and path. */
  readonly request: string;
  readonly status: number;
  /** Those headers clients act on. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body: JSON as such, anything else as text; absent for watches. */
  readonly body?: Json;
  /** The events of a watch. */
  readonly events?: readonly RecordedEvent[];
  /** Set when fewer events than wanted came within the time. */
  readonly missing?: number;
}

/** Answers by area and step. */
export type Recording = Readonly<Record<string, Readonly<Record<string, RecordedAnswer>>>>;

/** Targets by who asks. */
export interface Targets {
  readonly admin: HttpsTarget;
  readonly nobody: HttpsTarget;
  readonly "bad-token": HttpsTarget;
}

const EVENTS_WAIT_MS = 4000;
const HEADERS = ["content-type", "retry-after", "cache-control", "vary", "allow", "location"];

/** Runs `areas` one after the other; `onStep` is told of each step before it runs. */
export async function runScript(
  targets: Targets,
  areas: readonly Area[],
  onStep: (area: string, id: string) => void = () => undefined,
): Promise<Recording> {
  const recording: Record<string, Record<string, RecordedAnswer>> = {};
  for (const area of areas) {
    const run = new AreaRun(targets);
    const answers: Record<string, RecordedAnswer> = {};
    for (const step of area.steps) {
      if (answers[step.id] !== undefined) throw new Error(`Cannot run ${area.name}: two steps are called ${step.id}`);
      onStep(area.name, step.id);
      answers[step.id] = await run.step(step);
    }
    recording[area.name] = answers;
  }
  return recording;
}

class AreaRun {
  readonly #targets: Targets;
  readonly #bodies = new Map<string, Json>();
  readonly #normaliser = new Normaliser();
  readonly #seen: Seen = {
    text: (id, path) => {
      const value = at(this.#bodies.get(id), path);
      return typeof value === "string" || typeof value === "number" ? String(value) : "";
    },
  };

  constructor(targets: Targets) {
    this.#targets = targets;
  }

  async step(step: Step): Promise<RecordedAnswer> {
    const sent = this.#resolve(step.send);
    const target = this.#targets[step.as ?? "admin"];
    const request = describe(step.send);
    if (step.events !== undefined || step.untilEnd === true) return await this.#watch(step, sent, target, request);
    const answer = await exchange(target, sent).catch((error: unknown) => String(error));
    if (typeof answer === "string") return { request, status: 0, headers: {}, body: { noAnswer: answer } };
    const json = parseBody(answer.text, answer.headers["content-type"]);
    if (json !== undefined) this.#bodies.set(step.id, json);
    const picked = json === undefined || step.pick === undefined ? json : step.pick(json);
    return {
      request,
      status: answer.status,
      headers: headersOf(answer),
      body:
        picked === undefined ? bodyText(answer.text, answer.headers["content-type"]) : this.#normaliser.body(picked),
    };
  }

  #resolve(sending: Sending): Sent {
    return typeof sending === "function" ? sending(this.#seen) : sending;
  }

  async #watch(step: Step, sent: Sent, target: HttpsTarget, request: string): Promise<RecordedAnswer> {
    const open = await openExchange(target, sent);
    const timer = setTimeout(() => open.close(), EVENTS_WAIT_MS);
    try {
      if (open.head.status !== 200) {
        let text = "";
        for await (const chunk of open.message) text += String(chunk);
        const json = parseJson(text);
        return {
          request,
          status: open.head.status,
          headers: headersOf(open.head),
          body: json === undefined ? text : this.#normaliser.body(json),
        };
      }
      const reading = this.#events(open.message, step);
      for (const sending of step.during ?? []) await exchange(target, this.#resolve(sending));
      const events = await reading;
      const missing = (step.events ?? 0) - events.length;
      return {
        request,
        status: open.head.status,
        headers: headersOf(open.head),
        events,
        ...(missing > 0 ? { missing } : {}),
      };
    } finally {
      clearTimeout(timer);
      open.close();
    }
  }

  async #events(message: NodeJS.ReadableStream, step: Step): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    const wanted = step.untilEnd === true ? Infinity : (step.events ?? 0);
    if (wanted === 0) return events;
    let unread = "";
    try {
      for await (const chunk of message.setEncoding("utf8")) {
        const lines = (unread + String(chunk)).split("\n");
        unread = lines.pop() ?? "";
        for (const line of lines) {
          const event = eventOf(line);
          if (event === undefined) continue;
          events.push({ type: event.type, object: this.#normaliser.body(event.object) });
          if (events.length >= wanted) return events;
        }
      }
    } catch (error) {
      // Closing the exchange when the time is up ends the iteration this way.
      if (!(error instanceof Error)) throw error;
    }
    return events;
  }
}

/** The request for readers: what it takes from earlier answers is named, not shown. */
function describe(sending: Sending): string {
  const named: Seen = { text: (id, path) => `<${path} of ${id}>` };
  const { method, path } = typeof sending === "function" ? sending(named) : sending;
  return `${method} ${decodeURIComponent(path)}`.slice(0, 300);
}

/** The event of one line; undefined for the bookmarks that come with the clock. */
function eventOf(line: string): RecordedEvent | undefined {
  const value = parseJson(line);
  if (!isObject(value)) return { type: "UNREADABLE", object: line.slice(0, 200) };
  const { type, object } = value;
  if (typeof type !== "string" || object === undefined) return { type: "UNREADABLE", object: value };
  const isClockwork = type === "BOOKMARK" && at(object, "metadata.annotations") === undefined && !isInitialEnd(object);
  return isClockwork ? undefined : { type, object };
}

function isInitialEnd(object: Json): boolean {
  // In a Table the annotation is that of the only row's object.
  const annotations = at(object, "rows.0.object.metadata.annotations");
  return isObject(annotations) && annotations["k8s.io/initial-events-end"] === "true";
}

function headersOf(head: {
  readonly headers: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of HEADERS) {
    const value = head.headers[name];
    // Parameters of media types know no case (RFC 9110, 8.3.2).
    if (value !== undefined) kept[name] = volatileText(name === "content-type" ? value.toLowerCase() : value);
  }
  // Several fields of one name are one field with a list (RFC 9110, 5.3).
  const warnings = head.warnings.flatMap((value) => value.split(/, (?=299 - ")/));
  for (const [index, warning] of warnings.entries()) kept[`warning-${index + 1}`] = volatileText(warning);
  if (head.headers["etag"] !== undefined) kept["etag"] = "<present>";
  return kept;
}

/** JSON, or YAML where the answer says so; undefined for anything else. */
function parseBody(text: string, contentType: string = ""): Json | undefined {
  return contentType.startsWith("application/yaml") ? (parseYaml(text) as Json) : parseJson(text);
}

/** Bodies that are neither JSON nor YAML, cut to what a reader can compare. */
function bodyText(text: string, contentType: string | undefined): JsonObject | string {
  if (contentType?.includes("protobuf") === true) return { protobuf: text.length > 0 };
  return volatileText(text).slice(0, 4000);
}
