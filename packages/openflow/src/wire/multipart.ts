// Multipart requests and the frame of their replies (OpenFlow 1.5.1 §7.3.5).
import { ByteReader, ok, type Result } from "@coracle/base";
import type { FlowSelector } from "../flow/flow.ts";
import type { MessageBuffer } from "./message-buffer.ts";
import { PORT } from "./of-port.ts";
import { encodeMatch } from "./oxm.ts";
import { GROUP_ANY, HEADER_SIZE_BYTES, MESSAGE_TYPE, OPENFLOW_15, type OpenflowVersion, TABLE_ALL } from "./version.ts";
import { type WireError, wireError } from "./wire-error.ts";

/** `ofp_multipart_type`. */
export const MULTIPART_TYPE = { flow: 1, aggregate: 2, table: 3, portDescription: 13 } as const;

const MORE = 1;

/** A request for a dump. */
export type MultipartRequest =
  | { readonly kind: "flows"; readonly selector: FlowSelector }
  | { readonly kind: "aggregate"; readonly selector: FlowSelector }
  | { readonly kind: "tables" }
  | { readonly kind: "ports" };

/** The number of a request's kind on the wire. */
export function multipartType(kind: MultipartRequest["kind"]): number {
  switch (kind) {
    case "flows":
      return MULTIPART_TYPE.flow;
    case "aggregate":
      return MULTIPART_TYPE.aggregate;
    case "tables":
      return MULTIPART_TYPE.table;
    case "ports":
      return MULTIPART_TYPE.portDescription;
  }
}

/** Appends a multipart request. */
export function encodeMultipartRequest(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  request: MultipartRequest,
): void {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.multipartRequest, header.xid);
  buffer.uint16(multipartType(request.kind));
  buffer.uint16(0);
  buffer.uint32(0);
  if (request.kind === "flows" || request.kind === "aggregate") encodeSelector(buffer, request.selector);
  if (request.kind === "ports" && header.version === OPENFLOW_15) {
    buffer.uint32(PORT.any);
    buffer.uint32(0);
  }
  buffer.endMessage(start);
}

function encodeSelector(buffer: MessageBuffer, selector: FlowSelector): void {
  buffer.uint32((selector.table ?? TABLE_ALL) * 0x100_0000);
  buffer.uint32(selector.outPort ?? PORT.any);
  buffer.uint32(selector.outGroup ?? GROUP_ANY);
  buffer.uint32(0);
  buffer.uint64(selector.cookie?.value ?? 0n);
  buffer.uint64(selector.cookie?.mask ?? 0n);
  encodeMatch(buffer, selector.match);
}

/** One part of a reply. */
export interface MultipartPart {
  readonly type: number;
  /** True if another part follows. */
  readonly hasMore: boolean;
  readonly body: Uint8Array;
}

/** Reads the frame of a multipart reply, header included. */
export function parseMultipartReply(message: Uint8Array): Result<MultipartPart, WireError> {
  const reader = new ByteReader(message);
  reader.skip(HEADER_SIZE_BYTES);
  const [type, flags] = [reader.uint16(), reader.uint16()];
  reader.skip(4);
  if (reader.failed) return wireError("TRUNCATED", "a multipart reply", `${message.length} bytes`);
  return ok({ type, hasMore: (flags & MORE) !== 0, body: reader.bytes(reader.remaining) });
}
