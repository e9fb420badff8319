// The command `coracle-load devices`: credentials, fleet, progress, signals, result, exit code.
import { SeededRandom } from "@coracle/base";
import {
  ExitError,
  failureLine,
  formatAddress,
  SAME_SIGNAL_MS,
  type Service,
  type ServiceHandler,
  type ServiceParts,
  startService,
} from "@coracle/lifecycle";
import {
  exitProcess,
  onSignal,
  resolveHost,
  stderr,
  stdout,
  systemClock,
  systemRandom,
  type UdpAddress,
  udpAddress,
  writeFileAtomic,
} from "@coracle/runtime";
import { Hono } from "hono";
import type { FleetOptions } from "../../core/devices/device-types.ts";
import { Fleet } from "../../core/devices/fleet.ts";
import { nothingText, resultLines } from "../../core/devices/fleet-report.ts";
import { type FleetResult, FleetTally } from "../../core/devices/fleet-tally.ts";
import { DEVICES_EXIT_CODES, type DevicesConfig } from "../../devices-config.ts";
import { requireOpenFiles } from "../open-files.ts";
import { requireWritable } from "../result-file.ts";
import { CoapPacketCodec } from "./coap-codec.ts";
import { clientMaker } from "./device-credentials.ts";
import { addDevicesMetrics } from "./devices-metrics.ts";
import { FleetDriver } from "./fleet-driver.ts";
import { FleetProgress } from "./fleet-progress.ts";

const COMMAND = "coracle-load devices";
const PROGRESS_TERMINAL_MS = 1000;
const PROGRESS_MS = 10_000;

/** A run with its parts. */
interface Run {
  readonly fleet: Fleet;
  readonly tally: FleetTally;
  readonly driver: FleetDriver;
  readonly progress: FleetProgress;
}

/** Runs the command and ends the process with its exit code. */
export async function runDevices(config: DevicesConfig): Promise<void> {
  let code: number;
  try {
    code = await serve(config);
  } catch (error) {
    stderr().write(failureLine(COMMAND, error));
    code = error instanceof ExitError ? error.exitCode : DEVICES_EXIT_CODES.failed;
  }
  await Promise.all([stdout().drained(), stderr().drained()]);
  exitProcess(code);
}

/** Serves metrics and health while the run goes on, if `--http` says where. */
async function serve(config: DevicesConfig): Promise<number> {
  const interruption = { isInterrupted: false };
  let run: Run | undefined;
  const forget = listenForSignals(() => {
    interruption.isInterrupted = true;
    run?.driver.stop();
  });
  try {
    const service = await startService({
      component: "load",
      config,
      setup: async (own): Promise<ServiceParts> => {
        run = await prepare(own, config);
        if (interruption.isInterrupted) run.driver.stop();
        return { handler: createRoutes(run) };
      },
    });
    const code = run === undefined ? DEVICES_EXIT_CODES.failed : await runToEnd(config, run);
    service.stop("the run is over", interruption.isInterrupted ? DEVICES_EXIT_CODES.interrupted : code);
    return await service.finished;
  } finally {
    forget();
  }
}

async function prepare(service: Service, config: DevicesConfig): Promise<Run> {
  await requireOpenFiles({ wanted: config.count, flag: "--count", what: "devices", isFatal: true, log: service.log });
  await requireWritable(config.json);
  const random = new SeededRandom(systemRandom.uint32());
  const tally = new FleetTally(random);
  const makeClient = await clientMaker(config);
  const fleet = new Fleet(fleetOptions(config), { makeClient, codec: new CoapPacketCodec(config), random });
  const onOutput = addDevicesMetrics(service.metrics, fleet, tally);
  const driver = new FleetDriver({
    fleet,
    count: config.count,
    target: await addressOf(config),
    log: service.log,
    onOutput: (output) => {
      tally.add(output);
      onOutput(output);
    },
  });
  const writer = stderr();
  const everyMs = config.progressEveryMs ?? (writer.isTerminal ? PROGRESS_TERMINAL_MS : PROGRESS_MS);
  const progress = new FleetProgress({ fleet, tally, devices: config.count, writer, clock: systemClock, everyMs });
  return { fleet, tally, driver, progress };
}

function createRoutes({ progress }: Run): ServiceHandler {
  const app = new Hono();
  app.get("/fleet", (c) => c.json(progress.document()));
  return (request) => app.fetch(request);
}

function fleetOptions(config: DevicesConfig): FleetOptions {
  const { confirmable, ackTimeoutMs, retransmissionsMax, answerTimeoutMs } = config;
  return { ...config, coap: { confirmable, ackTimeoutMs, retransmissionsMax, answerTimeoutMs } };
}

async function addressOf({ target }: DevicesConfig): Promise<UdpAddress> {
  const [first] = await resolveHost(target.host);
  if (first === undefined) throw new ExitError(`--target: ${target.host} has no address`);
  return udpAddress(first, target.port);
}

async function runToEnd(config: DevicesConfig, { tally, driver, progress }: Run): Promise<number> {
  progress.start();
  try {
    await driver.run();
  } finally {
    progress.end();
  }
  const durationMs = progress.elapsedMs;
  const result = tally.result();
  const people = config.json === "-" ? stderr() : stdout();
  people.write(`${resultLines(result, durationMs).join("\n")}\n`);
  const { unsent, sockets } = driver.failures;
  if (sockets > 0) people.write(`${sockets} sockets could not be opened, ${unsent} datagrams were not sent\n`);
  await writeJson(config, result, durationMs);
  if (result.counts.answered === 0) {
    stderr().write(`${COMMAND}: ${nothingText(formatAddress(config.target), result)}\n`);
    return DEVICES_EXIT_CODES.nothing;
  }
  return result.counts.lost > 0 ? DEVICES_EXIT_CODES.lost : 0;
}

async function writeJson(config: DevicesConfig, result: FleetResult, durationMs: number): Promise<void> {
  const { json, count: devices, rate = null, confirmable } = config;
  if (json === undefined) return;
  const seconds = Math.max(0.001, durationMs / 1000);
  const perSecond = { requests: result.counts.answered / seconds, handshakes: result.counts.handshakes / seconds };
  const text = `${JSON.stringify({ devices, rate, confirmable, durationMs, perSecond, ...result }, undefined, 2)}\n`;
  if (json === "-") stdout().write(text);
  else await writeFileAtomic(json, text);
}

/** The first signal ends the run when what is under way is answered; a later one ends the process. */
function listenForSignals(stop: () => void): () => void {
  let firstAt: number | undefined;
  return onSignal(["SIGINT", "SIGTERM"], () => {
    const now = systemClock.now();
    if (firstAt === undefined) {
      firstAt = now;
      stop();
    } else if (now - firstAt >= SAME_SIGNAL_MS) exitProcess(DEVICES_EXIT_CODES.interrupted);
  });
}
