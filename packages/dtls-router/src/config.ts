// The flags of `coracle-dtls-router`.
import { err, ok, type Result } from "@coracle/base";
import { CIPHER_SUITES } from "@coracle/dtls";
import {
  type Address,
  type Config,
  defineConfig,
  flag,
  SERVICE_EXIT_CODES,
  type ServiceConfig,
  serviceFlags,
} from "@coracle/lifecycle";
import { parsePeerList, parseStaticList, type PeerName, type StaticPeer } from "@coracle/cluster";
import { type CidConfig, cidFlags, cidRefusal } from "./cid-flags.ts";
import { parseUpstream, type Upstream } from "./core/upstream.ts";

/** What `coracle-dtls-router` is told. */
export interface DtlsRouterConfig extends ServiceConfig, CidConfig {
  readonly http: Address;
  readonly listen: Address;
  readonly upstream: Upstream;
  readonly upstreamProxyHeader: boolean;
  readonly upstreamPortsMax: number;
  readonly upstreamIdleMs: number;
  readonly pskFile: string | undefined;
  readonly pskDir: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly clientCaFile: readonly string[];
  readonly clientCertificate: "none" | "optional" | "required";
  readonly suites: readonly string[];
  readonly nodeId: number;
  readonly clusterListen: Address | undefined;
  readonly clusterAddress: Address | undefined;
  readonly clusterSecurity: "auto" | "plain" | "dtls" | "dtls-mac";
  readonly backward: boolean;
  readonly peers: readonly PeerName[] | undefined;
  readonly peersFile: string | undefined;
  readonly staticPeers: readonly StaticPeer[] | undefined;
  readonly staticPeersFile: string | undefined;
  readonly nodesExpected: number | undefined;
  readonly readyNodesMin: number | undefined;
  readonly sessionsMax: number;
  readonly staleAfterMs: number;
  readonly handshakesMax: number;
  readonly handshakesPerSecond: number;
  readonly closeNotify: boolean;
  readonly workers: number | undefined;
  readonly packetThread: boolean;
}

const CREDENTIALS = "Credentials";
const CLUSTER = "Cluster";
const LIMITS = "Limits";
const UPSTREAM = "Upstream";

function readPeerList(text: string): Result<readonly PeerName[], string> {
  const parsed = parsePeerList(text);
  return parsed.ok ? parsed : err(`is no list of nodes: ${parsed.error.message}`);
}

function readStaticList(text: string): Result<readonly StaticPeer[], string> {
  const parsed = parseStaticList(text);
  return parsed.ok ? parsed : err(`is no table of nodes: ${parsed.error.message}`);
}

const suiteNames = new Set(CIPHER_SUITES.map(({ name }) => name));

function readSuiteName(text: string): Result<string, string> {
  const name = text.replace(/^TLS_/, "");
  return suiteNames.has(name) ? ok(name) : err(`is not one of ${[...suiteNames].join(", ")}`);
}

/** Contradictions between the flags of the cluster. */
function clusterRefusal(config: DtlsRouterConfig): string | undefined {
  const { clusterListen, peers, peersFile, staticPeers, staticPeersFile } = config;
  const isPinged = peers !== undefined || peersFile !== undefined;
  const isStatic = staticPeers !== undefined || staticPeersFile !== undefined;
  if (clusterListen === undefined && isPinged) return "--peers and --peers-file need --cluster-listen";
  if (peers?.length === 0 && peersFile === undefined) return "--peers names no node";
  if (clusterListen === undefined && isStatic) return "--static-peers and --static-peers-file need --cluster-listen";
  if (clusterListen !== undefined && !isPinged && !isStatic)
    return "--cluster-listen needs --peers or --peers-file, or a table of --static-peers or --static-peers-file";
  if (isStatic && isPinged) return "--static-peers is in place of --peers: nodes are either pinged or in a fixed table";
  return isStatic ? staticRefusal(config) : undefined;
}

/** Contradictions between a fixed table and other flags. */
function staticRefusal(config: DtlsRouterConfig): string | undefined {
  const { staticPeers, staticPeersFile } = config;
  if (staticPeers !== undefined && staticPeersFile !== undefined)
    return "give --static-peers or --static-peers-file, not both";
  if (config.clusterSecurity === "dtls" || config.clusterSecurity === "dtls-mac")
    return `--cluster-security ${config.clusterSecurity} needs nodes that ping each other: those of --static-peers have no sessions`;
  if (config.nodesExpected !== undefined || config.readyNodesMin !== undefined)
    return "--nodes-expected and --ready-nodes-min count nodes that answer pings: those of --static-peers do not";
  return undefined;
}

/** The command line of `coracle-dtls-router`. */
export const dtlsRouterConfig: Config<DtlsRouterConfig> = defineConfig({
  name: "coracle-dtls-router",
  summary: "put DTLS with connection IDs, and a cluster of it, in front of a UDP server",
  description:
    "Ends DTLS 1.2 on --listen and hands plaintext to --upstream. Records name the node that has their keys: in a cluster any node may receive them and forwards them to it, so that devices survive changes of address and any UDP balancer will do.",
  flags: {
    listen: flag.address({ help: "Receive DTLS here.", default: "127.0.0.1:5684" }),
    upstream: flag.parsed(parseUpstream, {
      help: "Where plaintext goes: udp://HOST:PORT, or coap for the built-in CoAP server (benchmark, mycontext, myip, echo, diagnose).",
      default: "coap",
      valueName: "URL",
      group: UPSTREAM,
    }),
    upstreamProxyHeader: flag.boolean({
      help: "Put a header of PROXY protocol version 2 in front of each datagram: address, connection ID and identity of the device.",
      group: UPSTREAM,
    }),
    upstreamPortsMax: flag.number({
      help: "Source ports towards the upstream, one for each device; the one idle longest makes room.",
      default: 10_000,
      min: 1,
      max: 60_000,
      group: UPSTREAM,
    }),
    upstreamIdleMs: flag.duration({
      help: "Give up a device's source port after this long without a datagram.",
      default: "5m",
      minMs: 1000,
      group: UPSTREAM,
    }),
    pskFile: flag.path({ help: "Pre-shared keys, identity=base64 a line; reloaded on change.", group: CREDENTIALS }),
    pskDir: flag.path({
      help: "Folder of pre-shared keys, such as a mounted Secret: each file's name is an identity, its content the key in base64; reloaded on change.",
      valueName: "DIR",
      group: CREDENTIALS,
    }),
    certFile: flag.path({ help: "Certificate chain to show, PEM; reloaded on change.", group: CREDENTIALS }),
    keyFile: flag.path({ help: "P-256 private key of --cert-file, PEM; reloaded on change.", group: CREDENTIALS }),
    clientCaFile: flag.repeated(
      flag.path({ help: "Authorities of client certificates, PEM; reloaded on change.", group: CREDENTIALS }),
    ),
    clientCertificate: flag.choice(["none", "optional", "required"], {
      help: "Whether clients in handshakes with certificates must show one.",
      default: "none",
      group: CREDENTIALS,
    }),
    suites: flag.repeated(
      flag.parsed(readSuiteName, {
        help: "Cipher suite to offer, best first; may be repeated. Else all that the credentials allow.",
        valueName: "NAME",
        group: CREDENTIALS,
      }),
    ),
    nodeId: flag.number({
      help: "This node's id, which its connection IDs name.",
      default: 0,
      max: 255,
      group: CLUSTER,
    }),
    ...cidFlags,
    clusterListen: flag.address({
      help: "Talk to the other nodes here; without it this node is alone.",
      group: CLUSTER,
    }),
    clusterAddress: flag.address({
      help: "This node's cluster address as the others see it; needed when --cluster-listen is a wildcard and nodes are pinged.",
      group: CLUSTER,
    }),
    clusterSecurity: flag.choice(["auto", "plain", "dtls", "dtls-mac"], {
      help: "How nodes talk; auto is dtls-mac if DTLS_CID_MGMT_IDENTITY and DTLS_CID_MGMT_SECRET_BASE64 are set, else plain.",
      default: "auto",
      group: CLUSTER,
    }),
    backward: flag.boolean({
      help: "Answer forwarded records through the node that forwarded them.",
      default: true,
      group: CLUSTER,
    }),
    peers: flag.parsed(readPeerList, {
      help: "Cluster addresses with commas; names are looked up again at each discovery, and may stand for many nodes.",
      valueName: "LIST",
      group: CLUSTER,
    }),
    peersFile: flag.path({ help: "A file of cluster addresses; read again on change.", group: CLUSTER }),
    staticPeers: flag.parsed(readStaticList, {
      help: "A fixed table of nodes in place of --peers, ID=HOST:PORT with commas: nobody is pinged, as in Californium's static clusters, so nobody is known to live.",
      valueName: "TABLE",
      group: CLUSTER,
    }),
    staticPeersFile: flag.path({ help: "A file of such a table; read again on change.", group: CLUSTER }),
    nodesExpected: flag.number({
      help: "Nodes of the whole cluster, this one included; else as many as are listed at the start.",
      min: 1,
      max: 256,
      group: CLUSTER,
    }),
    readyNodesMin: flag.number({
      help: "Nodes without which this one is not ready; else more than half of those expected.",
      min: 1,
      max: 256,
      group: CLUSTER,
    }),
    sessionsMax: flag.number({ help: "Sessions at once.", default: 150_000, min: 1, max: 4_000_000, group: LIMITS }),
    staleAfterMs: flag.duration({
      help: "When full, a session quiet for this long makes room for a new one.",
      default: "30m",
      group: LIMITS,
    }),
    handshakesMax: flag.number({
      help: "Handshakes in flight at once.",
      default: 5000,
      min: 1,
      max: 100_000,
      group: LIMITS,
    }),
    handshakesPerSecond: flag.number({
      help: "Handshakes begun per second; records never wait for them.",
      default: 2000,
      min: 1,
      max: 100_000,
      group: LIMITS,
    }),
    closeNotify: flag.boolean({
      help: "When ending, tell every device so that it connects anew at once.",
      default: true,
      group: LIMITS,
    }),
    workers: flag.number({
      help: "Threads that serve sessions, each with a part of them and of every limit; else one fewer than cores, 1 to 16. Small limits make it fewer.",
      min: 1,
      max: 64,
      group: LIMITS,
    }),
    packetThread: flag.boolean({
      help: "Serve sessions on threads of their own with batches of system calls, where the system allows it; else all on the main thread.",
      default: true,
      group: LIMITS,
    }),
    ...serviceFlags({ http: "127.0.0.1:9684" }),
  },
  check: (config) => {
    if ((config.certFile === undefined) !== (config.keyFile === undefined))
      return "--cert-file and --key-file go together";
    if (config.pskFile === undefined && config.pskDir === undefined && config.certFile === undefined)
      return "give --psk-file, --psk-dir, or --cert-file and --key-file";
    if (config.clientCertificate !== "none" && config.clientCaFile.length === 0)
      return "--client-certificate needs --client-ca-file";
    if (config.clientCaFile.length > 0 && config.certFile === undefined)
      return "--client-ca-file needs --cert-file and --key-file: only handshakes with certificates ask for the client's";
    const refusal = clusterRefusal(config);
    if (refusal !== undefined) return refusal;
    const cids = cidRefusal(config);
    if (cids !== undefined) return cids;
    if (config.upstreamProxyHeader && config.upstream.kind !== "udp")
      return "--upstream-proxy-header needs --upstream udp://…";
    if (!config.packetThread && (config.workers ?? 1) > 1)
      return "--no-packet-thread and --workers above 1 exclude each other";
    return undefined;
  },
  exitCodes: SERVICE_EXIT_CODES,
  examples: [
    {
      line: "coracle-dtls-router --psk-file keys.txt --upstream udp://127.0.0.1:5683",
      does: "DTLS with connection IDs in front of a CoAP server",
    },
    {
      line: "coracle-dtls-router --psk-file keys.txt --node-id 1 --cluster-listen 10.0.0.1:5884 --peers 10.0.0.1:5884,10.0.0.2:5884,10.0.0.3:5884",
      does: "one of three nodes that forward to each other",
    },
  ],
});
