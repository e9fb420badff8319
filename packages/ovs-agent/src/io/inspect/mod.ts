// Looking at a bridge from outside the agent: what the commands trace, flows and drift do.
export { reportDrift, reportFlows } from "./flow-report.ts";
export { InspectError } from "./inspect-error.ts";
export { traceAttachment } from "./trace.ts";
