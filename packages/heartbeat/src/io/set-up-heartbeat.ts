// Puts the heartbeat together: list of nodes, security, port, node table, hook, health, metrics, HTTP.
import { clusterSecurity, clusterSettings, PeerSource } from "@coracle/cluster/io";
import { systemCrypto } from "@coracle/dtls/io";
import { ExitError, type Service, type ServiceParts } from "@coracle/lifecycle";
import {
  describeUdpPath,
  environment,
  openUdpEndpoint,
  resolveHost,
  startInterval,
  systemRandom,
  type UdpEndpoint,
} from "@coracle/runtime";
import type { HeartbeatConfig } from "../config.ts";
import { ChangeFeed } from "../core/change-feed.ts";
import { changeEvent, type NodesDocument, STILL_HERE_EVENT } from "../core/node-change.ts";
import { addHeartbeatMetrics } from "./heartbeat-metrics.ts";
import { HookRunner, requireProgram } from "./hook-runner.ts";
import { createRoutes } from "./http-routes.ts";
import { Member } from "./member.ts";

/** Clients of the event stream hear something this often. */
const STILL_HERE_MS = 15_000;
/** At the end a program that runs may finish for this long. */
const HOOK_GRACE_MS = 2000;

/** The parts of a heartbeat service. */
export async function setUpHeartbeat(service: Service, config: HeartbeatConfig): Promise<ServiceParts> {
  if (config.onChange !== undefined) await requireProgram(config.onChange);
  const security = clusterSecurity(config.clusterSecurity, environment());
  let changed = (): void => undefined;
  const peers = new PeerSource({
    peers: config.peers ?? [],
    file: config.peersFile,
    log: service.log,
    onChange: () => changed(),
  });
  await peers.start();
  const settings = await clusterSettings({
    config,
    clusterListen: config.listen,
    security,
    listed: await peers.addresses().catch(() => []),
    crypto: systemCrypto,
    random: systemRandom,
  });
  const feed = new ChangeFeed({ listenersMax: config.eventClientsMax });
  const hook = makeHook(config, service, () => member.document());
  const member: Member = new Member({
    management: settings.management,
    peers,
    log: service.log,
    onChange: (change) => {
      feed.publish(changeEvent(change));
      hook?.push(change);
    },
  });
  changed = () => member.relist();
  const port = await openPort(config, member, service);
  addHeartbeatMetrics(service.metrics, {
    member,
    feed,
    hook,
    port,
    channelCounters: () => settings.channel?.counters() ?? {},
  });
  service.health.add({
    name: "cluster",
    check: () => {
      const reason = member.notReady();
      return reason === undefined ? { healthy: true } : { healthy: false, reason };
    },
  });
  member.start(port);
  const stillHere = startInterval(STILL_HERE_MS, () => feed.publish(STILL_HERE_EVENT));
  const routes = createRoutes({ document: () => member.document(), feed });
  return {
    handler: (request, context) => routes.fetch(request, context),
    isLongRunning: (request) => new URL(request.url).pathname === "/nodes/events",
    stop: [
      { name: "program", run: () => hook?.stop(HOOK_GRACE_MS) },
      {
        name: "member",
        run: () => {
          stillHere.cancel();
          member.close();
          peers.close();
        },
      },
    ],
  };
}

function makeHook(config: HeartbeatConfig, service: Service, document: () => NodesDocument): HookRunner | undefined {
  if (config.onChange === undefined) return undefined;
  return new HookRunner({
    argv: [config.onChange, ...config.onChangeArg],
    timeoutMs: config.onChangeTimeoutMs,
    waitingMax: config.onChangeWaitingMax,
    settleMs: config.onChangeSettleMs,
    attemptsMax: config.onChangeAttempts,
    document,
    log: service.log,
  });
}

async function openPort(config: HeartbeatConfig, member: Member, service: Service): Promise<UdpEndpoint> {
  const [host] = await resolveHost(config.listen.host);
  if (host === undefined) throw new ExitError(`--listen: ${config.listen.host} has no address`);
  const { endpoint, path } = await openUdpEndpoint({
    host,
    port: config.listen.port,
    onBatch: (batch) => member.receive(batch),
  });
  service.log.info("Listening", { port: "listen", at: endpoint.local.port, packetPath: describeUdpPath(path) });
  return endpoint;
}
