// `ofp_error_msg` (OpenFlow 1.5.1 §7.5.4): what a switch refuses, in its own words.
import { ByteReader, ok, type Result } from "@coracle/base";
import { ERROR_TYPES } from "./error-names.ts";
import type { MessageBuffer } from "./message-buffer.ts";
import { HEADER_SIZE_BYTES, MESSAGE_TYPE, type OpenflowVersion } from "./version.ts";
import { type WireError, wireError } from "./wire-error.ts";

const EXPERIMENTER = 0xffff;

/** A refusal. */
export interface OpenflowError {
  readonly type: number;
  readonly code: number;
  /** The specification's name with Open vSwitch's prefix, as `OFPBRC_BAD_TYPE`, or `TYPE/CODE` if it has none. */
  readonly name: string;
  /** What failed and why, for people. */
  readonly text: string;
}

/** Names an error type and code. */
export function openflowError(type: number, code: number): OpenflowError {
  const known = ERROR_TYPES[type];
  const codeName = known?.codes[code];
  if (known === undefined || codeName === undefined || codeName === "-") {
    const what = known?.what ?? (type === EXPERIMENTER ? "refused by an extension" : "refused");
    return { type, code, name: `${type}/${code}`, text: `${what}: error type ${type}, code ${code}` };
  }
  const why = codeName.toLowerCase().replaceAll("_", " ");
  return { type, code, name: `${known.prefix}_${codeName}`, text: `${known.what}: ${why}` };
}

/** An error message with the beginning of the message it is about. */
export interface ErrorMessage {
  readonly error: OpenflowError;
  /** The offending message, cut to 64 bytes or more as the switch likes; for a hello failure a text. */
  readonly data: Uint8Array;
}

/** Reads an error message, header included. `data` is a copy. */
export function parseErrorMessage(message: Uint8Array): Result<ErrorMessage, WireError> {
  const reader = new ByteReader(message);
  reader.skip(HEADER_SIZE_BYTES);
  const [type, code] = [reader.uint16(), reader.uint16()];
  if (reader.failed) return wireError("TRUNCATED", "an error message", `${message.length} bytes`);
  return ok({ error: openflowError(type, code), data: reader.bytes(reader.remaining).slice() });
}

/** Appends an error message. */
export function encodeErrorMessage(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  error: { readonly type: number; readonly code: number; readonly data: Uint8Array },
): void {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.error, header.xid);
  buffer.uint16(error.type);
  buffer.uint16(error.code);
  buffer.bytes(error.data);
  buffer.endMessage(start);
}
