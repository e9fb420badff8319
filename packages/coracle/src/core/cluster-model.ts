// The sample DTLS cluster as `up` sees it: totals that survive restarts, rates, who lives, and what is worth telling.
import type { ClusterSample, DevicesSample, RouterSample } from "./cluster-sample.ts";
import { CounterTotals } from "./counter-totals.ts";

/** Something worth a line. */
export interface ClusterNews {
  readonly event: string;
  readonly text: string;
}

/** One router as it stands; counts are since the start of `up`. */
export interface RouterRow {
  readonly router: number;
  /** As the heartbeats see it: `alive`, `suspect`, `dead`; `unknown` before they do. */
  readonly liveness: string;
  readonly served: number;
  readonly forwarded: number;
  readonly backwarded: number;
  readonly handshakes: number;
  readonly sessions: number;
  /** False while it does not tell its numbers: what is shown is older, or nothing. */
  readonly isTelling: boolean;
}

/** The cluster as it stands; counts are since the start of `up`. */
export interface ClusterView {
  readonly routers: readonly RouterRow[];
  readonly membersAlive: number;
  readonly devices: number;
  readonly connected: number;
  readonly requests: number;
  readonly answered: number;
  readonly requestsPerSecond: number;
  /** Of the answers of the last moments; `undefined` when there were none. */
  readonly latencyMs: number | undefined;
  readonly retransmissions: number;
  readonly addressChanges: number;
  /** Milliseconds since the newest change of an address; `undefined` before the first. */
  readonly sinceAddressChangeMs: number | undefined;
  /** Requests that got no answer after all their repetitions. */
  readonly requestsLost: number;
  /** What routers dropped, by cause. */
  readonly recordsDropped: Readonly<Record<string, number>>;
  /** Both together: 0 unless something broke. */
  readonly lost: number;
}

/** Rates are of this long. */
const RATE_WINDOW_MS = 5000;
/** Looks that rates are made of: more often than that nobody looks. */
const MOMENTS_MAX = 64;
/** A router that did not tell its numbers for so long is shown to be silent. */
const SILENT_MS = 5000;
/** Losses come in swarms: they are told together. */
const LOST_AGAIN_MS = 10_000;

interface Moment {
  readonly wallMs: number;
  readonly answered: number;
  readonly latencySeconds: number;
}

/** The model. Routers have the node ids 1 to `routers`. */
export class ClusterModel {
  readonly #routerIds: readonly number[];
  readonly #devices: number;
  readonly #totals = new CounterTotals();
  readonly #sessions = new Map<number, number>();
  readonly #liveness = new Map<number, string>();
  readonly #toldMs = new Map<number, number>();
  readonly #causes = new Set<string>();
  readonly #news: ClusterNews[] = [];
  readonly #moments: Moment[] = [];
  #connected = 0;
  #wasComplete = false;
  #addressChangedMs: number | undefined;
  #wallMs = 0;
  #lostTold = 0;
  #lostToldMs = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly routers: number; readonly devices: number }) {
    this.#routerIds = Array.from({ length: options.routers }, (_, index) => index + 1);
    this.#devices = options.devices;
  }

  /** Takes in one look. */
  take(sample: ClusterSample): void {
    this.#wallMs = sample.wallMs;
    for (const id of this.#routerIds) this.#takeRouter(id, sample.routers.get(id));
    this.#takeDevices(sample.devices, sample.wallMs);
    this.#takeAddressChanges(sample.addressChanges, sample.wallMs);
    for (const { nodeId, liveness } of sample.nodes ?? []) this.#takeLiveness(nodeId, liveness);
    this.#tellLosses(sample.wallMs);
  }

  /** The next news. */
  pollNews(): ClusterNews | undefined {
    return this.#news.shift();
  }

  /** Everything as it stands. */
  view(): ClusterView {
    const routers = this.#routerIds.map((id) => this.#row(id));
    return {
      routers,
      membersAlive: routers.filter(({ liveness }) => liveness === "alive").length,
      devices: this.#devices,
      connected: this.#connected,
      requests: this.#totals.get("requests"),
      answered: this.#totals.get("answered"),
      ...this.#rates(),
      retransmissions: this.#totals.get("retransmissions"),
      addressChanges: this.#totals.get("address changes"),
      sinceAddressChangeMs:
        this.#addressChangedMs === undefined ? undefined : Math.max(0, this.#wallMs - this.#addressChangedMs),
      requestsLost: this.#totals.get("lost"),
      recordsDropped: Object.fromEntries(this.#drops()),
      lost: this.#lost(),
    };
  }

  #takeRouter(id: number, sample: RouterSample | undefined): void {
    this.#sessions.set(id, sample?.sessions ?? 0);
    if (sample === undefined) return;
    this.#toldMs.set(id, this.#wallMs);
    const { served, forwarded, backwarded, handshakes, drops } = sample;
    for (const [name, value] of Object.entries({ served, forwarded, backwarded, handshakes })) {
      this.#totals.take(`${name} ${id}`, value);
    }
    for (const [cause, value] of drops) {
      this.#causes.add(cause);
      this.#totals.take(`drops ${id} ${cause}`, value);
    }
  }

  #takeDevices(sample: DevicesSample | undefined, wallMs: number): void {
    this.#connected = sample?.connected ?? 0;
    if (sample === undefined) return;
    const { requests, answered, lost, retransmissions, latencySeconds } = sample;
    for (const [name, value] of Object.entries({ requests, answered, lost, retransmissions, latencySeconds })) {
      this.#totals.take(name, value);
    }
    this.#remember(wallMs);
    const isComplete = this.#connected === this.#devices;
    if (isComplete && !this.#wasComplete) {
      this.#news.push({ event: "devices", text: `all ${this.#devices} devices are connected` });
    }
    this.#wasComplete = isComplete;
  }

  #takeAddressChanges(count: number | undefined, wallMs: number): void {
    if (count === undefined) return;
    const before = this.#totals.get("address changes");
    this.#totals.take("address changes", count);
    if (this.#totals.get("address changes") > before) this.#addressChangedMs = wallMs;
  }

  #takeLiveness(id: number, liveness: string): void {
    const before = this.#liveness.get(id);
    if (before === liveness || !this.#routerIds.includes(id)) return;
    this.#liveness.set(id, liveness);
    if (before !== undefined)
      this.#news.push({ event: "member", text: `router ${id} is ${liveness}, say the heartbeats` });
  }

  #tellLosses(wallMs: number): void {
    const lost = this.#lost();
    if (lost === this.#lostTold || wallMs - this.#lostToldMs < LOST_AGAIN_MS) return;
    this.#lostTold = lost;
    this.#lostToldMs = wallMs;
    this.#news.push({ event: "lost", text: this.#lostText() });
  }

  #remember(wallMs: number): void {
    const moment = {
      wallMs,
      answered: this.#totals.get("answered"),
      latencySeconds: this.#totals.get("latencySeconds"),
    };
    this.#moments.push(moment);
    while (this.#moments.length > MOMENTS_MAX || wallMs - (this.#moments[0]?.wallMs ?? wallMs) > RATE_WINDOW_MS) {
      this.#moments.shift();
    }
  }

  #rates(): Pick<ClusterView, "requestsPerSecond" | "latencyMs"> {
    const [first, last] = [this.#moments[0], this.#moments.at(-1)];
    if (first === undefined || last === undefined || last.wallMs <= first.wallMs) {
      return { requestsPerSecond: 0, latencyMs: undefined };
    }
    const answered = last.answered - first.answered;
    return {
      requestsPerSecond: toTenth((answered * 1000) / (last.wallMs - first.wallMs)),
      latencyMs: answered === 0 ? undefined : toTenth(((last.latencySeconds - first.latencySeconds) * 1000) / answered),
    };
  }

  #row(id: number): RouterRow {
    const total = (name: string): number => this.#totals.get(`${name} ${id}`);
    return {
      router: id,
      liveness: this.#liveness.get(id) ?? "unknown",
      served: total("served"),
      forwarded: total("forwarded"),
      backwarded: total("backwarded"),
      handshakes: total("handshakes"),
      sessions: this.#sessions.get(id) ?? 0,
      isTelling: this.#wallMs - (this.#toldMs.get(id) ?? Number.NEGATIVE_INFINITY) < SILENT_MS,
    };
  }

  #drops(): readonly (readonly [cause: string, count: number])[] {
    return [...this.#causes].map((cause) => {
      const counts = this.#routerIds.map((id) => this.#totals.get(`drops ${id} ${cause}`));
      return [cause, counts.reduce((sum, count) => sum + count, 0)] as const;
    });
  }

  #lost(): number {
    return this.#drops().reduce((sum, [, count]) => sum + count, this.#totals.get("lost"));
  }

  #lostText(): string {
    const { requestsLost, requests, recordsDropped } = this.view();
    const causes = Object.entries(recordsDropped).map(([cause, count]) => `${count} ${cause}`);
    const records = causes.length === 0 ? "" : `; routers dropped ${causes.join(", ")}`;
    return `lost: ${requestsLost} of ${requests} requests got no answer${records}`;
  }
}

function toTenth(value: number): number {
  return Math.round(value * 10) / 10;
}
