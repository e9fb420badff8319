// Actions as ovs-ofctl prints them.
import { unreachable } from "@coracle/base";
import { type Action, type ConntrackAction, isWhole, type Subfield } from "../flow/action.ts";
import { formatPort, PORT } from "../wire/of-port.ts";
import { formatBig, formatNumber, hex } from "./field-value.ts";

/** The text behind `actions=`; `drop` for no action. */
export function formatActions(actions: readonly Action[]): string {
  return actions.length === 0 ? "drop" : actions.map(formatAction).join(",");
}

/** One action. */
export function formatAction(action: Action): string {
  switch (action.kind) {
    case "output":
      return action.port >= PORT.inPort ? formatPort(action.port) : `output:${action.port}`;
    case "controller":
      return `CONTROLLER:${action.sizeBytesMax}`;
    case "resubmit":
      return formatResubmit(action.port === undefined ? "" : formatPort(action.port), action.table);
    case "set-field":
      return `set_field:${
        action.size === "number"
          ? formatNumber(action.field, action.value, action.mask)
          : formatBig(action.field, action.value, action.mask)
      }->${action.field.name}`;
    case "load":
      return `load:${hex(action.value)}->${formatSubfield(action.into)}`;
    case "move":
      return `move:${formatSubfield(action.from)}->${formatSubfield(action.into)}`;
    case "ct":
      return formatConntrack(action);
    case "nat":
      return "nat";
    case "group":
      return `group:${action.group}`;
    case "dec-ttl":
      return "dec_ttl";
    case "meter":
      return `meter:${action.meter}`;
    case "write-metadata":
      return `write_metadata:${hex(action.value)}${action.mask === undefined ? "" : `/${hex(action.mask)}`}`;
    case "goto-table":
      return `goto_table:${action.table}`;
    case "opaque-action":
    case "opaque-instruction":
      return `${action.kind.replace("-", "_")}(${Array.from(action.bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")})`;
    default:
      return unreachable(action);
  }
}

/** `NAME[]`, `NAME[BIT]` or `NAME[FROM..TO]`. */
export function formatSubfield(subfield: Subfield): string {
  const { field, offset, sizeBits } = subfield;
  if (isWhole(subfield)) return `${field.nxmName}[]`;
  return sizeBits === 1 ? `${field.nxmName}[${offset}]` : `${field.nxmName}[${offset}..${offset + sizeBits - 1}]`;
}

function formatResubmit(port: string, table: number | undefined): string {
  return table === undefined ? `resubmit:${port === "" ? "IN_PORT" : port}` : `resubmit(${port},${table})`;
}

function formatConntrack(action: ConntrackAction): string {
  const parts: string[] = [];
  if (action.commit) parts.push("commit");
  if (action.force) parts.push("force");
  if (action.table !== undefined) parts.push(`table=${action.table}`);
  if (action.zone !== undefined) {
    parts.push(`zone=${typeof action.zone === "number" ? action.zone : formatSubfield(action.zone)}`);
  }
  const executed = action.actions.filter((inner) => inner.kind !== "nat");
  if (executed.length < action.actions.length) parts.push("nat");
  if (executed.length > 0) parts.push(`exec(${executed.map(formatAction).join(",")})`);
  return parts.length === 0 ? "ct" : `ct(${parts.join(",")})`;
}
