// How long clients waited: from their last relevant write, by the API server's clock, to what came of it.
import type { AttachmentTimes } from "./attachment-fields.ts";

/** Which write of a client came last: the attachment, its subnet, or those of the attachment that made the VNI relevant. */
export type LastClientWrite = "na" | "subnet" | "1st_local_na" | "1st_local_na_subnet";

/** The last write that an interface waited for. */
export interface ClientWrite {
  readonly what: LastClientWrite;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/**
 * The last relevant client write; `undefined` if a time is not known.
 * @param relevance for a remote attachment: the times of the local one that made its VNI relevant
 */
export function lastClientWrite(times: AttachmentTimes, relevance?: AttachmentTimes): ClientWrite | undefined {
  if (times.attachmentMs === 0) return undefined;
  let last: ClientWrite = { what: "na", atMs: times.attachmentMs };
  if (times.subnetMs > last.atMs) last = { what: "subnet", atMs: times.subnetMs };
  if (relevance === undefined) return last;
  if (relevance.attachmentMs > last.atMs) last = { what: "1st_local_na", atMs: relevance.attachmentMs };
  if (relevance.subnetMs > last.atMs) last = { what: "1st_local_na_subnet", atMs: relevance.subnetMs };
  return last;
}
