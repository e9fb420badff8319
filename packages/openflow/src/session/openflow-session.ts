// One OpenFlow connection as a machine: hello, features, requests with deadlines, bundles, keepalive (OpenFlow 1.5.1 §6.3).
import { err, type Machine, type Millis, millis, ok, type Result, Ring, TimerTable } from "@coracle/base";
import { encodeRoleRequest, parseRoleReply } from "../wire/asynchronous.ts";
import { BUNDLE_FLAG } from "../wire/bundle.ts";
import { parseErrorMessage } from "../wire/error-message.ts";
import { parseFeatures } from "../wire/features.ts";
import { MessageFramer } from "../wire/framer.ts";
import { chooseVersion, encodeHello, parseHelloVersions } from "../wire/hello.ts";
import { MessageBuffer } from "../wire/message-buffer.ts";
import { encodeMultipartRequest, parseMultipartReply } from "../wire/multipart.ts";
import { parsePacketIn } from "../wire/packet-in.ts";
import { parsePortStatus } from "../wire/port-description.ts";
import { MESSAGE_TYPE, OPENFLOW_14, OPENFLOW_15, type OpenflowVersion } from "../wire/version.ts";
import { MessageRun, type RunProgress } from "./message-run.ts";
import { MultipartAssembly } from "./multipart-assembly.ts";
import { type SessionError, sessionError } from "./session-error.ts";
import type { SessionInput, SessionOptions, SessionOutput } from "./session-types.ts";
import type { SessionReply, SessionRequest } from "./session-request.ts";

interface Pending {
  readonly id: number;
  readonly kind: SessionRequest["kind"];
  readonly xid: number;
  readonly timeoutMs: number;
  deadline: Millis;
  readonly run?: MessageRun;
  readonly assembly?: MultipartAssembly;
}

type Send = (buffer: MessageBuffer, version: OpenflowVersion) => boolean;

const XID_MAX = 0xffff_ffff;
const MESSAGES_MAX = 1 << 24;
const MESSAGES_BETWEEN_BATCHES_MAX = 4096;

/** See the file's head. Requests are taken once `ready` has been told; a closed session answers everything and stays closed. */
export class OpenflowSession implements Machine<SessionInput, SessionOutput> {
  readonly #options: Required<SessionOptions>;
  readonly #framer = new MessageFramer();
  readonly #timers = new TimerTable<"handshake" | "idle" | "dead">();
  readonly #outputs: SessionOutput[] = [];
  readonly #events: Ring<SessionOutput>;
  readonly #sends: Ring<Send>;
  readonly #pending = new Map<number, Pending>();
  readonly #runs: Pending[] = [];
  readonly #buffer: MessageBuffer;
  #state: "new" | "hello" | "features" | "ready" | "closed" = "new";
  #version: OpenflowVersion = OPENFLOW_15;
  #now: Millis = millis(0);
  #nextXid = 1;
  #nextBundle = 1;
  #eventsDropped = 0;

  constructor(options: SessionOptions = {}) {
    this.#options = {
      versions: [OPENFLOW_14, OPENFLOW_15],
      handshakeTimeoutMs: 10_000,
      idleProbeMs: 5000,
      probeTimeoutMs: 10_000,
      pendingMax: 256,
      batchSizeBytes: 256 * 1024,
      multipartSizeBytesMax: 512 * 1024 * 1024,
      eventsMax: 1024,
      ...options,
    };
    this.#events = new Ring(this.#options.eventsMax);
    this.#sends = new Ring(this.#options.pendingMax * 2 + MESSAGES_BETWEEN_BATCHES_MAX);
    this.#buffer = new MessageBuffer(this.#options.batchSizeBytes + 0x1_0000);
  }

  /** Events dropped as nobody polled them. */
  get eventsDropped(): number {
    return this.#eventsDropped;
  }

  /** Requests without an answer. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  handle(input: SessionInput, now: Millis): void {
    this.#now = now;
    if (this.#state === "closed") {
      if (input.kind === "request")
        this.#answer(input.id, err(sessionError("DISCONNECTED", "Cannot ask a closed session")));
      return;
    }
    switch (input.kind) {
      case "connected":
        return this.#connected();
      case "received":
        return this.#received(input.bytes);
      case "disconnected":
        return this.#close(sessionError("DISCONNECTED", "Cannot go on as the switch closed the connection"));
      case "timeout":
        return this.#timeout();
      case "request":
        return this.#request(input.id, input.request, input.timeoutMs);
    }
  }

  poll(): SessionOutput | undefined {
    const output = this.#outputs.shift() ?? this.#events.shift();
    if (output !== undefined || this.#sends.size === 0) return output;
    this.#buffer.reset();
    for (;;) {
      const send = this.#sends.at(0);
      if (send === undefined || this.#buffer.size >= this.#options.batchSizeBytes) break;
      if (!send(this.#buffer, this.#version)) break;
      this.#sends.shift();
    }
    return this.#buffer.size === 0 ? undefined : { kind: "send", bytes: this.#buffer.written() };
  }

  nextTimeout(): Millis | undefined {
    let earliest = this.#timers.next();
    for (const { deadline } of this.#pending.values())
      if (earliest === undefined || deadline < earliest) earliest = deadline;
    return earliest;
  }

  #connected(): void {
    this.#state = "hello";
    const xid = this.#takeXids(1);
    this.#send((buffer) => (encodeHello(buffer, xid, this.#options.versions), true));
    this.#timers.set("handshake", millis(this.#now + this.#options.handshakeTimeoutMs));
  }

  #received(bytes: Uint8Array): void {
    this.#timers.set("idle", millis(this.#now + this.#options.idleProbeMs));
    this.#timers.clear("dead");
    this.#framer.push(bytes);
    for (let message = this.#framer.next(); message !== undefined; message = this.#framer.next()) {
      if (!message.ok) return this.#close(sessionError("PROTOCOL", message.error.message));
      this.#message(message.value);
      if (this.#state === "closed") return;
    }
  }

  #message(message: Uint8Array): void {
    const [version = 0, type = 0] = message;
    const xid = new DataView(message.buffer, message.byteOffset).getUint32(4);
    if (this.#state === "hello") return this.#hello(message, type);
    if (version !== this.#version) {
      return this.#close(
        sessionError("PROTOCOL", `Cannot read a message of version ${version}: ${this.#version} was agreed`),
      );
    }
    switch (type) {
      case MESSAGE_TYPE.echoRequest:
        return this.#echo(message.slice(8), xid);
      case MESSAGE_TYPE.error:
        return this.#error(message, xid);
      case MESSAGE_TYPE.featuresReply:
        return this.#features(message);
      case MESSAGE_TYPE.multipartReply:
        return this.#multipart(message, xid);
      case MESSAGE_TYPE.barrierReply:
      case MESSAGE_TYPE.bundleControl:
        return this.#reply(xid);
      case MESSAGE_TYPE.roleReply:
        return this.#role(message, xid);
      case MESSAGE_TYPE.portStatus: {
        const status = parsePortStatus(message);
        return status.ok ? this.#event({ kind: "port-status", status: status.value }) : this.#bad(status.error.message);
      }
      case MESSAGE_TYPE.packetIn: {
        const packet = parsePacketIn(message);
        return packet.ok ? this.#event({ kind: "packet-in", packet: packet.value }) : this.#bad(packet.error.message);
      }
      default:
    }
  }

  #hello(message: Uint8Array, type: number): void {
    if (type !== MESSAGE_TYPE.hello) {
      const refusal = type === MESSAGE_TYPE.error ? parseErrorMessage(message) : undefined;
      const why = refusal?.ok === true ? refusal.value.error.name : `message type ${type}`;
      return this.#close(sessionError("PROTOCOL", `Cannot agree on a version: the switch began with ${why}`));
    }
    const chosen = chooseVersion(this.#options.versions, parseHelloVersions(message));
    if (chosen === undefined) {
      const text = `offered ${this.#options.versions.join(", ")}, the switch speaks others`;
      return this.#close(sessionError("VERSION", `Cannot agree on a version: ${text}`));
    }
    this.#version = chosen;
    this.#state = "features";
    this.#sendHeader(MESSAGE_TYPE.featuresRequest, this.#takeXids(1));
  }

  #features(message: Uint8Array): void {
    if (this.#state !== "features") return;
    const features = parseFeatures(message);
    if (!features.ok) return this.#bad(features.error.message);
    this.#state = "ready";
    this.#timers.clear("handshake");
    this.#outputs.push({ kind: "ready", version: this.#version, features: features.value });
  }

  #echo(payload: Uint8Array, xid: number): void {
    this.#send((buffer, version) => {
      const start = buffer.beginMessage(version, MESSAGE_TYPE.echoReply, xid);
      buffer.bytes(payload);
      buffer.endMessage(start);
      return true;
    });
  }

  #request(id: number, request: SessionRequest, timeoutMs: number): void {
    const refuse = (code: SessionError["code"], message: string): void =>
      this.#answer(id, err(sessionError(code, message)));
    if (this.#state !== "ready")
      return refuse("DISCONNECTED", `Cannot send ${request.kind} as the session is ${this.#state}`);
    if (this.#pending.size >= this.#options.pendingMax) {
      return refuse("BUSY", `Cannot send ${request.kind} as ${this.#pending.size} requests wait for answers`);
    }
    const deadline = millis(this.#now + timeoutMs);
    if (request.kind === "bundle" || request.kind === "messages") {
      const { source } = request;
      if (source.count > MESSAGES_MAX)
        return refuse("TOO_LARGE", `Cannot send ${source.count} messages: ${MESSAGES_MAX} is the most`);
      if (source.count === 0) return this.#answer(id, ok({ kind: "done" }));
      return this.#startRun({ id, request, timeoutMs, deadline });
    }
    const xid = this.#takeXids(1);
    const common = { id, kind: request.kind, xid, timeoutMs, deadline };
    if (request.kind === "barrier") this.#sendHeader(MESSAGE_TYPE.barrierRequest, xid);
    else if (request.kind === "role") {
      this.#send((buffer, version) => (encodeRoleRequest(buffer, { version, xid }, request.role), true));
    } else {
      this.#send((buffer, version) => (encodeMultipartRequest(buffer, { version, xid }, request), true));
      const assembly = new MultipartAssembly(request.kind, this.#options.multipartSizeBytesMax);
      this.#pending.set(xid, { ...common, assembly });
      return;
    }
    this.#pending.set(xid, common);
  }

  #startRun(start: {
    readonly id: number;
    readonly request: Extract<SessionRequest, { kind: "bundle" | "messages" }>;
    readonly timeoutMs: number;
    readonly deadline: Millis;
  }): void {
    const { id, request, timeoutMs, deadline } = start;
    const xid = this.#takeXids(MessageRun.xidCount(request.source.count));
    const flags = request.kind === "bundle" ? (request.flags ?? BUNDLE_FLAG.atomic | BUNDLE_FLAG.ordered) : 0;
    const bundle = request.kind === "bundle" ? { id: this.#nextBundle, flags } : undefined;
    if (bundle !== undefined) this.#nextBundle = (this.#nextBundle % XID_MAX) + 1;
    const commitAtOnce = request.kind === "bundle" && request.commitAtOnce === true;
    const run = new MessageRun(request.source, xid, bundle, commitAtOnce);
    const pending: Pending = { id, kind: request.kind, xid, timeoutMs, deadline, run };
    this.#pending.set(xid, pending);
    this.#runs.push(pending);
    this.#send((buffer, version) => {
      pending.deadline = millis(this.#now + timeoutMs);
      return run.encodeSome(buffer, version, this.#options.batchSizeBytes);
    });
  }

  #multipart(message: Uint8Array, xid: number): void {
    const pending = this.#pending.get(xid);
    const part = parseMultipartReply(message);
    if (!part.ok) return this.#bad(part.error.message);
    if (pending?.assembly === undefined) return;
    pending.deadline = millis(this.#now + pending.timeoutMs);
    const added = pending.assembly.add(part.value, this.#version);
    if (!added.ok) {
      const code = added.error.code === "TOO_MANY" ? "TOO_LARGE" : "PROTOCOL";
      this.#finish(pending, err(sessionError(code, added.error.message)));
    } else if (added.value) this.#finish(pending, ok(pending.assembly.reply()));
  }

  #role(message: Uint8Array, xid: number): void {
    const pending = this.#pending.get(xid);
    const role = parseRoleReply(message);
    if (pending?.kind !== "role") return;
    this.#finish(
      pending,
      role.ok ? ok({ kind: "role", role: role.value }) : err(sessionError("PROTOCOL", role.error.message)),
    );
  }

  #reply(xid: number): void {
    const pending = this.#pending.get(xid);
    if (pending?.kind === "barrier") return this.#finish(pending, ok({ kind: "done" }));
    const owner = this.#ownerOf(xid);
    if (owner !== undefined) this.#progress(owner.pending, owner.run.handleReply(xid));
  }

  #error(message: Uint8Array, xid: number): void {
    const parsed = parseErrorMessage(message);
    if (!parsed.ok) return this.#bad(parsed.error.message);
    const { error } = parsed.value;
    const owner = this.#ownerOf(xid);
    if (owner !== undefined) return this.#progress(owner.pending, owner.run.handleError(xid, error));
    const pending = this.#pending.get(xid);
    if (pending === undefined) return this.#event({ kind: "stray-error", xid, error });
    const text = `Cannot do ${pending.kind} as the switch refused: ${error.name}, ${error.text}`;
    this.#finish(pending, err(sessionError("REFUSED", text, { error })));
  }

  #ownerOf(xid: number): { readonly pending: Pending; readonly run: MessageRun } | undefined {
    for (const pending of this.#runs) if (pending.run?.owns(xid) === true) return { pending, run: pending.run };
    return undefined;
  }

  #progress(pending: Pending, progress: RunProgress): void {
    const { run } = pending;
    if (run === undefined) return;
    pending.deadline = millis(this.#now + pending.timeoutMs);
    if (progress === "send") this.#send((buffer, version) => (run.encodeVerdict(buffer, version), true));
    if (progress !== "finished") return;
    const result = run.result();
    this.#finish(pending, result.ok ? ok({ kind: "done" }) : result);
  }

  #finish(pending: Pending, result: Result<SessionReply, SessionError>): void {
    this.#pending.delete(pending.xid);
    const index = this.#runs.indexOf(pending);
    if (index >= 0) this.#runs.splice(index, 1);
    this.#answer(pending.id, result);
  }

  #timeout(): void {
    for (let name = this.#timers.expire(this.#now); name !== undefined; name = this.#timers.expire(this.#now)) {
      if (name === "handshake")
        return this.#close(sessionError("TIMEOUT", "Cannot begin as the switch did not answer hello and features"));
      if (name === "dead")
        return this.#close(sessionError("TIMEOUT", "Cannot go on as the switch does not answer an echo"));
      this.#sendHeader(MESSAGE_TYPE.echoRequest, this.#takeXids(1));
      this.#timers.set("dead", millis(this.#now + this.#options.probeTimeoutMs));
    }
    for (const pending of this.#pending.values()) {
      if (pending.deadline > this.#now) continue;
      const text = `Cannot finish ${pending.kind} as the switch did not answer for ${pending.timeoutMs} ms`;
      this.#finish(pending, err(sessionError("TIMEOUT", text)));
      if (pending.run !== undefined) return this.#close(sessionError("TIMEOUT", `${text}; its outcome is unknown`));
    }
  }

  #bad(message: string): void {
    this.#close(sessionError("PROTOCOL", message));
  }

  #close(error: SessionError): void {
    this.#state = "closed";
    for (const name of ["handshake", "idle", "dead"] as const) this.#timers.clear(name);
    this.#sends.clear();
    for (const pending of this.#pending.values()) this.#finish(pending, err(error));
    this.#outputs.push({ kind: "close", error });
  }

  #answer(id: number, result: Result<SessionReply, SessionError>): void {
    this.#outputs.push({ kind: "answer", id, result });
  }

  #event(event: SessionOutput): void {
    if (!this.#events.push(event)) this.#eventsDropped++;
  }

  #sendHeader(type: number, xid: number): void {
    this.#send((buffer, version) => (buffer.endMessage(buffer.beginMessage(version, type, xid)), true));
  }

  #send(send: Send): void {
    if (!this.#sends.push(send))
      this.#close(sessionError("PROTOCOL", "Cannot go on as the switch asks faster than it reads"));
  }

  #takeXids(count: number): number {
    if (this.#nextXid + count > XID_MAX) this.#nextXid = 1;
    const first = this.#nextXid;
    this.#nextXid += count;
    return first;
  }
}
