// Which messages a switch sends unasked (§7.3.10), and the controller's role (§7.3.8).
import { ByteReader, ok, type Result } from "@coracle/base";
import type { MessageBuffer } from "./message-buffer.ts";
import { HEADER_SIZE_BYTES, MESSAGE_TYPE, type OpenflowVersion } from "./version.ts";
import { type WireError, wireError } from "./wire-error.ts";

/** `ofp_async_config_prop_type` for a controller that is no secondary. */
const PROPERTY = { packetIn: 1, portStatus: 3, flowRemoved: 5 } as const;

/** Masks of reasons for which messages are wanted; 0 is none of that kind. */
export interface AsynchronousConfig {
  readonly packetInReasons: number;
  readonly portStatusReasons: number;
  readonly flowRemovedReasons: number;
}

/** All three reasons of port-status: add, delete, modify. */
export const PORT_STATUS_ALL = 0b111;
/** Port-status messages of ports that are added. */
export const PORT_STATUS_ADD = 0b001;
/** Port-status messages of ports that are deleted. */
export const PORT_STATUS_DELETE = 0b010;

/** Appends a set-async message. A management connection gets nothing unasked until this is sent. */
export function encodeSetAsync(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  config: AsynchronousConfig,
): void {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.setAsync, header.xid);
  const masks = [
    [PROPERTY.packetIn, config.packetInReasons],
    [PROPERTY.portStatus, config.portStatusReasons],
    [PROPERTY.flowRemoved, config.flowRemovedReasons],
  ] as const;
  for (const [type, mask] of masks) {
    buffer.uint16(type);
    buffer.uint16(8);
    buffer.uint32(mask);
  }
  buffer.endMessage(start);
}

/** `ofp_controller_role`. */
export const ROLE = { noChange: 0, equal: 1, primary: 2, secondary: 3 } as const;

/** A role and the generation that orders claims to it. */
export interface ControllerRole {
  readonly role: keyof typeof ROLE;
  readonly generation: bigint;
}

/** Appends a role request. */
export function encodeRoleRequest(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  request: ControllerRole,
): void {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.roleRequest, header.xid);
  buffer.uint32(ROLE[request.role]);
  buffer.uint32(0);
  buffer.uint64(request.generation);
  buffer.endMessage(start);
}

/** Reads a role reply, header included. */
export function parseRoleReply(message: Uint8Array): Result<ControllerRole, WireError> {
  const reader = new ByteReader(message);
  reader.skip(HEADER_SIZE_BYTES);
  const role = (["noChange", "equal", "primary", "secondary"] as const)[reader.uint32()];
  reader.skip(4);
  const generation = reader.uint64();
  if (reader.failed || role === undefined) return wireError("BAD_VALUE", "a role reply", `${message.length} bytes`);
  return ok({ role, generation });
}
