// Actions and instructions from bytes. What is not known here comes back opaque, so a dump never fails on foreign flows.
import { ByteReader, ok, type Result } from "@coracle/base";
import { type Action, setBig, setNumber, type Subfield } from "../flow/action.ts";
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
import { ofPort, PORT, portFrom16 } from "./of-port.ts";
import { parseHeaderField, parseOxm } from "./oxm.ts";
import { type WireError, wireError } from "./wire-error.ts";

const ACTIONS_MAX = 4096;
const FULL_MASK_64 = 0xffff_ffff_ffff_ffffn;

/** Reads instructions until the reader ends, flattened to the order of {@link Action}. */
export function parseInstructions(reader: ByteReader): Result<readonly Action[], WireError> {
  const actions: Action[] = [];
  while (reader.remaining > 0) {
    const entry = takeTlv(reader, "an instruction");
    if (!entry.ok) return entry;
    const { type, bytes, body } = entry.value;
    if (type === INSTRUCTION_TYPE.applyActions) {
      body.skip(4);
      const applied = parseActions(body);
      if (!applied.ok) return applied;
      actions.push(...applied.value);
    } else {
      actions.push(parseInstruction(type, bytes, body));
    }
    if (actions.length > ACTIONS_MAX) return wireError("TOO_MANY", "instructions", `more than ${ACTIONS_MAX} actions`);
  }
  return ok(actions);
}

/** Reads actions until the reader ends. */
export function parseActions(reader: ByteReader): Result<readonly Action[], WireError> {
  return parseActionsAt(reader, 0);
}

function parseActionsAt(reader: ByteReader, depth: number): Result<readonly Action[], WireError> {
  const actions: Action[] = [];
  while (reader.remaining > 0) {
    if (actions.length === ACTIONS_MAX) return wireError("TOO_MANY", "actions", `more than ${ACTIONS_MAX}`);
    const entry = takeTlv(reader, "an action");
    if (!entry.ok) return entry;
    const { type, bytes, body } = entry.value;
    const known = type === ACTION_TYPE.experimenter ? parseNicira(body, depth) : parseStandard(type, body);
    actions.push(known ?? { kind: "opaque-action", bytes: bytes.slice() });
  }
  return ok(actions);
}

interface Tlv {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly body: ByteReader;
}

function takeTlv(reader: ByteReader, what: string): Result<Tlv, WireError> {
  const header = reader.bytes(4);
  const type = ((header[0] ?? 0) << 8) | (header[1] ?? 0);
  const sizeBytes = ((header[2] ?? 0) << 8) | (header[3] ?? 0);
  if (reader.failed || sizeBytes < 8 || sizeBytes % 8 !== 0) {
    return wireError("BAD_LENGTH", what, `type ${type} has length ${sizeBytes}`);
  }
  const rest = reader.bytes(sizeBytes - 4);
  if (reader.failed) return wireError("TRUNCATED", what, `type ${type} says ${sizeBytes} bytes`);
  const bytes = new Uint8Array(header.buffer, header.byteOffset, sizeBytes);
  return ok({ type, bytes, body: new ByteReader(rest) });
}

function parseInstruction(type: number, bytes: Uint8Array, body: ByteReader): Action {
  if (type === INSTRUCTION_TYPE.gotoTable) return { kind: "goto-table", table: body.uint8() };
  if (type === INSTRUCTION_TYPE.meter) return { kind: "meter", meter: body.uint32() };
  if (type === INSTRUCTION_TYPE.writeMetadata) {
    body.skip(4);
    const value = body.uint64();
    const mask = body.uint64();
    if (!body.failed) return { kind: "write-metadata", value, ...(mask === FULL_MASK_64 ? {} : { mask }) };
  }
  return { kind: "opaque-instruction", bytes: bytes.slice() };
}

function parseStandard(type: number, body: ByteReader): Action | undefined {
  switch (type) {
    case ACTION_TYPE.output: {
      const port = ofPort(body.uint32());
      const sizeBytesMax = body.uint16();
      if (body.failed) return undefined;
      return port === PORT.controller ? { kind: "controller", sizeBytesMax } : { kind: "output", port };
    }
    case ACTION_TYPE.group:
      return { kind: "group", group: body.uint32() };
    case ACTION_TYPE.decNwTtl:
      return { kind: "dec-ttl" };
    case ACTION_TYPE.meter:
      return { kind: "meter", meter: body.uint32() };
    case ACTION_TYPE.setField:
      return parseSetField(body);
    case ACTION_TYPE.copyField: {
      const [sizeBits, from, into] = [body.uint16(), body.uint16(), body.uint16()];
      body.skip(2);
      return parseMove(body, sizeBits, [from, into]);
    }
    default:
      return undefined;
  }
}

function parseSetField(body: ByteReader): Action | undefined {
  const oxm = parseOxm(body);
  if (!oxm.ok || oxm.value.kind === "opaque") return undefined;
  return oxm.value.kind === "number"
    ? setNumber(oxm.value.field, oxm.value.value, oxm.value.mask)
    : setBig(oxm.value.field, oxm.value.value, oxm.value.mask);
}

function parseNicira(body: ByteReader, depth: number): Action | undefined {
  if (body.uint32() !== NICIRA) return undefined;
  const subtype = body.uint16();
  switch (subtype) {
    case NICIRA_SUBTYPE.resubmit:
      return { kind: "resubmit", port: portFrom16(body.uint16()) };
    case NICIRA_SUBTYPE.resubmitTable: {
      const port = portFrom16(body.uint16());
      const table = body.uint8();
      if (table === TABLE_CURRENT) return { kind: "resubmit", port };
      return { kind: "resubmit", ...(port === PORT.inPort ? {} : { port }), table };
    }
    case NICIRA_SUBTYPE.regMove: {
      const [sizeBits, from, into] = [body.uint16(), body.uint16(), body.uint16()];
      return parseMove(body, sizeBits, [from, into]);
    }
    case NICIRA_SUBTYPE.regLoad: {
      const bits = body.uint16();
      const into = parseSubfield(body.uint32(), bits >>> 6, (bits & 0x3f) + 1);
      const value = body.uint64();
      if (into === undefined || body.failed || value >> BigInt(into.sizeBits) !== 0n) return undefined;
      return { kind: "load", into, value };
    }
    case NICIRA_SUBTYPE.regLoad2:
      body.skip(6);
      return parseSetField(body);
    case NICIRA_SUBTYPE.ct:
      return parseConntrack(body, depth);
    case NICIRA_SUBTYPE.nat:
      body.skip(2);
      return body.uint32() === 0 && body.remaining === 0 ? { kind: "nat" } : undefined;
    default:
      return undefined;
  }
}

function parseSubfield(header: number, offset: number, sizeBits: number): Subfield | undefined {
  const field = parseHeaderField(header);
  if (!field.ok || sizeBits === 0 || offset + sizeBits > field.value.sizeBits) return undefined;
  return { field: field.value, offset, sizeBits };
}

function parseMove(
  body: ByteReader,
  sizeBits: number,
  offsets: readonly [from: number, into: number],
): Action | undefined {
  const from = parseSubfield(body.uint32(), offsets[0], sizeBits);
  const into = parseSubfield(body.uint32(), offsets[1], sizeBits);
  return from === undefined || into === undefined || body.failed ? undefined : { kind: "move", from, into };
}

function parseConntrack(body: ByteReader, depth: number): Action | undefined {
  const flags = body.uint16();
  const source = body.uint32();
  const bits = body.uint16();
  const table = body.uint8();
  body.skip(3);
  const algorithm = body.uint16();
  if (body.failed || depth > 0 || algorithm !== 0 || (flags & ~(CT_COMMIT | CT_FORCE)) !== 0) return undefined;
  const zone = source === 0 ? bits : parseSubfield(source, bits >>> 6, (bits & 0x3f) + 1);
  const actions = parseActionsAt(body, depth + 1);
  if (zone === undefined || !actions.ok) return undefined;
  return {
    kind: "ct",
    commit: (flags & CT_COMMIT) !== 0,
    force: (flags & CT_FORCE) !== 0,
    ...(zone === 0 ? {} : { zone }),
    ...(table === CT_TABLE_NONE ? {} : { table }),
    actions: actions.value,
  };
}
