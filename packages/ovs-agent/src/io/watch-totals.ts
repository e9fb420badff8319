// What the watches read, by whose attachments they are about.
import type { FollowSample } from "@coracle/kube/io";

/** Totals since the start. */
export interface WatchedTotals {
  /** After decompression. */
  readonly bytes: number;
  readonly events: number;
}

/** Counts samples of the client's metrics hook. */
export class WatchTotals {
  readonly local: { bytes: number; events: number } = { bytes: 0, events: 0 };
  /** Of other nodes' attachments: nothing at all while no virtual network is relevant here. */
  readonly remote: { bytes: number; events: number } = { bytes: 0, events: 0 };

  /** Collections of one namespace are those of remote attachments. */
  note(sample: FollowSample): void {
    if (sample.kind !== "chunk") return;
    const totals = sample.resource.includes("/namespaces/") ? this.remote : this.local;
    totals.bytes += sample.sizeBytes;
    totals.events += sample.events;
  }
}
