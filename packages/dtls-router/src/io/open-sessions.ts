// Choosing where the sessions of a node live: on one worker per core, on fewer, or on the main thread.
import type { Logger } from "@coracle/lifecycle";
import { cpuCount, cryptoProviderReport, describeUdpPath, resolveHost, UdpError } from "@coracle/runtime";
import { cidSize } from "../cid-flags.ts";
import type { DtlsRouterConfig } from "../config.ts";
import { layOutCounters } from "../core/process-counters.ts";
import {
  HELD_PART_MIN,
  PASSING_PART_MIN,
  type SharedLimit,
  type WorkerCount,
  workerCount,
} from "../core/worker-count.ts";
import { claimPort } from "./claim-port.ts";
import { LocalSessions } from "./local-sessions.ts";
import type { SessionListener, SessionService, SessionStart } from "./session-service.ts";
import type { SessionSettings } from "./session-settings.ts";
import { ThreadedSessions } from "./threaded-sessions.ts";

/** A connection ID of Californium's layout has the node, the worker and four random bytes. */
const CID_SIZE_FOR_WORKERS_MIN = 6;

/** What opening needs. */
export interface OpenSessionsOptions {
  readonly config: DtlsRouterConfig;
  readonly settings: SessionSettings;
  readonly listener: SessionListener;
  readonly log: Logger;
  /** The module of a worker. */
  readonly worker: URL;
}

/** Starts the workers and says where they are; throws `UdpError` if the ports cannot be bound. */
export async function openSessions(options: OpenSessionsOptions): Promise<SessionService> {
  const { config, settings, listener, log } = options;
  const { count, reason } = workersOf(config);
  const cluster = config.clusterListen && (await resolved(config.clusterListen));
  const start: SessionStart = {
    settings: { ...settings, counters: count === 1 ? undefined : layOutCounters(count) },
    listener,
    sockets: { listen: await resolved(config.listen), cluster },
  };
  if (config.packetThread && count > 1) await claimPorts(start);
  const sessions =
    (config.packetThread ? await onThreads(options, start, count) : undefined) ?? (await LocalSessions.open(start));
  tellFewer(log, config.workers, sessions, reason);
  const { description, fallbackReason } = cryptoProviderReport();
  log.info("Listening", {
    port: "listen",
    at: sessions.public.local.port,
    workers: sessions.workers,
    ...(reason === undefined ? {} : { workersBecause: reason }),
    packetPath: describeUdpPath(sessions.path),
    recordCrypto: description,
    ...(fallbackReason === undefined ? {} : { noLibcryptoBecause: fallbackReason }),
  });
  return sessions;
}

/** The limits that workers share, as far as this node has them. */
export function sharedLimits(
  config: Pick<
    DtlsRouterConfig,
    "sessionsMax" | "handshakesMax" | "handshakesPerSecond" | "upstream" | "upstreamPortsMax"
  >,
): readonly SharedLimit[] {
  const { sessionsMax, handshakesMax, handshakesPerSecond, upstream, upstreamPortsMax } = config;
  return [
    { flag: "--sessions-max", total: sessionsMax, partMin: HELD_PART_MIN },
    { flag: "--handshakes-max", total: handshakesMax, partMin: PASSING_PART_MIN },
    { flag: "--handshakes-per-second", total: handshakesPerSecond, partMin: PASSING_PART_MIN },
    ...(upstream.kind === "udp"
      ? [{ flag: "--upstream-ports-max", total: upstreamPortsMax, partMin: HELD_PART_MIN }]
      : []),
  ];
}

function workersOf(config: DtlsRouterConfig): WorkerCount {
  const { workers: asked, cidLayout } = config;
  const size = cidSize(config);
  const namesNoWorker = cidLayout === "californium" && size < CID_SIZE_FOR_WORKERS_MIN;
  return workerCount({
    asked,
    cores: cpuCount(),
    oneBecause: namesNoWorker ? `connection IDs of ${size} bytes name no worker` : undefined,
    limits: sharedLimits(config),
  });
}

/** Who asks for workers and gets fewer is told so that it is not missed, with what to change. */
function tellFewer(log: Logger, asked: number | undefined, sessions: SessionService, reason: string | undefined): void {
  const { workers, path } = sessions;
  if (asked === undefined || workers >= asked) return;
  log.warning("Fewer workers than --workers asks for", { asked, workers, reason: reason ?? path.reasons.join("; ") });
}

async function resolved(address: {
  readonly host: string;
  readonly port: number;
}): Promise<{ readonly host: string; readonly port: number }> {
  const [host = address.host] = await resolveHost(address.host);
  return { host, port: address.port };
}

async function claimPorts({ sockets }: SessionStart): Promise<void> {
  await claimPort(sockets.listen);
  if (sockets.cluster !== undefined) await claimPort(sockets.cluster);
}

/** `undefined` where packet threads are not to be had, or not faster. */
async function onThreads(
  { worker, log }: OpenSessionsOptions,
  start: SessionStart,
  count: number,
): Promise<SessionService | undefined> {
  try {
    return await ThreadedSessions.open(start, worker, count);
  } catch (error) {
    if (!(error instanceof UdpError) || (error.code !== "UNSUPPORTED" && error.code !== "WORKER")) throw error;
    log.warning("No packet threads here", { error });
    return undefined;
  }
}
