// Puts the router together: credentials, cluster, ports, application, health, metrics, HTTP.
import { type Endpoint, nodeId } from "@coracle/cluster";
import {
  type ClusterSecurity,
  type ClusterSettings,
  clusterSecurity,
  clusterSettings,
  endpointsOf,
  PeerSource,
} from "@coracle/cluster/io";
import { CIPHER_SUITES, cipherSuiteByName, type CookieJar } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { buildInfo, ExitError, type Service, type ServiceParts } from "@coracle/lifecycle";
import { environment, openUdpEndpoint, systemClock, systemRandom } from "@coracle/runtime";
import type { DtlsRouterConfig } from "../config.ts";
import { RouterNode } from "../core/router-node.ts";
import { cookieSecret, SharedCookies } from "../core/shared-cookies.ts";
import type { Application, DescribeSession, Reply } from "./application.ts";
import { CoapApplication } from "./coap-application.ts";
import { RouterCredentials } from "./credentials.ts";
import { Edge } from "./edge.ts";
import { createRoutes } from "./http-routes.ts";
import { type NodePorts, openNodePorts } from "./node-ports.ts";
import type { PacketThreadData } from "./packet-handler.ts";
import type { OpenPort } from "./ports.ts";
import { addRouterMetrics } from "./router-metrics.ts";
import { UdpUpstream } from "./udp-upstream.ts";

/** Batches of a device's own port are small: there are many of them. */
const DEVICE_PORT_SIZES = { batchMax: 4, datagramSizeBytesMax: 1500, headroomBytes: 0 } as const;
/** Clients whose records are forwarded at once. */
const FLOWS_MAX = 65_536;

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
  const cluster = await makeCluster(config, peers, security);
  const cookies =
    cluster === undefined || security.credentials === undefined
      ? undefined
      : new SharedCookies(systemCrypto, cookieSecret(systemCrypto, security.credentials.secret), {
          clock: systemClock,
          hint: config.nodeId,
        });
  const node = makeNode(config, { credentials, cluster, cookies });
  credentials.onChange(() => replaceCredentials(node, credentials, service));
  let onMember: NodePorts["onMember"] = () => undefined;
  const edge = new Edge({
    node,
    log: service.log,
    discover: () => peers.addresses(),
    onMember: (change) => onMember(change),
  });
  changed = () => void rediscover(edge, peers, service);
  const ports = await openNodePorts({ config, edge, log: service.log, worker, thread: threadData(config, cluster) });
  onMember = ports.onMember;
  const application = await makeApplication(config, { service, edge, node, server: ports.public.local });
  const channelCounters = (): Readonly<Record<string, number>> => cluster?.channel?.counters() ?? {};
  addRouterMetrics(service.metrics, { node, edge, application, ports, channelCounters });
  service.health.add({
    name: "cluster",
    check: () => (node.isReady ? { healthy: true } : { healthy: false, reason: "the cluster has not formed" }),
  });
  edge.start({ ...ports, application });
  const routes = createRoutes({
    node,
    edge,
    application,
    nodeId: config.nodeId,
    cidSizeBytes: config.cidSize,
    clusterMode: cluster?.management.mode,
  });
  return {
    handler: (request) => routes.fetch(request),
    stop: [
      { name: "goodbye", run: () => sayGoodbye(node, edge, config, service) },
      {
        name: "ports",
        run: async () => {
          edge.close();
          peers.close();
          credentials.close();
          await ports.close();
        },
      },
    ],
  };
}

/**
 * Sessions end with this process, so devices are told: one that hears it connects anew at once instead of timing out. Hellos
 * are served until now, since a balancer may send them here for as long as its flow table remembers.
 */
async function sayGoodbye(node: RouterNode, edge: Edge, config: DtlsRouterConfig, service: Service): Promise<void> {
  node.server.acceptHandshakes(false);
  if (!config.closeNotify) return;
  const told = await edge.closeSessions(AbortSignal.timeout(5000));
  service.log.info("Devices told", { sessions: told });
}

function threadData(config: DtlsRouterConfig, cluster: ClusterSettings | undefined): PacketThreadData {
  return {
    nodeId: config.nodeId,
    cidSizeBytes: config.cidSize,
    mac: cluster?.management.mode === "dtls-mac",
    backward: config.backward,
    hashSeed: systemRandom.uint32(),
    flowsMax: FLOWS_MAX,
  };
}

function makeNode(
  config: DtlsRouterConfig,
  parts: {
    readonly credentials: RouterCredentials;
    readonly cluster: ClusterSettings | undefined;
    readonly cookies: CookieJar | undefined;
  },
): RouterNode {
  const wanted = config.suites.flatMap((name) => cipherSuiteByName(name) ?? []);
  return new RouterNode({
    nodeId: nodeId(config.nodeId),
    cidSizeBytes: config.cidSize,
    crypto: systemCrypto,
    random: systemRandom,
    dtls: {
      ...parts.credentials.serverOptions(),
      suites: wanted.length > 0 ? wanted : CIPHER_SUITES,
      cookies: parts.cookies,
      limits: {
        sessionsMax: config.sessionsMax,
        handshakesMax: config.handshakesMax,
        staleAfterMs: config.staleAfterMs,
        handshakeRate: { perSecond: config.handshakesPerSecond, burst: config.handshakesPerSecond },
      },
    },
    cluster: parts.cluster && { management: parts.cluster.management, backward: config.backward },
  });
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

function replaceCredentials(node: RouterNode, credentials: RouterCredentials, service: Service): void {
  try {
    node.server.replaceCredentials(credentials.load());
    service.log.info("Certificate replaced", {});
  } catch (error) {
    service.log.error("Certificate refused, the old stays in force", { error });
  }
}

async function rediscover(edge: Edge, peers: PeerSource, service: Service): Promise<void> {
  try {
    edge.manage({ kind: "discovered", addresses: await peers.addresses() });
  } catch (error) {
    service.log.warning("Nodes not found", { error });
  }
}

async function makeApplication(
  config: DtlsRouterConfig,
  parts: { readonly service: Service; readonly edge: Edge; readonly node: RouterNode; readonly server: Endpoint },
): Promise<Application> {
  const { service, edge, node, server } = parts;
  const { upstream, nodeId: id } = config;
  const reply: Reply = (session, bytes) => edge.reply(session, bytes);
  const describe: DescribeSession = (session) => edge.describe(session);
  if (upstream.kind === "coap") {
    const { version } = buildInfo("dtls-router");
    return new CoapApplication({
      nodeId: id,
      server: `coracle-dtls-router ${version}`,
      reply,
      describe,
      diagnose: () => diagnosis(node),
    });
  }
  const [address] = await endpointsOf(upstream);
  if (address === undefined) throw new ExitError(`--upstream: ${upstream.host} has no address`);
  const open: OpenPort = async (at, onBatch) => {
    const opened = await openUdpEndpoint({ ...at, onBatch, sizes: DEVICE_PORT_SIZES });
    return opened.endpoint;
  };
  return new UdpUpstream({
    upstream: address,
    server,
    proxyHeader: config.upstreamProxyHeader,
    socketsMax: config.upstreamPortsMax,
    idleMs: config.upstreamIdleMs,
    open,
    reply,
    describe,
    clock: systemClock,
    log: service.log,
  });
}

function diagnosis(node: RouterNode): Readonly<Record<string, number>> {
  return {
    sessions: node.server.sessionCount,
    handshakes: node.server.handshakeCount,
    ...Object.fromEntries(node.router.counters.snapshot()),
    ...Object.fromEntries(node.router.drops.snapshot()),
    ...node.server.counters,
  };
}
