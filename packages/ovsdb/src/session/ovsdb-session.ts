// One OVSDB connection as a machine: schema, monitor with fallback, requests with deadlines, echo both ways (RFC 7047 §4.1).
import { err, type Machine, type Millis, millis, ok, type Result, TimerTable } from "@coracle/base";
import { isJsonArray, type Json, type JsonObject } from "../json.ts";
import { JsonFramer } from "../json-framer.ts";
import type { DatabaseMonitor, MonitorMethod } from "../monitor/database-monitor.ts";
import { parseSchema } from "../schema.ts";
import { type OvsdbError, ovsdbError } from "./ovsdb-error.ts";
import type { OvsdbInput, OvsdbOutput, OvsdbRequest, OvsdbSessionOptions } from "./session-types.ts";

interface Pending {
  readonly id: number;
  readonly method: string;
  readonly deadline: Millis;
  readonly timeoutMs: number;
}

const METHODS: readonly MonitorMethod[] = ["monitor_cond_since", "monitor_cond", "monitor"];
const MONITOR_ID = "rows";
const [SCHEMA_ID, MONITOR_REQUEST_ID, ECHO_ID] = ["schema", "monitor", "echo"];

/** See the file's head. The monitor outlives the session: give the same one to the next. */
export class OvsdbSession implements Machine<OvsdbInput, OvsdbOutput> {
  readonly #options: Required<OvsdbSessionOptions>;
  readonly #monitor: DatabaseMonitor;
  readonly #framer: JsonFramer;
  readonly #timers = new TimerTable<"handshake" | "idle" | "dead">();
  readonly #outputs: OvsdbOutput[] = [];
  readonly #pending = new Map<number, Pending>();
  #sends: Uint8Array[] = [];
  #sendSizeBytes = 0;
  #methodIndex = 0;
  #state: "new" | "schema" | "monitor" | "ready" | "closed" = "new";
  #now: Millis = millis(0);

  constructor(options: OvsdbSessionOptions, monitor: DatabaseMonitor) {
    this.#options = {
      handshakeTimeoutMs: 10_000,
      idleProbeMs: 5000,
      probeTimeoutMs: 10_000,
      pendingMax: 256,
      messageSizeBytesMax: 256 * 1024 * 1024,
      sendSizeBytesMax: 64 * 1024 * 1024,
      monitorMethods: METHODS,
      ...options,
    };
    this.#monitor = monitor;
    this.#framer = new JsonFramer(this.#options.messageSizeBytesMax);
  }

  /** Requests without an answer. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  handle(input: OvsdbInput, now: Millis): void {
    this.#now = now;
    if (input.kind === "request") return this.#request(input.id, input.request, input.timeoutMs);
    if (this.#state === "closed") return;
    switch (input.kind) {
      case "connected":
        this.#state = "schema";
        this.#timers.set("handshake", millis(now + this.#options.handshakeTimeoutMs));
        return this.#send({ method: "get_schema", params: [this.#options.database], id: SCHEMA_ID });
      case "received":
        return this.#received(input.bytes);
      case "disconnected":
        return this.#close(ovsdbError("DISCONNECTED", "Cannot go on as the database server closed the connection"));
      case "timeout":
        return this.#timeout();
    }
  }

  poll(): OvsdbOutput | undefined {
    const output = this.#outputs.shift();
    if (output !== undefined || this.#sends.length === 0) return output;
    const bytes = new Uint8Array(this.#sendSizeBytes);
    let at = 0;
    for (const part of this.#sends) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#sends = [];
    this.#sendSizeBytes = 0;
    return { kind: "send", bytes };
  }

  nextTimeout(): Millis | undefined {
    let earliest = this.#timers.next();
    for (const { deadline } of this.#pending.values())
      if (earliest === undefined || deadline < earliest) earliest = deadline;
    return earliest;
  }

  #received(bytes: Uint8Array): void {
    this.#timers.set("idle", millis(this.#now + this.#options.idleProbeMs));
    this.#timers.clear("dead");
    this.#framer.push(bytes);
    for (let message = this.#framer.next(); message !== undefined; message = this.#framer.next()) {
      if (!message.ok) return this.#close(ovsdbError("PROTOCOL", message.error.message));
      if (typeof message.value["method"] === "string") this.#notification(message.value["method"], message.value);
      else this.#answered(message.value);
      if (this.#isClosed()) return;
    }
  }

  #notification(method: string, message: JsonObject): void {
    const params = isJsonArray(message["params"]) ? message["params"] : [];
    switch (method) {
      case "echo":
        return this.#send({ result: params, error: null, id: message["id"] ?? null });
      case "update":
      case "update2":
      case "update3": {
        if (params[0] !== MONITOR_ID) return;
        const changes = this.#monitor.applyUpdate(method, params);
        if (!changes.ok) return this.#close(ovsdbError("PROTOCOL", changes.error.message));
        if (changes.value.length > 0) this.#outputs.push({ kind: "changes", changes: changes.value });
        return;
      }
      case "locked":
      case "stolen":
        if (typeof params[0] === "string")
          this.#outputs.push({ kind: "lock", lock: params[0], isOwned: method === "locked" });
        return;
      default:
    }
  }

  #answered(message: JsonObject): void {
    const { id, error, result } = message;
    const answer: Result<Json, OvsdbError> =
      error === undefined || error === null
        ? ok(result ?? null)
        : err(
            ovsdbError(
              "REFUSED",
              `Cannot do this as the database server refused: ${JSON.stringify(error).slice(0, 200)}`,
            ),
          );
    if (id === SCHEMA_ID) return this.#schema(answer);
    if (id === MONITOR_REQUEST_ID) return this.#monitored(answer);
    const pending = typeof id === "number" ? this.#pending.get(id) : undefined;
    if (pending === undefined) return;
    this.#pending.delete(pending.id);
    this.#outputs.push({ kind: "answer", id: pending.id, result: answer });
  }

  #schema(answer: Result<Json, OvsdbError>): void {
    if (this.#state !== "schema") return;
    if (!answer.ok) return this.#close(answer.error);
    const schema = parseSchema(answer.value);
    const bound = schema.ok ? this.#monitor.bind(schema.value) : schema;
    if (!bound.ok) return this.#close(ovsdbError("BAD_SCHEMA", bound.error.message));
    this.#state = "monitor";
    this.#askMonitor();
  }

  #askMonitor(): void {
    const method = this.#options.monitorMethods[this.#methodIndex];
    if (method === undefined)
      return this.#close(ovsdbError("REFUSED", "Cannot monitor as the server knows no method for it"));
    const params = this.#monitor.request(method, this.#options.database, MONITOR_ID);
    this.#send({ method, params, id: MONITOR_REQUEST_ID });
  }

  #monitored(answer: Result<Json, OvsdbError>): void {
    const method = this.#options.monitorMethods[this.#methodIndex];
    if (this.#state !== "monitor" || method === undefined) return;
    if (!answer.ok) {
      // An older server does not know the newer methods; it says so and goes on.
      this.#methodIndex++;
      return this.#askMonitor();
    }
    const changes = this.#monitor.applyReply(method, answer.value);
    if (!changes.ok) return this.#close(ovsdbError("PROTOCOL", changes.error.message));
    this.#state = "ready";
    this.#timers.clear("handshake");
    if (changes.value.length > 0) this.#outputs.push({ kind: "changes", changes: changes.value });
    const isResumed = method === "monitor_cond_since" && isJsonArray(answer.value) && answer.value[0] === true;
    this.#outputs.push({ kind: "ready", method, isResumed });
  }

  #request(id: number, request: OvsdbRequest, timeoutMs: number): void {
    const refuse = (code: OvsdbError["code"], why: string): void => {
      this.#outputs.push({
        kind: "answer",
        id,
        result: err(ovsdbError(code, `Cannot send ${request.method} as ${why}`)),
      });
    };
    if (this.#state !== "ready") return refuse("DISCONNECTED", `the session is ${this.#state}`);
    if (this.#pending.size >= this.#options.pendingMax)
      return refuse("BUSY", `${this.#pending.size} requests wait for answers`);
    const bytes = encode({ method: request.method, params: request.params, id });
    if (this.#sendSizeBytes + bytes.length > this.#options.sendSizeBytesMax) {
      return refuse("BUSY", `${this.#sendSizeBytes} bytes wait to be sent`);
    }
    this.#pending.set(id, { id, method: request.method, deadline: millis(this.#now + timeoutMs), timeoutMs });
    this.#push(bytes);
  }

  #timeout(): void {
    for (let name = this.#timers.expire(this.#now); name !== undefined; name = this.#timers.expire(this.#now)) {
      if (name === "handshake")
        return this.#close(ovsdbError("TIMEOUT", "Cannot begin as the server sent no schema and rows in time"));
      if (name === "dead")
        return this.#close(ovsdbError("TIMEOUT", "Cannot go on as the server does not answer an echo"));
      this.#send({ method: "echo", params: [], id: ECHO_ID });
      this.#timers.set("dead", millis(this.#now + this.#options.probeTimeoutMs));
    }
    for (const pending of this.#pending.values()) {
      if (pending.deadline > this.#now) continue;
      this.#pending.delete(pending.id);
      const text = `Cannot finish ${pending.method} as the server did not answer for ${pending.timeoutMs} ms`;
      this.#outputs.push({ kind: "answer", id: pending.id, result: err(ovsdbError("TIMEOUT", text)) });
    }
  }

  #close(error: OvsdbError): void {
    this.#state = "closed";
    for (const name of ["handshake", "idle", "dead"] as const) this.#timers.clear(name);
    this.#sends = [];
    this.#sendSizeBytes = 0;
    for (const { id } of this.#pending.values()) this.#outputs.push({ kind: "answer", id, result: err(error) });
    this.#pending.clear();
    this.#outputs.push({ kind: "close", error });
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Our own messages are few; only echoes of the server's could pile up, if it sends and does not read. */
  #send(message: JsonObject): void {
    const bytes = encode(message);
    if (this.#sendSizeBytes + bytes.length > this.#options.sendSizeBytesMax) {
      return this.#close(ovsdbError("PROTOCOL", "Cannot go on as the server asks faster than it reads"));
    }
    this.#push(bytes);
  }

  #push(bytes: Uint8Array): void {
    this.#sends.push(bytes);
    this.#sendSizeBytes += bytes.length;
  }
}

function encode(message: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}
