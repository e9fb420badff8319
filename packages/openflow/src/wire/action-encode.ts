// Actions and instructions to bytes (OpenFlow 1.5.1 §7.2.6, §7.2.7; Nicira's extensions as in Open vSwitch's ofp-actions).
import { assert, unreachable } from "@coracle/base";
import { type Action, type ConntrackAction, loadAsSetField, type SetField, type Subfield } from "../flow/action.ts";
import { nxmHeader } from "../flow/field.ts";
import { bigMax, numberMax } from "../flow/match.ts";
import type { MessageBuffer } from "./message-buffer.ts";
import { PORT, portTo16 } from "./of-port.ts";
import {
  ACTION_TYPE,
  CT_COMMIT,
  CT_FORCE,
  CT_TABLE_NONE,
  INSTRUCTION_TYPE,
  NICIRA,
  NICIRA_SUBTYPE,
  TABLE_CURRENT,
} from "./action-type.ts";
import { encodeHeader } from "./oxm.ts";
import { OPENFLOW_15, type OpenflowVersion } from "./version.ts";

/** Appends the instructions of a flow: meter (1.4), apply-actions, write-metadata, goto-table. */
export function encodeInstructions(buffer: MessageBuffer, actions: readonly Action[], version: OpenflowVersion): void {
  let applyStart = -1;
  for (const action of actions) {
    const isInstruction = isInstructionOf(action, version);
    if (!isInstruction && applyStart < 0) {
      applyStart = buffer.size;
      buffer.uint16(INSTRUCTION_TYPE.applyActions);
      buffer.uint16(0);
      buffer.uint32(0);
    }
    if (isInstruction && applyStart >= 0) {
      buffer.patchUint16(applyStart + 2, buffer.size - applyStart);
      applyStart = -1;
    }
    if (isInstruction) encodeInstruction(buffer, action);
    else encodeAction(buffer, action, version);
  }
  if (applyStart >= 0) buffer.patchUint16(applyStart + 2, buffer.size - applyStart);
}

/** Appends a list of actions, as packet-out, buckets and apply-actions hold it. */
export function encodeActions(buffer: MessageBuffer, actions: readonly Action[], version: OpenflowVersion): void {
  for (const action of actions) encodeAction(buffer, action, version);
}

function isInstructionOf(action: Action, version: OpenflowVersion): boolean {
  switch (action.kind) {
    case "goto-table":
    case "write-metadata":
    case "opaque-instruction":
      return true;
    case "meter":
      return version !== OPENFLOW_15;
    default:
      return false;
  }
}

function encodeInstruction(buffer: MessageBuffer, action: Action): void {
  switch (action.kind) {
    case "goto-table":
      buffer.uint16(INSTRUCTION_TYPE.gotoTable);
      buffer.uint16(8);
      buffer.uint32(action.table * 0x100_0000);
      return;
    case "write-metadata":
      buffer.uint16(INSTRUCTION_TYPE.writeMetadata);
      buffer.uint16(24);
      buffer.uint32(0);
      buffer.uint64(action.value);
      buffer.uint64(action.mask ?? 0xffff_ffff_ffff_ffffn);
      return;
    case "meter":
      buffer.uint16(INSTRUCTION_TYPE.meter);
      buffer.uint16(8);
      buffer.uint32(action.meter);
      return;
    case "opaque-instruction":
      buffer.bytes(action.bytes);
      return;
    default:
      assert(false, `Cannot encode ${action.kind} as an instruction`);
  }
}

function encodeAction(buffer: MessageBuffer, action: Action, version: OpenflowVersion): void {
  switch (action.kind) {
    case "output":
      return encodeOutput(buffer, action.port, 0);
    case "controller":
      return encodeOutput(buffer, PORT.controller, action.sizeBytesMax);
    case "resubmit":
      return encodeResubmit(buffer, portTo16(action.port ?? PORT.inPort), action.table);
    case "set-field":
      return encodeSetField(buffer, action, version);
    case "load":
      return version === OPENFLOW_15
        ? encodeSetField(buffer, loadAsSetField(action.into, action.value), version)
        : encodeLoad(buffer, action.into, action.value);
    case "move":
      return version === OPENFLOW_15
        ? encodeCopyField(buffer, action.from, action.into)
        : encodeMove(buffer, action.from, action.into);
    case "ct":
      return encodeConntrack(buffer, action, version);
    case "nat":
      return encodeNicira(buffer, 16, NICIRA_SUBTYPE.nat, 6);
    case "group":
      return encodeWord(buffer, ACTION_TYPE.group, action.group);
    case "dec-ttl":
      return encodeWord(buffer, ACTION_TYPE.decNwTtl, 0);
    case "meter":
      return encodeWord(buffer, ACTION_TYPE.meter, action.meter);
    case "opaque-action":
      return buffer.bytes(action.bytes);
    case "write-metadata":
    case "goto-table":
    case "opaque-instruction":
      return assert(false, `Cannot encode ${action.kind} as an action`);
    default:
      unreachable(action);
  }
}

function encodeWord(buffer: MessageBuffer, type: number, value: number): void {
  buffer.uint16(type);
  buffer.uint16(8);
  buffer.uint32(value);
}

function encodeOutput(buffer: MessageBuffer, port: number, sizeBytesMax: number): void {
  buffer.uint16(ACTION_TYPE.output);
  buffer.uint16(16);
  buffer.uint32(port);
  buffer.uint16(sizeBytesMax);
  buffer.zeros(6);
}

function encodeNicira(buffer: MessageBuffer, sizeBytes: number, subtype: number, zeros: number): void {
  buffer.uint16(ACTION_TYPE.experimenter);
  buffer.uint16(sizeBytes);
  buffer.uint32(NICIRA);
  buffer.uint16(subtype);
  buffer.zeros(zeros);
}

function encodeResubmit(buffer: MessageBuffer, port16: number, table: number | undefined): void {
  encodeNicira(buffer, 16, NICIRA_SUBTYPE.resubmitTable, 0);
  buffer.uint16(port16);
  buffer.uint8(table ?? TABLE_CURRENT);
  buffer.zeros(3);
}

function encodeSetField(buffer: MessageBuffer, action: SetField, version: OpenflowVersion): void {
  if (action.mask === undefined || isFullMask(action)) return encodeOxmAction(buffer, action, false);
  if (version === OPENFLOW_15) return encodeOxmAction(buffer, action, true);
  const bits = maskBits(BigInt(action.mask));
  if (bits !== undefined && bits.sizeBits <= 64) {
    return encodeLoad(
      buffer,
      { field: action.field, ...bits },
      (BigInt(action.value) & BigInt(action.mask)) >> BigInt(bits.offset),
    );
  }
  const start = buffer.size;
  encodeNicira(buffer, 0, NICIRA_SUBTYPE.regLoad2, 6);
  encodeSetFieldBody(buffer, action, true);
  buffer.padTo8(start);
  buffer.patchUint16(start + 2, buffer.size - start);
}

function encodeOxmAction(buffer: MessageBuffer, action: SetField, hasMask: boolean): void {
  const start = buffer.size;
  buffer.uint16(ACTION_TYPE.setField);
  buffer.uint16(0);
  encodeSetFieldBody(buffer, action, hasMask);
  buffer.padTo8(start);
  buffer.patchUint16(start + 2, buffer.size - start);
}

function encodeSetFieldBody(buffer: MessageBuffer, action: SetField, hasMask: boolean): void {
  encodeHeader(buffer, action.field, hasMask);
  if (action.size === "number") {
    encodeSized(buffer, action.field.sizeBytes, action.value);
    if (hasMask) encodeSized(buffer, action.field.sizeBytes, action.mask ?? numberMax(action.field));
    return;
  }
  const write = (value: bigint): void => (action.field.sizeBytes === 8 ? buffer.uint64(value) : buffer.uint128(value));
  write(action.value);
  if (hasMask) write(action.mask ?? bigMax(action.field));
}

function encodeSized(buffer: MessageBuffer, sizeBytes: number, value: number): void {
  if (sizeBytes === 4) buffer.uint32(value);
  else if (sizeBytes === 6) buffer.uint48(value);
  else if (sizeBytes === 2) buffer.uint16(value);
  else buffer.uint8(value);
}

function isFullMask(action: SetField): boolean {
  return action.size === "number" ? action.mask === numberMax(action.field) : action.mask === bigMax(action.field);
}

/** Where a run of set bits stands, or `undefined` if the mask is not one run. */
export function maskBits(mask: bigint): { offset: number; sizeBits: number } | undefined {
  if (mask === 0n) return undefined;
  let offset = 0;
  let rest = mask;
  while ((rest & 1n) === 0n) {
    rest >>= 1n;
    offset++;
  }
  if ((rest & (rest + 1n)) !== 0n) return undefined;
  return { offset, sizeBits: rest.toString(2).length };
}

function encodeLoad(buffer: MessageBuffer, into: Subfield, value: bigint): void {
  assert(into.sizeBits <= 64, `Cannot load ${into.sizeBits} bits into ${into.field.name}: 64 is the most`);
  encodeNicira(buffer, 24, NICIRA_SUBTYPE.regLoad, 0);
  buffer.uint16((into.offset << 6) | (into.sizeBits - 1));
  buffer.uint32(nxmHeader(into.field) + into.field.sizeBytes);
  buffer.uint64(value);
}

function encodeMove(buffer: MessageBuffer, from: Subfield, into: Subfield): void {
  encodeNicira(buffer, 24, NICIRA_SUBTYPE.regMove, 0);
  buffer.uint16(from.sizeBits);
  buffer.uint16(from.offset);
  buffer.uint16(into.offset);
  buffer.uint32(nxmHeader(from.field) + from.field.sizeBytes);
  buffer.uint32(nxmHeader(into.field) + into.field.sizeBytes);
}

function encodeCopyField(buffer: MessageBuffer, from: Subfield, into: Subfield): void {
  buffer.uint16(ACTION_TYPE.copyField);
  buffer.uint16(24);
  buffer.uint16(from.sizeBits);
  buffer.uint16(from.offset);
  buffer.uint16(into.offset);
  buffer.zeros(2);
  encodeHeader(buffer, from.field, false);
  encodeHeader(buffer, into.field, false);
  buffer.zeros(4);
}

function encodeConntrack(buffer: MessageBuffer, action: ConntrackAction, version: OpenflowVersion): void {
  const start = buffer.size;
  encodeNicira(buffer, 0, NICIRA_SUBTYPE.ct, 0);
  buffer.uint16((action.commit ? CT_COMMIT : 0) | (action.force ? CT_FORCE : 0));
  const zone = action.zone ?? 0;
  if (typeof zone === "number") {
    buffer.uint32(0);
    buffer.uint16(zone);
  } else {
    buffer.uint32((version === OPENFLOW_15 ? zone.field.header : nxmHeader(zone.field)) + zone.field.sizeBytes);
    buffer.uint16((zone.offset << 6) | (zone.sizeBits - 1));
  }
  buffer.uint8(action.table ?? CT_TABLE_NONE);
  buffer.zeros(5);
  encodeActions(buffer, action.actions, version);
  buffer.padTo8(start);
  buffer.patchUint16(start + 2, buffer.size - start);
}
