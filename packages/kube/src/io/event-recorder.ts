// Tells people what happened, as Events (core/v1 in the form of events.k8s.io/v1). Never in the way of anything.
import { formatMicroTime, type Millis, millis, Ring } from "@coracle/base";
import { type GroupVersionResource, type KubeObject, StatusError } from "../mod.ts";
import type { KubeClient } from "./kube-client.ts";

const EVENTS: GroupVersionResource = { group: "", version: "v1", resource: "events" };
const WAITING_MAX = 1024;
/** Rights may come later than the program that needs them. */
const REFUSED_PAUSE_MS = 300_000;
const NAME_LENGTH_MAX = 236;
const INSTANCE_LENGTH_MAX = 128;
const MESSAGE_LENGTH_MAX = 1024;

/** What an Event is about (core/v1 ObjectReference). */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string;
}

/** One Event. */
export interface EventReport {
  readonly subject: EventSubject;
  readonly type: "Normal" | "Warning";
  /** One word for programs, at most 128 characters. */
  readonly reason: string;
  /** For people; cut at 1024 characters. */
  readonly message: string;
}

/** What an {@link EventRecorder} needs. */
export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, "create" | "clock" | "random">;
  /** Qualified name of the program, like `coracle.dev/ipam`. */
  readonly component: string;
  /** Which of its instances; cut at 128 characters. */
  readonly instance: string;
  readonly signal: AbortSignal;
  /** The server does not take Events, and none is sent for five minutes. */
  readonly onRefused?: (error: StatusError) => void;
}

/** Sends Events one after the other. A lost one is not missed: the status of its subject says the same. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #waiting: Ring<EventReport> = new Ring(WAITING_MAX);
  #pausedUntil: Millis | undefined;
  #isSending = false;
  #sent = 0;
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  get sent(): number {
    return this.#sent;
  }

  /** Events that were not sent: too many waited, or the server did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Sends it some time soon, or drops it. */
  record(report: EventReport): void {
    if (this.#isPaused() || !this.#waiting.push(report)) this.#dropped++;
    else if (!this.#isSending) void this.#sendAll();
  }

  #isPaused(): boolean {
    if (this.#pausedUntil === undefined) return false;
    if (this.#options.client.clock.now() < this.#pausedUntil) return true;
    this.#pausedUntil = undefined;
    return false;
  }

  async #sendAll(): Promise<void> {
    const { client, signal } = this.#options;
    this.#isSending = true;
    for (let report = this.#waiting.shift(); report !== undefined; report = this.#waiting.shift()) {
      try {
        await client.create(EVENTS, this.#objectOf(report), { signal });
        this.#sent++;
      } catch (error) {
        this.#dropped++;
        if (signal.aborted) break;
        if (isRefusal(error)) this.#pause(error);
      }
    }
    this.#isSending = false;
  }

  #pause(error: StatusError): void {
    this.#dropped += this.#waiting.size;
    this.#waiting.clear();
    this.#pausedUntil = millis(this.#options.client.clock.now() + REFUSED_PAUSE_MS);
    this.#options.onRefused?.(error);
  }

  #objectOf({ subject, type, reason, message }: EventReport): KubeObject {
    const { client, component, instance } = this.#options;
    const { namespace, name } = subject;
    const suffix = Math.floor(client.random.next() * 2 ** 48).toString(16);
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { namespace, name: `${name.slice(0, NAME_LENGTH_MAX).replace(/[-.]+$/, "")}.${suffix}` },
      involvedObject: { ...subject },
      type,
      reason,
      action: reason,
      message: message.slice(0, MESSAGE_LENGTH_MAX),
      eventTime: formatMicroTime(client.clock.wallMs()),
      reportingComponent: component,
      reportingInstance: instance.slice(0, INSTANCE_LENGTH_MAX),
    };
  }
}

/** The server does not let this program, or does not serve Events at all: a 404 of no API server has no reason. */
function isRefusal(error: unknown): error is StatusError {
  if (!(error instanceof StatusError)) return false;
  const { httpCode, reason } = error;
  return httpCode === 403 || httpCode === 405 || (httpCode === 404 && reason === "");
}
