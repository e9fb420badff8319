// What a worker is told at its start, as data that passes between threads, and the host that is made of it.
import { unreachable } from "@coracle/base";
import { type Endpoint, nodeId, CLUSTER_MAC_SIZE_BYTES } from "@coracle/cluster";
import { CIPHER_SUITES, cipherSuiteByName, type SessionIdMask, SessionStore } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { systemClock, systemRandom } from "@coracle/runtime";
import { DatagramHomes } from "../core/datagram-home.ts";
import { type CounterMemory, ProcessCounters } from "../core/process-counters.ts";
import type { QuicLbLayout } from "../core/quic-lb-layout.ts";
import { RouterNode } from "../core/router-node.ts";
import { shareOf } from "../core/share.ts";
import { SharedCookies } from "../core/shared-cookies.ts";
import type { Application } from "./application.ts";
import { CoapApplication } from "./coap-application.ts";
import { makeLayout, type PostedLayout } from "./connection-ids.ts";
import type { OpenDevicePort } from "./ports.ts";
import { type HostSurroundings, SessionHost } from "./session-host.ts";
import { UdpUpstream } from "./udp-upstream.ts";
import { type PostedCredentials, WorkerCredentials } from "./worker-credentials.ts";
import type { WorkerMail } from "./worker-mail.ts";

/** Clients whose records are forwarded at once, by all workers. */
const FLOWS_MAX = 65_536;
/** Flows are kept in quarters. */
const FLOW_CLASSES = 4;

/** Settings of all workers; limits are those of the process. */
export interface SessionSettings {
  readonly nodeId: number;
  readonly cidSizeBytes: number;
  /** Absent: Californium's layout. */
  readonly layout?: PostedLayout | undefined;
  /** Names; all if empty. */
  readonly suites: readonly string[];
  readonly clientCertificate: "none" | "optional" | "required";
  readonly credentials: PostedCredentials;
  readonly limits: {
    readonly sessionsMax: number;
    readonly handshakesMax: number;
    readonly handshakesPerSecond: number;
    readonly staleAfterMs: number;
  };
  /** Where workers tell each other what they count; absent where there is one. */
  readonly counters?: CounterMemory | undefined;
  /** Absent: this node is alone. */
  readonly cluster: { readonly mac: boolean; readonly backward: boolean } | undefined;
  /** What all nodes make hello cookies with. */
  readonly cookieSecret: Uint8Array | undefined;
  readonly upstream:
    | { readonly kind: "coap"; readonly server: string }
    | {
        readonly kind: "udp";
        readonly address: Endpoint;
        readonly proxyHeader: boolean;
        readonly portsMax: number;
        readonly idleMs: number;
      };
}

/** A worker's number, how many there are, and what is around it. */
export interface WorkerPlace extends Pick<
  HostSurroundings,
  "public" | "cluster" | "passUp" | "stranger" | "warn" | "handshakeFailed" | "handOver"
> {
  readonly worker: number;
  readonly workers: number;
  readonly openPort: OpenDevicePort;
}

/** A worker's host with its credentials. */
export interface MadeHost {
  readonly host: SessionHost;
  readonly credentials: WorkerCredentials;
  /** Absent: Californium's. */
  readonly layout: QuicLbLayout | undefined;
}

/** Makes the host of worker number `place.worker`. */
export function makeSessionHost(settings: SessionSettings, place: WorkerPlace): MadeHost {
  const { worker, workers } = place;
  const credentials = new WorkerCredentials(settings.credentials);
  const { nodeId: ownId, cidSizeBytes, cluster } = settings;
  const idsMax = shareOf(settings.limits.sessionsMax + FLOWS_MAX, worker, workers);
  const layout = settings.layout && makeLayout(settings.layout, { nodeId: ownId, worker, workers, idsMax });
  const homes =
    workers === 1
      ? undefined
      : new DatagramHomes({
          nodeId: ownId,
          cidSizeBytes,
          layout,
          sessionIdMask: sessionIdMask(settings),
          macSizeBytes: cluster?.mac === true ? CLUSTER_MAC_SIZE_BYTES : 0,
          worker,
          workers,
        });
  const host = new SessionHost(makeNode(settings, { credentials, layout }, place), {
    ...place,
    homes,
    now: () => systemClock.now(),
    lookups: () => credentials.lookups,
  });
  host.connect(makeApplication(settings, host, place));
  return { host, credentials, layout };
}

/** Obeys a letter to a worker. */
export function readMail({ host, credentials, layout }: MadeHost, mail: WorkerMail): void {
  switch (mail.kind) {
    case "credentials":
      credentials.replace(mail.credentials);
      host.node.server.replaceCredentials(credentials.load());
      return;
    case "cid-keys":
      layout?.replace(mail.keys);
      return;
    default:
      unreachable(mail);
  }
}

function makeNode(
  settings: SessionSettings,
  { credentials, layout }: Pick<MadeHost, "credentials" | "layout">,
  place: WorkerPlace,
): RouterNode {
  const { cluster, limits, cidSizeBytes } = settings;
  const share = (total: number): number => shareOf(total, place.worker, place.workers);
  const wanted = settings.suites.flatMap((name) => cipherSuiteByName(name) ?? []);
  const perSecond = share(limits.handshakesPerSecond);
  const worker = place.workers === 1 ? undefined : place.worker;
  const sessionsMax = share(limits.sessionsMax);
  return new RouterNode({
    nodeId: nodeId(settings.nodeId),
    cidSizeBytes,
    layout,
    worker,
    crypto: systemCrypto,
    random: systemRandom,
    dtls: {
      ...credentials.serverOptions(settings.clientCertificate),
      suites: wanted.length > 0 ? wanted : CIPHER_SUITES,
      cookies: cookiesOf(settings),
      sessions: new SessionStore({
        entriesMax: sessionsMax,
        ids: { nodeId: settings.nodeId, worker, mask: sessionIdMask(settings) },
      }),
      limits: {
        sessionsMax,
        handshakesMax: share(limits.handshakesMax),
        staleAfterMs: limits.staleAfterMs,
        handshakeRate: { perSecond, burst: perSecond },
      },
    },
    cluster: cluster && { ...cluster, flowsMax: FLOW_CLASSES * share(FLOWS_MAX / FLOW_CLASSES) },
  });
}

/** Where connection IDs hide node and worker, session ids hide them too. */
function sessionIdMask({ layout }: SessionSettings): SessionIdMask | undefined {
  const key = layout?.sessionIdKey;
  return key && systemCrypto.keyedHash("sha256", key);
}

function cookiesOf({ cookieSecret, nodeId: ownId, layout }: SessionSettings): SharedCookies | undefined {
  const hint = layout?.sessionIdKey === undefined ? ownId : 0;
  return cookieSecret && new SharedCookies(systemCrypto, cookieSecret, { clock: systemClock, hint });
}

function makeApplication(settings: SessionSettings, host: SessionHost, place: WorkerPlace): Application {
  const { upstream } = settings;
  const sessions = {
    reply: (...[session, bytes]: Parameters<SessionHost["reply"]>) => host.reply(session, bytes),
    describe: (...[session]: Parameters<SessionHost["describe"]>) => host.describe(session),
  };
  if (upstream.kind === "coap") {
    return new CoapApplication({
      ...sessions,
      nodeId: settings.nodeId,
      server: upstream.server,
      sessionsMax: settings.limits.sessionsMax,
      counters: new ProcessCounters(settings.counters, place.worker, () => host.counts()),
    });
  }
  return new UdpUpstream({
    ...sessions,
    upstream: upstream.address,
    server: place.public.local,
    proxyHeader: upstream.proxyHeader,
    socketsMax: shareOf(upstream.portsMax, place.worker, place.workers),
    idleMs: upstream.idleMs,
    open: place.openPort,
    clock: systemClock,
    warn: (...warning) => place.warn(...warning),
  });
}
