// Looking at a bridge from outside the agent: what the commands trace, flows and drift do.
export type { BridgeLocation } from "./bridge-view.ts";
export { type FlowLine, type FlowReport, reportDrift, reportFlows } from "./flow-report.ts";
export { InspectError } from "./inspect-error.ts";
export { type Trace, traceAttachment, type TraceRequest } from "./trace.ts";
