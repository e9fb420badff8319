// Puts the router together: credentials, cluster, workers, health, metrics, HTTP.
import {
  type ClusterSecurity,
  type ClusterSettings,
  clusterSecurity,
  clusterSettings,
  endpointsOf,
  PeerSource,
} from "@coracle/cluster/io";
import { systemCrypto } from "@coracle/dtls/io";
import { buildInfo, ExitError, type Service, type ServiceParts } from "@coracle/lifecycle";
import { environment, systemRandom } from "@coracle/runtime";
import type { DtlsRouterConfig } from "../config.ts";
import { cookieSecret } from "../core/shared-cookies.ts";
import { ClusterControl } from "./cluster-control.ts";
import { RouterCredentials } from "./credentials.ts";
import { createRoutes } from "./http-routes.ts";
import { openSessions } from "./open-sessions.ts";
import { addRouterMetrics } from "./router-metrics.ts";
import type { SessionListener, SessionService } from "./session-service.ts";
import type { SessionSettings } from "./session-settings.ts";

/** Devices that have not been told by then are left to find out. */
const FAREWELL_MS_MAX = 5000;

/** The parts of a router service. */
export async function setUpRouter(service: Service, config: DtlsRouterConfig, worker: URL): Promise<ServiceParts> {
  const credentials = await RouterCredentials.open(config, service);
  const security = clusterSecurity(config.clusterSecurity, environment());
  let changed = (): void => undefined;
  const peers = new PeerSource({
    peers: config.peers ?? [],
    file: config.peersFile,
    log: service.log,
    onChange: () => changed(),
  });
  await peers.start();
  const made = await makeCluster(config, peers, security);
  const { management, channel } = made ?? {};
  const cluster = management && new ClusterControl({ management, log: service.log, discover: () => peers.addresses() });
  changed = () => void cluster?.rediscover();
  const settings = await sessionSettings(config, { credentials, security, mode: management?.mode });
  const listener = listenerOf(service, cluster);
  const sessions = await openSessions({ config, settings, listener, log: service.log, worker });
  credentials.onChange((posted) => sessions.replaceCredentials(posted));
  addRouterMetrics(service.metrics, { sessions, cluster, channelCounters: () => channel?.counters() ?? {} });
  service.health.add({
    name: "cluster",
    check: () =>
      (cluster?.isReady ?? true) ? { healthy: true } : { healthy: false, reason: "the cluster has not formed" },
  });
  if (cluster !== undefined && sessions.cluster !== undefined) {
    cluster.start({ port: sessions.cluster, onMember: (change) => sessions.setMember(change) });
  }
  const routes = createRoutes({
    sessions,
    cluster,
    clusterMode: management?.mode,
    nodeId: config.nodeId,
    cidSizeBytes: config.cidSize,
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
          peers.close();
          credentials.close();
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

function listenerOf(service: Service, cluster: ClusterControl | undefined): SessionListener {
  const { log } = service;
  return {
    onManagement: (from, bytes) => cluster?.tell({ kind: "datagram", from, bytes }),
    onStranger: (from) => cluster?.tell({ kind: "unknown-sender", from }),
    onWarning: (message, reason) => log.warning(message, { reason }),
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
    readonly credentials: RouterCredentials;
    readonly security: ClusterSecurity;
    readonly mode: ClusterSettings["management"]["mode"] | undefined;
  },
): Promise<SessionSettings> {
  const { credentials, security, mode } = parts;
  const secret = mode === undefined ? undefined : security.credentials?.secret;
  const { sessionsMax, handshakesMax, handshakesPerSecond, staleAfterMs } = config;
  return {
    nodeId: config.nodeId,
    cidSizeBytes: config.cidSize,
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
  const [address] = await endpointsOf(upstream);
  if (address === undefined) throw new ExitError(`--upstream: ${upstream.host} has no address`);
  const { upstreamProxyHeader: proxyHeader, upstreamPortsMax: portsMax, upstreamIdleMs: idleMs } = config;
  return { kind: "udp", address, proxyHeader, portsMax, idleMs };
}

async function makeCluster(
  config: DtlsRouterConfig,
  peers: PeerSource,
  security: ClusterSecurity,
): Promise<ClusterSettings | undefined> {
  const { clusterListen } = config;
  if (clusterListen === undefined) return undefined;
  // Names that cannot be looked up yet do not keep a node from starting, if it is told how many others there are.
  const listed = config.nodesExpected === undefined ? await peers.addresses() : [];
  return clusterSettings({ config, clusterListen, security, listed, crypto: systemCrypto, random: systemRandom });
}
