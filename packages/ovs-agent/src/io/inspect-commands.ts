// The commands that look at a bridge from outside: `trace`, `flows`, `drift`.
import { formatAddress } from "@coracle/lifecycle";
import { createHttpClient, exitProcess, HttpClientError, stderr, stdout } from "@coracle/runtime";
import type { InspectConfig, TraceConfig } from "../inspect-config.ts";
import { InspectError, reportDrift, reportFlows, traceAttachment } from "./inspect/mod.ts";

const UNREACHABLE_EXIT_CODE = 3;
const FLOWS_SIZE_BYTES_MAX = 1 << 30;
const ANSWER_TIMEOUT_MS = 10_000;

interface Report {
  readonly text: string;
  readonly exitCode: number;
}

/** `coracle-ovs-agent trace`. */
export function runTrace(config: TraceConfig): Promise<void> {
  const { ovsRunDir, attachment, destination } = config;
  return report(config, async () => {
    // Only for when the switch cannot be read; a trace works without an agent as well.
    const desired = await readDesired(config).catch(() => undefined);
    const place = { runDirectory: ovsRunDir, attachment, destination };
    return traceAttachment({ ...place, ...(desired === undefined ? {} : { desired }) });
  });
}

/** `coracle-ovs-agent flows`. */
export function runFlows(config: InspectConfig): Promise<void> {
  return report(config, async () => reportFlows({ runDirectory: config.ovsRunDir }, await readDesired(config)));
}

/** `coracle-ovs-agent drift`. */
export function runDrift(config: InspectConfig): Promise<void> {
  return report(config, async () => reportDrift({ runDirectory: config.ovsRunDir }, await readDesired(config)));
}

/** Prints what was found and ends the process. */
async function report({ json }: InspectConfig, find: () => Promise<Report>): Promise<never> {
  let exitCode = UNREACHABLE_EXIT_CODE;
  try {
    const { text, exitCode: found, ...facts } = await find();
    // Values of 64 bits are cookies and field values: as people write them.
    const print = (_: string, value: unknown): unknown =>
      typeof value === "bigint" ? `0x${value.toString(16)}` : value;
    stdout().write(json ? `${JSON.stringify(facts, print)}\n` : text);
    exitCode = found;
  } catch (error) {
    if (!(error instanceof InspectError || error instanceof HttpClientError)) throw error;
    stderr().write(`${error.message}\n`);
  }
  await Promise.all([stdout().drained(), stderr().drained()]);
  return exitProcess(exitCode);
}

/** The flows that should be installed, from the agent. */
async function readDesired({ agent }: InspectConfig): Promise<string> {
  const client = createHttpClient();
  try {
    const url = `http://${formatAddress(agent)}/flows`;
    const answer = await client.request({ method: "GET", url, headersTimeoutMs: ANSWER_TIMEOUT_MS });
    if (answer.status !== 200) {
      answer.cancel();
      throw new InspectError("UNREACHABLE", `Cannot read the flows of the agent at ${url}: status is ${answer.status}`);
    }
    return await answer.text(FLOWS_SIZE_BYTES_MAX);
  } finally {
    client.close();
  }
}
