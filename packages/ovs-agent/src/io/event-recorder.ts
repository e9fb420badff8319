// Tells people what happened, as Events (core/v1), where the API server serves them. Never in the way of anything.
import { NETWORK_API_VERSION } from "@coracle/api";
import { formatMicroTime, Ring } from "@coracle/base";
import { type KubeObject, StatusError } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import type { Logger } from "@coracle/lifecycle";
import type { LocalView } from "../core/attachment-fields.ts";

/** One Event. */
export interface RecordedEvent {
  readonly view: LocalView;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

const EVENTS = { group: "", version: "v1", resource: "events" } as const;
const WAITING_MAX = 1000;
const MESSAGE_LENGTH_MAX = 1024;

/** Sends Events one after the other; drops them when too many wait, and for good when the server does not want them. */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #log: Logger;
  readonly #node: string;
  readonly #waiting = new Ring<RecordedEvent>(WAITING_MAX);
  #isSending = false;
  #isUnwanted = false;
  #dropped = 0;

  constructor(options: { readonly client: KubeClient; readonly log: Logger; readonly node: string }) {
    this.#client = options.client;
    this.#log = options.log;
    this.#node = options.node;
  }

  /** Events that were not sent. */
  get dropped(): number {
    return this.#dropped;
  }

  record(event: RecordedEvent, signal: AbortSignal): void {
    if (this.#isUnwanted || !this.#waiting.push(event)) this.#dropped++;
    else if (!this.#isSending) void this.#send(signal);
  }

  async #send(signal: AbortSignal): Promise<void> {
    this.#isSending = true;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      try {
        await this.#client.create(EVENTS, this.#toObject(event), { signal });
      } catch (error) {
        this.#dropped++;
        if (signal.aborted) break;
        this.#judge(error);
      }
    }
    this.#isSending = false;
  }

  #judge(error: unknown): void {
    const code = error instanceof StatusError ? error.httpCode : 0;
    // 404 is also a namespace that is going away.
    const isUnwanted =
      code === 403 || code === 405 || (error instanceof StatusError && error.reason === "" && code === 404);
    if (!isUnwanted) return;
    this.#isUnwanted = true;
    this.#waiting.clear();
    this.#log.warning("Events are not sent any more: the API server does not take them", { httpCode: code });
  }

  #toObject({ view, type, reason, message }: RecordedEvent): KubeObject {
    const time = formatMicroTime(this.#client.clock.wallMs());
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { generateName: `${view.name.slice(0, 200)}.`, namespace: view.namespace },
      involvedObject: {
        apiVersion: NETWORK_API_VERSION,
        kind: "NetworkAttachment",
        namespace: view.namespace,
        name: view.name,
        uid: view.uid,
        resourceVersion: view.resourceVersion,
      },
      type,
      reason,
      action: reason,
      message: message.slice(0, MESSAGE_LENGTH_MAX),
      eventTime: time,
      reportingComponent: "coracle.dev/ovs-agent",
      reportingInstance: this.#node.slice(0, 128),
    };
  }
}
