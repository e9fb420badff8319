// `ofp_flow_mod` (OpenFlow 1.5.1 §7.3.4.2; the layout is that of 1.4): add, modify and delete flows.
import { ByteReader, ok, type Result } from "@coracle/base";
import type { Flow, FlowSelector } from "../flow/flow.ts";
import { encodeInstructions } from "./action-encode.ts";
import { parseInstructions } from "./action-parse.ts";
import type { MessageBuffer } from "./message-buffer.ts";
import { type OfPort, ofPort, PORT } from "./of-port.ts";
import { encodeMatch, parseMatch } from "./oxm.ts";
import { GROUP_ANY, HEADER_SIZE_BYTES, MESSAGE_TYPE, NO_BUFFER, type OpenflowVersion, TABLE_ALL } from "./version.ts";
import { type WireError, wireError } from "./wire-error.ts";

/** `ofp_flow_mod.command`. */
export const FLOW_COMMAND = { add: 0, modify: 1, "modify-strict": 2, delete: 3, "delete-strict": 4 } as const;

/** What a flow-mod does. `add` replaces a flow of the same table, priority and match. */
export type FlowCommand = keyof typeof FLOW_COMMAND;

const COMMANDS: readonly FlowCommand[] = ["add", "modify", "modify-strict", "delete", "delete-strict"];

/** Appends a flow-mod that adds or modifies a flow. */
export function encodeFlow(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  command: "add" | "modify" | "modify-strict",
  flow: Flow,
): void {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.flowMod, header.xid);
  buffer.uint64(flow.cookie);
  buffer.uint64(0n);
  buffer.uint8(flow.table);
  buffer.uint8(FLOW_COMMAND[command]);
  buffer.uint16(flow.idleTimeoutS ?? 0);
  buffer.uint16(flow.hardTimeoutS ?? 0);
  buffer.uint16(flow.priority);
  buffer.uint32(NO_BUFFER);
  buffer.uint32(PORT.any);
  buffer.uint32(GROUP_ANY);
  buffer.uint16(flow.flags ?? 0);
  buffer.uint16(flow.importance ?? 0);
  encodeMatch(buffer, flow.match);
  encodeInstructions(buffer, flow.actions, header.version);
  buffer.endMessage(start);
}

/** Appends a flow-mod that deletes: strict if the selector has a priority. */
export function encodeFlowDelete(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  selector: FlowSelector,
): void {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.flowMod, header.xid);
  buffer.uint64(selector.cookie?.value ?? 0n);
  buffer.uint64(selector.cookie?.mask ?? 0n);
  buffer.uint8(selector.table ?? TABLE_ALL);
  buffer.uint8(selector.priority === undefined ? FLOW_COMMAND.delete : FLOW_COMMAND["delete-strict"]);
  buffer.uint32(0);
  buffer.uint16(selector.priority ?? 0);
  buffer.uint32(NO_BUFFER);
  buffer.uint32(selector.outPort ?? PORT.any);
  buffer.uint32(selector.outGroup ?? GROUP_ANY);
  buffer.uint32(0);
  encodeMatch(buffer, selector.match);
  buffer.endMessage(start);
}

/** A flow-mod as read back from bytes. */
export interface FlowMod {
  readonly command: FlowCommand;
  readonly flow: Flow;
  readonly cookieMask: bigint;
  readonly outPort: OfPort;
  readonly outGroup: number;
}

/** Reads a whole flow-mod, header included. */
export function parseFlowMod(message: Uint8Array): Result<FlowMod, WireError> {
  const reader = new ByteReader(message);
  reader.skip(HEADER_SIZE_BYTES);
  const [cookie, cookieMask] = [reader.uint64(), reader.uint64()];
  const table = reader.uint8();
  const command = COMMANDS[reader.uint8()];
  const [idleTimeoutS, hardTimeoutS, priority] = [reader.uint16(), reader.uint16(), reader.uint16()];
  reader.skip(4);
  const [outPort, outGroup] = [ofPort(reader.uint32()), reader.uint32()];
  const [flags, importance] = [reader.uint16(), reader.uint16()];
  if (reader.failed || command === undefined) return wireError("TRUNCATED", "a flow-mod", `${message.length} bytes`);
  const match = parseMatch(reader);
  if (!match.ok) return match;
  const actions = parseInstructions(reader);
  if (!actions.ok) return actions;
  const timeouts = timing({ idleTimeoutS, hardTimeoutS, importance, flags });
  const flow: Flow = { table, priority, match: match.value, actions: actions.value, cookie, ...timeouts };
  return ok({ command, flow, cookieMask, outPort, outGroup });
}

/** The optional members of a flow, left out where they are 0. */
export function timing(given: {
  readonly idleTimeoutS: number;
  readonly hardTimeoutS: number;
  readonly importance: number;
  readonly flags: number;
}): Partial<Pick<Flow, "idleTimeoutS" | "hardTimeoutS" | "importance" | "flags">> {
  return {
    ...(given.idleTimeoutS === 0 ? {} : { idleTimeoutS: given.idleTimeoutS }),
    ...(given.hardTimeoutS === 0 ? {} : { hardTimeoutS: given.hardTimeoutS }),
    ...(given.importance === 0 ? {} : { importance: given.importance }),
    ...(given.flags === 0 ? {} : { flags: given.flags }),
  };
}
