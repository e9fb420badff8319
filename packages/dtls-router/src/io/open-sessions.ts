// Choosing where the sessions of a node live: on one worker per core, on fewer, or on the main thread.
import type { Logger } from "@coracle/lifecycle";
import { cpuCount, cryptoProviderReport, describeUdpPath, resolveHost, UdpError } from "@coracle/runtime";
import type { DtlsRouterConfig } from "../config.ts";
import { LocalSessions } from "./local-sessions.ts";
import type { SessionListener, SessionService, SessionStart } from "./session-service.ts";
import type { SessionSettings } from "./session-settings.ts";
import { ThreadedSessions } from "./threaded-sessions.ts";

/** Workers beyond this cost more memory than they bring, unless they are asked for. */
const WORKERS_DEFAULT_MAX = 16;
/** A connection ID has the node, the worker and four random bytes. */
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
  const { count, reason } = workerCount(config, cpuCount());
  const cluster = config.clusterListen && (await resolved(config.clusterListen));
  const start: SessionStart = { settings, listener, sockets: { listen: await resolved(config.listen), cluster } };
  const sessions =
    (config.packetThread ? await onThreads(options, start, count) : undefined) ?? (await LocalSessions.open(start));
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

/**
 * How many workers, and why not as many as were asked for. By default one core is left to the kernel's receiving, the main thread and
 * the runtime's helpers: a worker on it too takes smaller batches for more system calls.
 */
export function workerCount(
  config: Pick<DtlsRouterConfig, "workers" | "cidSize" | "sessionsMax" | "handshakesMax" | "handshakesPerSecond"> &
    Pick<DtlsRouterConfig, "upstream" | "upstreamPortsMax">,
  cores: number,
): { readonly count: number; readonly reason: string | undefined } {
  const wanted = config.workers ?? Math.min(Math.max(1, cores - 1), WORKERS_DEFAULT_MAX);
  const limits: readonly (readonly [most: number, reason: string])[] = [
    [
      config.cidSize < CID_SIZE_FOR_WORKERS_MIN ? 1 : wanted,
      `connection IDs of ${config.cidSize} bytes name no worker`,
    ],
    [config.sessionsMax, "each has a part of --sessions-max"],
    [config.handshakesMax, "each has a part of --handshakes-max"],
    [config.handshakesPerSecond, "each has a part of --handshakes-per-second"],
    [config.upstream.kind === "udp" ? config.upstreamPortsMax : wanted, "each has a part of --upstream-ports-max"],
  ];
  let count = wanted;
  let reason: string | undefined;
  for (const [most, why] of limits) {
    if (most >= count) continue;
    count = most;
    reason = why;
  }
  return { count, reason };
}

async function resolved(address: {
  readonly host: string;
  readonly port: number;
}): Promise<{ readonly host: string; readonly port: number }> {
  const [host = address.host] = await resolveHost(address.host);
  return { host, port: address.port };
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
