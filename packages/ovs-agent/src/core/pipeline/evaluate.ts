// A frame's way through flows, without a switch: which flow takes it in each table, and what becomes of it.
import {
  type Action,
  type Field,
  FIELD,
  type FieldMatch,
  type Flow,
  formatFlow,
  type Match,
  PORT,
} from "@coracle/openflow";

/** Values of a frame's fields; those that are absent are 0. */
export type FrameFields = ReadonlyMap<Field, bigint>;

/** Where a frame ends. */
export type Verdict =
  | { readonly kind: "output"; readonly port: number; readonly tunnelTo: number | undefined }
  | { readonly kind: "answered" }
  | { readonly kind: "dropped"; readonly table: number }
  /** A flow does what only a switch can work out. */
  | { readonly kind: "unknown"; readonly action: string };

/** A frame's way. */
export interface Evaluation {
  /** The flow of each table passed, as text; `undefined` where none matched. */
  readonly steps: readonly { readonly table: number; readonly flow: string | undefined }[];
  readonly verdict: Verdict;
}

const TABLES_MAX = 64;

/** Follows the highest flow of each table, as our pipeline's actions go. */
export function evaluateFlows(flows: readonly Flow[], frame: FrameFields): Evaluation {
  const fields = new Map(frame);
  const steps: { table: number; flow: string | undefined }[] = [];
  let table = 0;
  while (steps.length < TABLES_MAX) {
    const flow = best(flows, table, fields);
    steps.push({ table, flow: flow === undefined ? undefined : formatFlow(flow) });
    const next = flow === undefined ? undefined : act(flow.actions, fields);
    if (next === undefined) return { steps, verdict: { kind: "dropped", table } };
    if (typeof next !== "number") return { steps, verdict: next };
    table = next;
  }
  return { steps, verdict: { kind: "unknown", action: `more than ${TABLES_MAX} tables` } };
}

function best(flows: readonly Flow[], table: number, fields: FrameFields): Flow | undefined {
  let found: Flow | undefined;
  for (const flow of flows) {
    if (flow.table !== table || (found !== undefined && flow.priority <= found.priority)) continue;
    if (matches(flow.match, fields)) found = flow;
  }
  return found;
}

function matches(match: Match, fields: FrameFields): boolean {
  return match.every((entry: FieldMatch) => {
    if (entry.kind === "opaque") return false;
    const value = fields.get(entry.field) ?? 0n;
    return (entry.mask === undefined ? value : value & BigInt(entry.mask)) === BigInt(entry.value);
  });
}

/** Applies actions; answers the next table, a verdict, or nothing if the frame is dropped. */
function act(actions: readonly Action[], fields: Map<Field, bigint>): number | Verdict | undefined {
  for (const action of actions) {
    switch (action.kind) {
      case "set-field": {
        const mask = action.mask === undefined ? undefined : BigInt(action.mask);
        const kept = mask === undefined ? 0n : (fields.get(action.field) ?? 0n) & ~mask;
        fields.set(action.field, kept | BigInt(action.value));
        break;
      }
      case "move":
        fields.set(action.into.field, fields.get(action.from.field) ?? 0n);
        break;
      case "goto-table":
        return action.table;
      case "output":
        return verdictOf(action.port, fields);
      default:
        return { kind: "unknown", action: action.kind };
    }
  }
  return undefined;
}

function verdictOf(port: number, fields: FrameFields): Verdict {
  if (port === PORT.inPort) return { kind: "answered" };
  const tunnel = fields.get(FIELD.tun_dst);
  return { kind: "output", port, tunnelTo: tunnel === undefined ? undefined : Number(tunnel) };
}
