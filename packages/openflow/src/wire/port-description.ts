// `ofp_port` in port descriptions and port-status messages (OpenFlow 1.4/1.5 §7.2.1, §7.4.3).
import { ByteReader, ok, type Result } from "@coracle/base";
import { type OfPort, ofPort } from "./of-port.ts";
import { HEADER_SIZE_BYTES } from "./version.ts";
import { type WireError, wireError } from "./wire-error.ts";

const NAME_SIZE_BYTES = 16;
const PORT_SIZE_BYTES_MIN = 40;
/** One for all names: making a decoder costs more than using it. */
const decoder = new TextDecoder();

/** `ofp_port_config` and `ofp_port_state` bits used here. */
export const PORT_FLAG = { configDown: 1, stateLinkDown: 1 } as const;

/** A port of the bridge. */
export interface PortDescription {
  readonly port: OfPort;
  /** At most 15 characters; a longer interface name is cut. */
  readonly name: string;
  /** MAC address as a 48-bit number. */
  readonly mac: number;
  readonly config: number;
  readonly state: number;
}

/** What happened to a port. */
export interface PortStatus {
  readonly reason: "add" | "delete" | "modify";
  readonly port: PortDescription;
}

/** Reads the ports of one part of a port-description reply, and hands each to `take`. */
export function parsePortDescriptions(
  body: Uint8Array,
  take: (port: PortDescription) => void,
): Result<undefined, WireError> {
  const reader = new ByteReader(body);
  while (reader.remaining > 0) {
    const port = parsePortDescription(reader);
    if (!port.ok) return port;
    take(port.value);
  }
  return ok(undefined);
}

/** Reads a port-status message, header included. */
export function parsePortStatus(message: Uint8Array): Result<PortStatus, WireError> {
  const reader = new ByteReader(message);
  reader.skip(HEADER_SIZE_BYTES);
  const reason = (["add", "delete", "modify"] as const)[reader.uint8()];
  reader.skip(7);
  const port = parsePortDescription(reader);
  if (!port.ok) return port;
  if (reason === undefined) return wireError("BAD_VALUE", "a port-status message", "its reason is not known");
  return ok({ reason, port: port.value });
}

function parsePortDescription(reader: ByteReader): Result<PortDescription, WireError> {
  const port = ofPort(reader.uint32());
  const sizeBytes = reader.uint16();
  reader.skip(2);
  const mac = reader.uint48();
  reader.skip(2);
  const name = reader.bytes(NAME_SIZE_BYTES);
  const [config, state] = [reader.uint32(), reader.uint32()];
  reader.skip(sizeBytes - PORT_SIZE_BYTES_MIN);
  if (reader.failed) return wireError("TRUNCATED", "a port", `it says ${sizeBytes} bytes`);
  const end = name.indexOf(0);
  const text = decoder.decode(end < 0 ? name : name.subarray(0, end));
  return ok({ port, name: text, mac, config, state });
}
