// Gathers what this machine knows about a peer: its own addresses, routes, and the owner of a socket (Linux /proc).
import { ipv4ToNumber, parseIp } from "@coracle/base";
import { listDirectory, ownIpAddresses, readSymlink, readTextFile } from "@coracle/runtime";
import { parseRoutes, parseTcpSockets, podUidOfCgroup, routeTo } from "../core/proc-net.ts";
import type { PeerEvidence } from "../core/same-node.ts";

/** One end of a TCP connection to this process, as the process sees it. */
export interface PeerEndpoint {
  readonly ip: string;
  /** Absent when only an address was asked about. */
  readonly port?: number;
}

const PROCESSES_MAX = 100_000;
const DESCRIPTORS_MAX = 100_000;

/** Everything but the API's word, which the caller adds. Parts that the system does not tell are left out. */
export async function gatherEvidence(peer: PeerEndpoint): Promise<Omit<PeerEvidence, "ownNode" | "answer">> {
  const ownAddress = ownIpAddresses().includes(peer.ip);
  const route = await routeOf(peer.ip);
  const socketPodUid = ownAddress && peer.port !== undefined ? await socketOwner(peer.ip, peer.port) : undefined;
  return {
    ownAddress,
    ...(route === undefined ? {} : { route }),
    ...(socketPodUid === undefined ? {} : { socketPodUid }),
  };
}

async function routeOf(ip: string): Promise<PeerEvidence["route"] | undefined> {
  const parsed = parseIp(ip);
  if (!parsed.ok || parsed.value.family !== 4) return undefined;
  const table = await readTextFile("/proc/net/route").catch(() => undefined);
  if (table === undefined) return undefined;
  const route = routeTo(parseRoutes(table), ipv4ToNumber(parsed.value));
  return route === undefined ? undefined : { interfaceName: route.interfaceName, direct: route.gateway === 0 };
}

/** The pod uid of the process whose socket has this local end: socket table → inode → process → cgroup. */
async function socketOwner(ip: string, port: number): Promise<string | undefined> {
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await readTextFile(table).catch(() => "");
    const socket = parseTcpSockets(text).find(({ localIp, localPort }) => localIp === ip && localPort === port);
    if (socket !== undefined && socket.inode !== 0) return podOfInode(socket.inode);
  }
  return undefined;
}

async function podOfInode(inode: number): Promise<string | undefined> {
  const names = await listDirectory("/proc").catch(() => []);
  for (const pid of names.filter((name) => /^\d+$/.test(name)).slice(0, PROCESSES_MAX)) {
    if (!(await holdsSocket(pid, inode))) continue;
    return podUidOfCgroup(await readTextFile(`/proc/${pid}/cgroup`).catch(() => ""));
  }
  return undefined;
}

/** Processes of others cannot be looked into without the right to; they hold nothing as far as we know. */
async function holdsSocket(pid: string, inode: number): Promise<boolean> {
  const descriptors = await listDirectory(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors.slice(0, DESCRIPTORS_MAX)) {
    const target = await readSymlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
    if (target === `socket:[${inode}]`) return true;
  }
  return false;
}
