// Messages on their way: a bundle as a transaction, or plain messages closed by a barrier. Errors find their index by xid.
import { err, ok, type Result } from "@coracle/base";
import { beginBundleAdd, BUNDLE_CONTROL, type BundleIdentity, encodeBundleControl } from "../wire/bundle.ts";
import type { OpenflowError } from "../wire/error-message.ts";
import type { MessageBuffer } from "../wire/message-buffer.ts";
import { MESSAGE_TYPE, OPENFLOW_15, type OpenflowVersion } from "../wire/version.ts";
import type { MessageSource } from "./message-source.ts";
import { type MessageFailure, type SessionError, sessionError } from "./session-error.ts";

const FAILURES_MAX = 1000;

/** What a run says after a reply: nothing yet, send the last message, or finished. */
export type RunProgress = "waiting" | "send" | "finished";

/**
 * A run owns the xids `firstXid` (open), then one for each message, then close (or barrier), then commit or discard.
 * A switch applies a bundle without the messages it could not read, so commit is sent only once the close is answered
 * and no message was refused; else the bundle is discarded. Unless the commit is to go at once, behind the close.
 */
export class MessageRun {
  readonly firstXid: number;
  readonly #source: MessageSource;
  readonly #bundle: BundleIdentity | undefined;
  readonly #failures: MessageFailure[] = [];
  readonly #commitAtOnce: boolean;
  /** One for all messages. */
  readonly #header: { version: OpenflowVersion; xid: number };
  #nextOffset = 0;
  #isCommitted = false;
  #refusal: OpenflowError | undefined;
  #verdict: "none" | "commit" | "discard" = "none";

  constructor(
    source: MessageSource,
    firstXid: number,
    bundle: BundleIdentity | undefined,
    commitAtOnce: boolean = false,
  ) {
    this.#source = source;
    this.firstXid = firstXid;
    this.#bundle = bundle;
    this.#commitAtOnce = commitAtOnce && bundle !== undefined;
    this.#header = { version: OPENFLOW_15, xid: firstXid };
  }

  /** How many xids a run over `count` messages owns. */
  static xidCount(count: number): number {
    return count + 3;
  }

  /** True if this xid belongs to the run. */
  owns(xid: number): boolean {
    return xid >= this.firstXid && xid < this.firstXid + MessageRun.xidCount(this.#source.count);
  }

  /** Encodes until the buffer holds `sizeBytes` or nothing is left before an answer; true when nothing is left. */
  encodeSome(buffer: MessageBuffer, version: OpenflowVersion, sizeBytes: number): boolean {
    const last = this.#source.count + (this.#commitAtOnce ? 2 : 1);
    while (this.#nextOffset <= last) {
      if (buffer.size >= sizeBytes) return false;
      this.#encodeAt(this.#nextOffset, buffer, version);
      this.#nextOffset++;
    }
    return true;
  }

  /** Encodes the commit or discard after {@link handleReply} or {@link handleError} answered `send`. */
  encodeVerdict(buffer: MessageBuffer, version: OpenflowVersion): void {
    const type = this.#verdict === "commit" ? BUNDLE_CONTROL.commitRequest : BUNDLE_CONTROL.discardRequest;
    this.#control(type, this.#source.count + 2, { buffer, version });
  }

  /** The switch answered one of the run's control messages or its barrier. */
  handleReply(xid: number): RunProgress {
    const offset = xid - this.firstXid;
    if (offset === this.#source.count + 2) {
      this.#isCommitted = this.#verdict !== "discard";
      return "finished";
    }
    if (offset !== this.#source.count + 1 || this.#commitAtOnce) return "waiting";
    return this.#bundle === undefined ? "finished" : this.#decide();
  }

  /** The switch refused one of the run's messages. */
  handleError(xid: number, error: OpenflowError): RunProgress {
    const offset = xid - this.firstXid;
    if (offset >= 1 && offset <= this.#source.count) {
      if (this.#failures.length < FAILURES_MAX) this.#failures.push({ index: offset - 1, error });
      return "waiting";
    }
    if (this.#verdict !== "discard") this.#refusal ??= error;
    if (offset === 0) return "waiting";
    if (this.#commitAtOnce) return offset === this.#source.count + 2 ? "finished" : "waiting";
    return offset === this.#source.count + 1 && this.#bundle !== undefined ? this.#decide() : "finished";
  }

  /** The outcome, once finished. */
  result(): Result<undefined, SessionError> {
    const failures = this.#failures;
    const error = failures[0]?.error ?? this.#refusal;
    if (error === undefined) return ok(undefined);
    const which = failures[0] === undefined ? "" : ` at message ${failures[0].index} of ${this.#source.count}`;
    const what = this.#bundle === undefined ? "apply messages" : "commit a bundle";
    return err(
      sessionError("REFUSED", `Cannot ${what} as the switch refused${which}: ${error.name}, ${error.text}`, {
        error,
        failures,
        ...(this.#isCommitted ? { isPartial: true } : {}),
      }),
    );
  }

  #decide(): RunProgress {
    this.#verdict = this.#failures.length === 0 && this.#refusal === undefined ? "commit" : "discard";
    return "send";
  }

  #encodeAt(offset: number, buffer: MessageBuffer, version: OpenflowVersion): void {
    const xid = this.firstXid + offset;
    const { count } = this.#source;
    const header = this.#header;
    header.version = version;
    header.xid = xid;
    if (this.#bundle === undefined) {
      if (offset >= 1 && offset <= count) this.#source.encode(offset - 1, buffer, header);
      else if (offset > count) buffer.endMessage(buffer.beginMessage(version, MESSAGE_TYPE.barrierRequest, xid));
      return;
    }
    if (offset === 0) return this.#control(BUNDLE_CONTROL.openRequest, 0, { buffer, version });
    if (offset > count) {
      const type = offset === count + 1 ? BUNDLE_CONTROL.closeRequest : BUNDLE_CONTROL.commitRequest;
      return this.#control(type, offset, { buffer, version });
    }
    const start = beginBundleAdd(buffer, header, this.#bundle);
    this.#source.encode(offset - 1, buffer, header);
    buffer.endMessage(start);
  }

  #control(type: number, offset: number, into: { buffer: MessageBuffer; version: OpenflowVersion }): void {
    const bundle = this.#bundle ?? { id: 0, flags: 0 };
    encodeBundleControl(into.buffer, { version: into.version, xid: this.firstXid + offset }, { ...bundle, type });
  }
}
