// Puts the router together: credentials, cluster, workers, health, metrics, HTTP.
import { type ClusterSecurity, type ClusterSettings, endpointsOf } from "@coracle/cluster/io";
import { systemCrypto } from "@coracle/dtls/io";
import { buildInfo, type CheckOutcome, ExitError, type Service, type ServiceParts } from "@coracle/lifecycle";
import type { DtlsRouterConfig } from "../config.ts";
import { cookieSecret } from "../core/shared-cookies.ts";
import { ClusterControl } from "./cluster-control.ts";
import { ConnectionIds } from "./connection-ids.ts";
import { RouterCredentials } from "./credentials.ts";
import { createRoutes } from "./http-routes.ts";
import { openCluster } from "./open-cluster.ts";
import { openSessions } from "./open-sessions.ts";
import { addRouterMetrics } from "./router-metrics.ts";
import type { SessionListener, SessionService } from "./session-service.ts";
import type { SessionSettings } from "./session-settings.ts";

/** Devices that have not been told by then are left to find out. */
const FAREWELL_MS_MAX = 5000;

/** The parts of a router service. */
export async function setUpRouter(service: Service, config: DtlsRouterConfig, worker: URL): Promise<ServiceParts> {
  const cids = await ConnectionIds.open(config, service.log);
  const credentials = await RouterCredentials.open(config, service);
  let changed = (): void => undefined;
  const made = await openCluster(config, service, () => changed());
  const { management, channel, discover, security } = made;
  const cluster = management && new ClusterControl({ management, log: service.log, discover });
  changed = () => void cluster?.rediscover();
  const settings = await sessionSettings(config, { cids, credentials, security, mode: management?.mode });
  const listener = listenerOf(service, cluster);
  const sessions = await openSessions({ config, settings, listener, log: service.log, worker });
  credentials.onChange((posted) => sessions.mail({ kind: "credentials", credentials: posted }));
  const reader = cids.reader(sessions.workers);
  cids.onChange((keys) => {
    sessions.mail({ kind: "cid-keys", keys });
    reader?.replace(keys);
  });
  addRouterMetrics(service.metrics, {
    sessions,
    cluster,
    channelCounters: () => channel?.counters() ?? {},
    connectionIds: cids,
    psk: credentials.psk,
  });
  service.health.add({ name: "workers", scope: "liveness", check: () => workersHealth(sessions) });
  service.health.add({
    name: "cluster",
    check: () => {
      const reason = cluster?.notReady;
      return reason === undefined ? { healthy: true } : { healthy: false, reason };
    },
  });
  if (cluster !== undefined && sessions.cluster !== undefined) {
    cluster.start({ port: sessions.cluster, onMember: (change) => sessions.setMember(change) });
  }
  const routes = createRoutes({
    sessions,
    cluster,
    clusterMode: management?.mode,
    nodeId: config.nodeId,
    cidSizeBytes: cids.sizeBytes,
    layout: reader,
    upstream: config.upstream.kind,
  });
  return {
    handler: (request) => routes.fetch(request),
    stop: [
      { name: "goodbye", run: () => sayGoodbye(sessions, config, service) },
      {
        name: "ports",
        run: async () => {
          cluster?.close();
          made.close();
          credentials.close();
          cids.close();
          await sessions.close();
        },
      },
    ],
  };
}

/**
 * Sessions end with this process, so devices are told: one that hears it connects anew at once instead of timing out. Hellos
 * are served until now, since a balancer may send them here for as long as its flow table remembers.
 */
async function sayGoodbye(sessions: SessionService, config: DtlsRouterConfig, service: Service): Promise<void> {
  const told = await sessions.farewell(config.closeNotify, AbortSignal.timeout(FAREWELL_MS_MAX));
  if (config.closeNotify) service.log.info("Devices told", { sessions: told });
}

/** A worker that breaks ends the process; one that hangs has to be found out. */
async function workersHealth(sessions: SessionService): Promise<CheckOutcome> {
  try {
    await sessions.alive();
    return { healthy: true };
  } catch (error) {
    return { healthy: false, reason: error instanceof Error ? error.message : "a worker does not answer" };
  }
}

function listenerOf(service: Service, cluster: ClusterControl | undefined): SessionListener {
  const { log } = service;
  return {
    onManagement: (from, bytes) => cluster?.tell({ kind: "datagram", from, bytes }),
    onStranger: (from) => cluster?.tell({ kind: "unknown-sender", from }),
    onWarning: (message, reason) => log.warning(message, { reason }),
    onHandshakeFailed: (failure) => log.debug("A handshake failed", { ...failure }),
    onFailure: (error) => {
      // Its sessions are lost, new devices that belong to it find nobody, and the kernel steers by the numbers of sockets, which
      // have changed: better to begin anew, and at once.
      log.error("A worker has ended", { error });
      service.stop(`a worker has ended: ${error.message}`, 1, { atOnce: true });
    },
  };
}

async function sessionSettings(
  config: DtlsRouterConfig,
  parts: {
    readonly cids: ConnectionIds;
    readonly credentials: RouterCredentials;
    readonly security: ClusterSecurity;
    readonly mode: ClusterSettings["management"]["mode"] | undefined;
  },
): Promise<SessionSettings> {
  const { cids, credentials, security, mode } = parts;
  const secret = mode === undefined ? undefined : security.credentials?.secret;
  const { sessionsMax, handshakesMax, handshakesPerSecond, staleAfterMs } = config;
  return {
    nodeId: config.nodeId,
    cidSizeBytes: cids.sizeBytes,
    layout: cids.posted(),
    suites: config.suites,
    clientCertificate: config.clientCertificate,
    credentials: credentials.posted(),
    limits: { sessionsMax, handshakesMax, handshakesPerSecond, staleAfterMs },
    cluster: mode && { mac: mode === "dtls-mac", backward: config.backward },
    cookieSecret: secret && cookieSecret(systemCrypto, secret),
    upstream: await upstreamSettings(config),
  };
}

async function upstreamSettings(config: DtlsRouterConfig): Promise<SessionSettings["upstream"]> {
  const { upstream } = config;
  if (upstream.kind === "coap") {
    return { kind: "coap", server: `coracle-dtls-router ${buildInfo("dtls-router").version}` };
  }
  const found = await endpointsOf(upstream).catch((error: unknown) => {
    throw new ExitError(`--upstream: ${error instanceof Error ? error.message : "no address"}`, { cause: error });
  });
  const [address] = found;
  if (address === undefined) throw new ExitError(`--upstream: ${upstream.host} has no address`);
  const { upstreamProxyHeader: proxyHeader, upstreamPortsMax: portsMax, upstreamIdleMs: idleMs } = config;
  return { kind: "udp", address, proxyHeader, portsMax, idleMs };
}
