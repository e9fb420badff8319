// The built-in CoAP server (RFC 7252) on DTLS sessions: one message a record, answers piggybacked.
import { formatIp, type Millis } from "@coracle/base";
import { formatEndpoint } from "@coracle/cluster";
import type { SessionId } from "@coracle/dtls";
import { generate, type Option, parse, type ParsedPacket } from "coap-packet";
import type { ProcessCounters } from "../core/process-counters.ts";
import { answerRequest, type ResourceAnswer, type ResourceFacts, type ResourceRequest } from "../core/resources.ts";
import type { Application, ApplicationCounts, DescribeSession, DeviceSession, Reply } from "./application.ts";
import { hexText, identityText } from "./identity-text.ts";

/** What the application tells of itself. */
export interface CoapApplicationOptions {
  readonly nodeId: number;
  /** Name and version of this program. */
  readonly server: string;
  readonly reply: Reply;
  readonly describe: DescribeSession;
  /** For the resource `diagnose`. */
  readonly sessionsMax: number;
  readonly counters: ProcessCounters;
}

/** Options with odd numbers are critical: those that the codec has names for, and that we do not serve (RFC 7252 §5.4.1). */
const REFUSED_OPTIONS: ReadonlySet<string | number> = new Set([
  "If-Match",
  "If-None-Match",
  "OSCORE",
  "Block2",
  "Block1",
  "Q-Block1",
  "Q-Block2",
  "Proxy-Uri",
  "Proxy-Scheme",
  "OCF-Accept-Content-Format-Version",
  "OCF-Content-Format-Version",
]);
/** What the codec calls an option that it has no name for. */
const UNKNOWN_CRITICAL = /^\d*[13579]$/;
const METHODS: Readonly<Record<string, string>> = {
  "0.01": "GET",
  "0.02": "POST",
  "0.03": "PUT",
  "0.04": "DELETE",
  "0.05": "FETCH",
};

const BAD_OPTION: ResourceAnswer = { code: "4.02", format: undefined, payload: new Uint8Array(0) };

/** The option for each of the few formats that there are. */
const CONTENT_FORMATS: Map<number, Option> = new Map();

/**
 * Answers requests at once. It keeps no message ids: DTLS refuses replayed records, and to serve a repeated request of these
 * resources twice does no harm (RFC 7252 §4.5).
 */
export class CoapApplication implements Application {
  readonly name = "coap";
  readonly #options: CoapApplicationOptions;
  readonly #counts = { requests: 0, malformed: 0, ignored: 0, pings: 0 };
  #messageId = 0;

  constructor(options: CoapApplicationOptions) {
    this.#options = options;
  }

  receive(session: SessionId, bytes: Uint8Array): void {
    const message = parsed(bytes);
    if (message === undefined) this.#counts.malformed++;
    else if (message.ack || message.reset) this.#counts.ignored++;
    else if (message.code === "0.00") this.#onEmpty(session, message);
    else if (METHODS[message.code] === undefined) this.#counts.ignored++;
    else this.#onRequest(session, message);
  }

  ended(): void {
    // Nothing is kept for a session.
  }

  counts(): ApplicationCounts {
    return this.#counts;
  }

  levels(): ApplicationCounts {
    return {};
  }

  tick(now: Millis): void {
    this.#options.counters.tick(now);
  }

  close(): void {
    // Nothing is open.
  }

  /** An empty confirmable message is a ping, answered with a reset (RFC 7252 §4.3). */
  #onEmpty(session: SessionId, message: ParsedPacket): void {
    if (!message.confirmable) {
      this.#counts.ignored++;
      return;
    }
    this.#counts.pings++;
    this.#options.reply(session, generate({ code: "0.00", reset: true, messageId: message.messageId }));
  }

  #onRequest(session: SessionId, message: ParsedPacket): void {
    const request = requestOf(message);
    // With an option that is critical and unknown a request is refused, or ignored if nobody waits for an answer (RFC 7252 §5.4.1).
    if (request === undefined && !message.confirmable) {
      this.#counts.ignored++;
      return;
    }
    this.#counts.requests++;
    const answer = request === undefined ? BAD_OPTION : this.#answer(session, request);
    const options = answer.format === undefined ? [] : [contentFormat(answer.format)];
    const { confirmable, token, messageId } = message;
    // Copied: to ask a small array for its buffer costs four times as much.
    const payload = Buffer.from(answer.payload);
    const response = { code: answer.code, token, options, payload };
    this.#options.reply(
      session,
      confirmable
        ? generate({ ...response, ack: true, messageId })
        : generate({ ...response, confirmable: false, messageId: this.#nextMessageId() }),
    );
  }

  #answer(session: SessionId, request: ResourceRequest): ResourceAnswer {
    const { describe, counters, nodeId, sessionsMax } = this.#options;
    return answerRequest(request, {
      facts: () => {
        const device = describe(session);
        return device && this.#facts(device);
      },
      diagnosis: () => ({ nodeId, sessionsMax, ...counters.total() }),
    });
  }

  #facts(device: DeviceSession): ResourceFacts {
    const { client, router } = device;
    const { address } = client;
    return {
      clientHost: formatIp({ family: address.length === 4 ? 4 : 6, bytes: address }),
      clientPort: client.port,
      nodeId: this.#options.nodeId,
      identity: identityText(device.identity),
      cipherSuite: `TLS_${device.suite}`,
      readCid: hexText(device.ownCid),
      writeCid: hexText(device.peerCid),
      extendedMasterSecret: device.usesExtendedMasterSecret,
      router: router === undefined ? "" : formatEndpoint(router),
      server: this.#options.server,
    };
  }

  #nextMessageId(): number {
    this.#messageId = (this.#messageId + 1) & 0xffff;
    return this.#messageId;
  }
}

function parsed(bytes: Uint8Array): ParsedPacket | undefined {
  try {
    return parse(Buffer.from(bytes));
  } catch {
    return undefined;
  }
}

/** `undefined` if a critical option is not understood. */
function requestOf(message: ParsedPacket): ResourceRequest | undefined {
  const path: string[] = [];
  const queries: string[] = [];
  let accept: number | undefined;
  for (const { name, value } of message.options) {
    if (name === "Uri-Path") path.push(value.toString("utf8"));
    else if (name === "Uri-Query") queries.push(value.toString("utf8"));
    else if (name === "Accept") accept = value.length === 0 ? 0 : value.readUIntBE(0, Math.min(value.length, 2));
    else if (name === "Block2" && isFirstBlock(value)) continue;
    else if (isRefused(name)) return undefined;
  }
  const method = METHODS[message.code] ?? "";
  return { method, path: path.join("/"), queries, payload: message.payload, accept };
}

/** A wish for blocks from the first on is met by an answer that needs none. */
function isFirstBlock(value: Uint8Array): boolean {
  return value.length <= 1 && (value[0] ?? 0) < 0x10;
}

function isRefused(name: string | number): boolean {
  return REFUSED_OPTIONS.has(name) || UNKNOWN_CRITICAL.test(String(name));
}

/** The option of a content format; formats are below 256, so a CoAP uint of one byte at most (RFC 7252 §3.2). */
function contentFormat(format: number): Option {
  let option = CONTENT_FORMATS.get(format);
  if (option === undefined) {
    option = { name: "Content-Format", value: format === 0 ? Buffer.alloc(0) : Buffer.from([format]) };
    CONTENT_FORMATS.set(format, option);
  }
  return option;
}
