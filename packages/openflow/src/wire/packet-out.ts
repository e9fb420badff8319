// `ofp_packet_out` (§7.3.6): 1.4 carries the input port alone, 1.5 a match of pipeline fields.
import type { Action } from "../flow/action.ts";
import { FIELD } from "../flow/field.ts";
import { type Match, matchNumber, matchOf } from "../flow/match.ts";
import { encodeActions } from "./action-encode.ts";
import type { MessageBuffer } from "./message-buffer.ts";
import type { OfPort } from "./of-port.ts";
import { encodeMatch } from "./oxm.ts";
import { MESSAGE_TYPE, NO_BUFFER, OPENFLOW_15, type OpenflowVersion } from "./version.ts";

/** A packet to send through actions. */
export interface PacketOut {
  readonly inPort: OfPort;
  /** Further pipeline fields (1.5 only): tunnel id, metadata, registers. */
  readonly fields?: Match;
  readonly actions: readonly Action[];
  readonly data: Uint8Array;
}

/** Appends a packet-out. */
export function encodePacketOut(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  packet: PacketOut,
): void {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.packetOut, header.xid);
  buffer.uint32(NO_BUFFER);
  if (header.version !== OPENFLOW_15) buffer.uint32(packet.inPort);
  const lengthAt = buffer.size;
  buffer.uint16(0);
  buffer.zeros(header.version === OPENFLOW_15 ? 2 : 6);
  if (header.version === OPENFLOW_15) {
    encodeMatch(buffer, matchOf([matchNumber(FIELD.in_port, packet.inPort), ...(packet.fields ?? [])]));
  }
  const actionsAt = buffer.size;
  encodeActions(buffer, packet.actions, header.version);
  buffer.patchUint16(lengthAt, buffer.size - actionsAt);
  buffer.bytes(packet.data);
  buffer.endMessage(start);
}
