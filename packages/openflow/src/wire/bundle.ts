// Bundles (OpenFlow 1.5.1 §7.3.9): messages that take effect together or not at all.
import { ByteReader, ok, type Result } from "@coracle/base";
import type { MessageBuffer } from "./message-buffer.ts";
import { HEADER_SIZE_BYTES, MESSAGE_TYPE, type OpenflowVersion } from "./version.ts";
import { type WireError, wireError } from "./wire-error.ts";

/** `ofp_bundle_ctrl_type`; a reply is its request plus one. */
export const BUNDLE_CONTROL = {
  openRequest: 0,
  openReply: 1,
  closeRequest: 2,
  closeReply: 3,
  commitRequest: 4,
  commitReply: 5,
  discardRequest: 6,
  discardReply: 7,
} as const;

/** `ofp_bundle_flags`: atomic hides intermediate states from packets, ordered applies in the order sent. */
export const BUNDLE_FLAG = { atomic: 1, ordered: 2 } as const;

/** A bundle's id and flags; the flags must be the same in every message about it. */
export interface BundleIdentity {
  readonly id: number;
  readonly flags: number;
}

/** A bundle-control message. */
export interface BundleControl extends BundleIdentity {
  readonly type: number;
}

/** Appends a bundle-control message. */
export function encodeBundleControl(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  control: BundleControl,
): void {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.bundleControl, header.xid);
  buffer.uint32(control.id);
  buffer.uint16(control.type);
  buffer.uint16(control.flags);
  buffer.endMessage(start);
}

/** Appends the head of a bundle-add; encode the embedded message with the same xid next, then call `endMessage(start)`. */
export function beginBundleAdd(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  bundle: BundleIdentity,
): number {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.bundleAdd, header.xid);
  buffer.uint32(bundle.id);
  buffer.uint16(0);
  buffer.uint16(bundle.flags);
  return start;
}

/** Reads a bundle-control message, header included. */
export function parseBundleControl(message: Uint8Array): Result<BundleControl, WireError> {
  const reader = new ByteReader(message);
  reader.skip(HEADER_SIZE_BYTES);
  const [id, type, flags] = [reader.uint32(), reader.uint16(), reader.uint16()];
  if (reader.failed) return wireError("TRUNCATED", "a bundle-control message", `${message.length} bytes`);
  return ok({ id, type, flags });
}
