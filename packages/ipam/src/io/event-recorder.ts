// Reports what happened as Kubernetes Events: one after the other, never in the way of the work, dropped when they pile up.
import { type Clock, formatTime, Ring } from "@coracle/base";
import type { GroupVersionResource, KubeObject } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";

const EVENTS: GroupVersionResource = { group: "", version: "v1", resource: "events" };
const WAITING_MAX = 1024;
const COMPONENT = "coracle-ipam";

/** One report. */
export interface EventReport {
  readonly kind: "NetworkAttachment" | "Subnet";
  readonly apiVersion: string;
  readonly object: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly type: "Normal" | "Warning";
  /** One word for programs. */
  readonly reason: string;
  readonly message: string;
}

/** Sends reports. A lost one is not missed: the status says the same. */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #waiting: Ring<EventReport> = new Ring(WAITING_MAX);
  #isSending = false;
  #dropped = 0;
  #sent = 0;

  constructor(client: KubeClient, options: { readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#client = client;
    this.#clock = options.clock;
    this.#signal = options.signal;
  }

  /** Reports that were not sent, because too many waited or the server did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  get sent(): number {
    return this.#sent;
  }

  report(report: EventReport): void {
    if (!this.#waiting.push(report)) this.#dropped++;
    if (!this.#isSending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (let report = this.#waiting.shift(); report !== undefined; report = this.#waiting.shift()) {
      if (this.#signal.aborted) break;
      try {
        await this.#client.create(EVENTS, this.#eventOf(report), { signal: this.#signal });
        this.#sent++;
      } catch {
        this.#dropped++;
      }
    }
    this.#isSending = false;
  }

  #eventOf({ kind, apiVersion, object, type, reason, message }: EventReport): KubeObject {
    const time = formatTime(this.#clock.wallMs());
    const { namespace, name, uid } = object;
    const suffix = Math.floor(this.#client.random.next() * 2 ** 48).toString(16);
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { namespace, name: `${name.slice(0, 236)}.${suffix}` },
      involvedObject: { apiVersion, kind, namespace, name, uid },
      type,
      reason,
      message,
      source: { component: COMPONENT },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
  }
}
