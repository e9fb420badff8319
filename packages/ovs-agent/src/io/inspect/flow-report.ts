// Desired against installed flows, for people: `flows` prints all, `drift` what differs.
import { type Flow, flowFingerprint, flowKey, formatFlow, parseFlows } from "@coracle/openflow";
import { COOKIE_IDENTITY_MASK } from "../../core/pipeline/cookie.ts";
import { type BridgeLocation, readFlows } from "./bridge-view.ts";
import { InspectError } from "./inspect-error.ts";

/** What is said of one flow. `same` ignores counters and the cookie's round. */
export interface FlowLine {
  readonly status: "same" | "missing" | "different" | "unexpected";
  /** As it should be; for an unexpected flow as it is. */
  readonly flow: string;
  /** As it is, for a different one. */
  readonly installed?: string;
}

/** A command's outcome. */
export interface FlowReport {
  readonly lines: readonly FlowLine[];
  readonly text: string;
  /** 0, or 1 if `drift` found a difference. */
  readonly exitCode: 0 | 1;
}

const MARK = { same: " ", missing: "-", different: "!", unexpected: "+" } as const;

/** Every flow, desired (text of an agent's `flows()`, one a line) and installed. Rejects with `InspectError`. */
export async function reportFlows(location: BridgeLocation, desired: string): Promise<FlowReport> {
  const lines = flowLines(parseDesired(desired), await readFlows(location));
  return { lines, text: lines.map(lineText).join(""), exitCode: 0 };
}

/** What differs. Rejects with `InspectError`. */
export async function reportDrift(location: BridgeLocation, desired: string): Promise<FlowReport> {
  const lines = flowLines(parseDesired(desired), await readFlows(location));
  const drifted = lines.filter(({ status }) => status !== "same");
  const text = drifted.length === 0 ? `no drift: ${lines.length} flows are as they should be\n` : "";
  return { lines: drifted, text: text + drifted.map(lineText).join(""), exitCode: drifted.length === 0 ? 0 : 1 };
}

/** Compares two tables flow by flow: desired ones in their order, then those that nobody wants. */
export function flowLines(desired: readonly Flow[], installed: readonly Flow[]): readonly FlowLine[] {
  const left = new Map(installed.map((flow) => [flowKey(flow), flow]));
  const lines = desired.map((flow): FlowLine => {
    const key = flowKey(flow);
    const found = left.get(key);
    left.delete(key);
    if (found === undefined) return { status: "missing", flow: formatFlow(flow) };
    if (identity(found) === identity(flow)) return { status: "same", flow: formatFlow(flow) };
    return { status: "different", flow: formatFlow(flow), installed: formatFlow(found) };
  });
  return [
    ...lines,
    ...Array.from(left.values(), (flow): FlowLine => ({ status: "unexpected", flow: formatFlow(flow) })),
  ];
}

/** Reads flows as text. Throws `BAD_FLOWS`. */
export function parseDesired(text: string): readonly Flow[] {
  const parsed = parseFlows(text);
  if (!parsed.ok) throw new InspectError("BAD_FLOWS", `Cannot read desired flows: ${parsed.error.message}`);
  return parsed.value;
}

function identity(flow: Flow): string {
  return flowFingerprint({ ...flow, cookie: flow.cookie & COOKIE_IDENTITY_MASK });
}

function lineText(line: FlowLine): string {
  const more = line.installed === undefined ? "" : `! installed: ${line.installed}\n`;
  return `${MARK[line.status]} ${line.flow}\n${more}`;
}
