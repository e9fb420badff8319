// Times each declaration to the fabric until its outcome. Holds only what has no outcome yet.
import type { Clock, Millis } from "@coracle/base";
import type { AttachmentTimes } from "../core/attachment-fields.ts";
import type { FabricEvent, NetworkInterface } from "../core/fabric.ts";
import type { AgentMetrics, FabricOperation } from "./agent-metrics.ts";

interface Declared {
  readonly at: Millis;
  readonly kind: "local" | "remote";
  readonly times: AttachmentTimes;
  readonly relevance: AttachmentTimes | undefined;
}

interface Released {
  readonly at: Millis;
  readonly op: FabricOperation;
}

const CREATE = { local: "CreateLocalIfc", remote: "CreateRemoteIfc" } as const;

/** Releases that are timed at once; of one that had nothing installed no end is told. One more forgets them all. */
const RELEASED_MAX = 65_536;

/** What a {@link FabricTimes} works with. */
export interface FabricTimesOptions {
  readonly clock: Clock;
  readonly metrics: Pick<AgentMetrics, "fabricOutcome" | "interfaceMade">;
  /** Default 65,536. */
  readonly releasedMax?: number;
}

/** Declarations that wait for the fabric, by owner. */
export class FabricTimes {
  readonly #clock: Clock;
  readonly #metrics: FabricTimesOptions["metrics"];
  readonly #releasedMax: number;
  readonly #declared = new Map<string, Declared>();
  readonly #released = new Map<string, Released>();

  constructor({ clock, metrics, releasedMax = RELEASED_MAX }: FabricTimesOptions) {
    this.#clock = clock;
    this.#metrics = metrics;
    this.#releasedMax = releasedMax;
  }

  desired({ owner, kind }: NetworkInterface, times: AttachmentTimes, relevance: AttachmentTimes | undefined): void {
    this.#declared.set(owner, { at: this.#clock.now(), kind, times, relevance });
  }

  released(owner: string, wasLocal: boolean): void {
    // One that never got an interface is not told to be removed.
    if (this.#declared.delete(owner)) return;
    if (this.#released.size >= this.#releasedMax) this.#released.clear();
    this.#released.set(owner, { at: this.#clock.now(), op: wasLocal ? "DeleteLocalIfc" : "DeleteRemoteIfc" });
  }

  note(event: FabricEvent): void {
    const { owner } = event.interface;
    if (event.kind === "removed") {
      const released = this.#released.get(owner);
      this.#released.delete(owner);
      if (released !== undefined) this.#metrics.fabricOutcome(released.op, true, this.#clock.now() - released.at);
      return;
    }
    const declared = this.#declared.get(owner);
    if (declared?.kind !== event.interface.kind) return;
    const isDone = event.kind === "implemented";
    this.#metrics.fabricOutcome(CREATE[declared.kind], isDone, this.#clock.now() - declared.at);
    if (!isDone) return;
    this.#declared.delete(owner);
    if (!event.created) return;
    const { times, relevance } = declared;
    this.#metrics.interfaceMade(declared.kind, times, { wallMs: this.#clock.wallMs(), relevance });
  }
}
