// What the address controller tells about its work, for metrics and events; every member is optional.
import type { AttachmentView, LockView } from "../table/views.ts";

/** Which client action came last before an address could be given. */
export type LastClientWrite = "na" | "subnet";

/** A latency from the last client write, both ends by the server's clock. */
export interface AddressLatency {
  readonly lastClientWrite: LastClientWrite;
  readonly hasContention: boolean;
  readonly latencySeconds: number;
}

/** Told as things happen. */
export interface AddressObserver {
  /** A choice of an address: whether the subnet was full. */
  picked?(isFull: boolean): void;
  /** A lock was made. */
  locked?(attachment: AttachmentView, lock: LockView, latency: AddressLatency | undefined): void;
  /** An address was written into a status that had none. */
  assigned?(latency: AddressLatency | undefined): void;
  /** Whether the in-flight record made work unnecessary: 0 no, 1 lock seen, 2 lock not seen. */
  anticipated?(kind: 0 | 1 | 2): void;
  /** Whether reading the lock named by a status was of use. */
  statusUsed?(isUseful: boolean): void;
  /** A lock was deleted, or found gone. */
  released?(lock: LockView): void;
}
