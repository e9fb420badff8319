// One start of a binary: from spawn to the first 200 of /livez, and its memory when it has come to rest.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { freePorts } from "@coracle/test/peers/kubernetes";
import { processMemory } from "../process-figures.ts";

/** What a start took. */
export interface StartFigures {
  readonly livezMs: number;
  readonly idleMiB: number;
}

const POLL_MS = 2;
/** As a service manager starts it. A shell's NODE_EXTRA_CA_CERTS alone costs 20 ms: a bundle of 150 authorities to read. */
const ENVIRONMENT = { PATH: "/usr/bin:/bin", HOME: tmpdir() };
const TIMEOUT_MS = 20_000;

/** Starts `program` with the arguments that `makeArguments` gives for an `--http` address, and ends it again. */
export async function measureStart(
  program: readonly string[],
  makeArguments: (http: string, round: number) => readonly string[],
  options: { readonly round: number; readonly idleMs: number },
): Promise<StartFigures> {
  const [port = 0] = await freePorts(1);
  const [file = "", ...rest] = program;
  const argv = [...rest, ...makeArguments(`127.0.0.1:${port}`, options.round)];
  const startMs = performance.now();
  const child = spawn(file, argv, { stdio: ["ignore", "ignore", "pipe"], env: ENVIRONMENT });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log = (log + chunk.toString("utf8")).slice(-4096)));
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    while (!(await isLive(port))) {
      if (child.exitCode !== null || performance.now() - startMs > TIMEOUT_MS)
        throw new Error(`Cannot start ${file}: it does not answer /livez: ${log}`);
      await delay(POLL_MS);
    }
    const livezMs = performance.now() - startMs;
    await delay(options.idleMs);
    return { livezMs, idleMiB: processMemory(child.pid ?? 0).nowMiB };
  } finally {
    child.kill("SIGKILL");
    await gone;
  }
}

/** Asks once, on a socket of its own: an HTTP client's pool would still hold the last refusal. */
function isLive(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write("GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"),
    );
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(answer.startsWith("HTTP/1.1 200 ")));
  });
}
