// What can be asked of a session, and what it answers.
import type { FlowStats } from "../flow/flow.ts";
import type { ControllerRole } from "../wire/asynchronous.ts";
import type { AggregateStats } from "../wire/flow-stats.ts";
import type { MultipartRequest } from "../wire/multipart.ts";
import type { PortDescription } from "../wire/port-description.ts";
import type { TableStats } from "../wire/table-stats.ts";
import type { MessageSource } from "./message-source.ts";

/** Something to ask of the switch. */
export type SessionRequest =
  | MultipartRequest
  | { readonly kind: "barrier" }
  | { readonly kind: "role"; readonly role: ControllerRole }
  /** All messages or none. Atomic hides the change from packets halfway, ordered keeps the order; both by default. */
  | {
      readonly kind: "bundle";
      readonly source: MessageSource;
      readonly flags?: number;
      /**
       * Sends the commit behind the messages, not after the switch has taken them all: one round trip. A message that it
       * cannot read is then missing from what it commits (`isPartial`), so use it for messages like those it took before.
       */
      readonly commitAtOnce?: boolean;
    }
  /** Messages one by one, closed by a barrier: for what a bundle does not take. */
  | { readonly kind: "messages"; readonly source: MessageSource };

/** The answer to a request. */
export type SessionReply =
  | { readonly kind: "flows"; readonly flows: readonly FlowStats[] }
  | { readonly kind: "ports"; readonly ports: readonly PortDescription[] }
  | { readonly kind: "tables"; readonly tables: readonly TableStats[] }
  | { readonly kind: "aggregate"; readonly stats: AggregateStats }
  | { readonly kind: "role"; readonly role: ControllerRole }
  | { readonly kind: "done" };
