// Many messages handed to a session without making one object for each.
import type { Flow, FlowSelector } from "../flow/flow.ts";
import { encodeFlow, encodeFlowDelete } from "../wire/flow-mod.ts";
import { encodeGroupMod, type GroupMod } from "../wire/group-mod.ts";
import type { MessageBuffer } from "../wire/message-buffer.ts";
import { encodeMeterMod, type MeterMod } from "../wire/meter-mod.ts";
import type { OpenflowVersion } from "../wire/version.ts";

/** What goes into a message's header besides its type and length. */
export interface MessageHeader {
  readonly version: OpenflowVersion;
  readonly xid: number;
}

/** `count` messages, encoded one by one when the connection can take them. Must not change until its result is there. */
export interface MessageSource {
  readonly count: number;
  /** Appends message `index`, with exactly this header, which is another by the next call. */
  encode(index: number, buffer: MessageBuffer, header: MessageHeader): void;
}

/** Deletes first, then adds: what {@link FlowChange} says, in that order. */
export interface FlowChange {
  readonly deletes?: readonly FlowSelector[];
  readonly adds?: readonly Flow[];
}

/** The flow-mods of a change. Index counts the deletes, then the adds. */
export function flowChangeSource(change: FlowChange): MessageSource {
  const { deletes = [], adds = [] } = change;
  return {
    count: deletes.length + adds.length,
    encode(index, buffer, header) {
      const selector = deletes[index];
      const flow = adds[index - deletes.length];
      if (selector !== undefined) encodeFlowDelete(buffer, header, selector);
      else if (flow !== undefined) encodeFlow(buffer, header, "add", flow);
    },
  };
}

/** One message of a mixed list. */
export type SwitchMessage =
  | { readonly kind: "add" | "modify" | "modify-strict"; readonly flow: Flow }
  | { readonly kind: "delete"; readonly selector: FlowSelector }
  | { readonly kind: "group"; readonly mod: GroupMod }
  | { readonly kind: "meter"; readonly mod: MeterMod }
  | { readonly kind: "other"; readonly encode: (buffer: MessageBuffer, header: MessageHeader) => void };

/** A mixed list: groups before the flows that use them, all in one ordered bundle. Meters cannot be in a bundle. */
export function messageListSource(messages: readonly SwitchMessage[]): MessageSource {
  return {
    count: messages.length,
    encode(index, buffer, header) {
      const message = messages[index];
      if (message !== undefined) encodeSwitchMessage(message, buffer, header);
    },
  };
}

function encodeSwitchMessage(message: SwitchMessage, buffer: MessageBuffer, header: MessageHeader): void {
  switch (message.kind) {
    case "delete":
      return encodeFlowDelete(buffer, header, message.selector);
    case "group":
      return encodeGroupMod(buffer, header, message.mod);
    case "meter":
      return encodeMeterMod(buffer, header, message.mod);
    case "other":
      return message.encode(buffer, header);
    case "add":
    case "modify":
    case "modify-strict":
      return encodeFlow(buffer, header, message.kind, message.flow);
  }
}
