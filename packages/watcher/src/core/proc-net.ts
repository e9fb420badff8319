// Reading Linux' /proc texts: routes, TCP sockets and cgroups (proc(5), Documentation/networking/proc_net_tcp).
import { formatIp, type IpAddress } from "@coracle/base";

/** One IPv4 route of /proc/net/route. */
export interface Route {
  readonly interfaceName: string;
  /** Network order. */
  readonly destination: number;
  readonly mask: number;
  /** 0 when the destination is reached directly through the interface. */
  readonly gateway: number;
  readonly metric: number;
}

/** One socket of /proc/net/tcp or /proc/net/tcp6. */
export interface TcpSocket {
  readonly localIp: string;
  readonly localPort: number;
  readonly remoteIp: string;
  readonly remotePort: number;
  readonly inode: number;
}

const LINES_MAX = 1_000_000;

/** Parses /proc/net/route; lines that are not routes are passed over. */
export function parseRoutes(text: string): Route[] {
  const routes: Route[] = [];
  for (const line of text.split("\n", LINES_MAX).slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [interfaceName = "", destination = "", gateway = "", , , , metric = "0", mask = ""] = fields;
    if (!isHex32(destination) || !isHex32(gateway) || !isHex32(mask)) continue;
    routes.push({
      interfaceName,
      destination: hostOrderHex(destination),
      mask: hostOrderHex(mask),
      gateway: hostOrderHex(gateway),
      metric: Number(metric),
    });
  }
  return routes;
}

/** The route the kernel takes to an IPv4 address: longest mask, then smallest metric. */
export function routeTo(routes: readonly Route[], destination: number): Route | undefined {
  let best: Route | undefined;
  for (const route of routes) {
    if ((destination & route.mask) >>> 0 !== route.destination) continue;
    const better =
      best === undefined || route.mask > best.mask || (route.mask === best.mask && route.metric < best.metric);
    if (better) best = route;
  }
  return best;
}

/** Parses /proc/net/tcp or tcp6. IPv4 addresses mapped into IPv6 come out as IPv4. */
export function parseTcpSockets(text: string): TcpSocket[] {
  const sockets: TcpSocket[] = [];
  for (const line of text.split("\n", LINES_MAX).slice(1)) {
    const fields = line.trim().split(/\s+/);
    const local = parseEndpoint(fields[1] ?? "");
    const remote = parseEndpoint(fields[2] ?? "");
    const inode = Number(fields[9]);
    if (local === undefined || remote === undefined || !Number.isInteger(inode)) continue;
    sockets.push({ localIp: local.ip, localPort: local.port, remoteIp: remote.ip, remotePort: remote.port, inode });
  }
  return sockets;
}

/** The pod uid in a /proc/PID/cgroup text, for the cgroupfs and the systemd driver, v1 and v2; `undefined` outside a pod. */
export function podUidOfCgroup(text: string): string | undefined {
  const match = /pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})/.exec(text);
  return match?.[1]?.replaceAll("_", "-");
}

function isHex32(text: string): boolean {
  return /^[0-9A-Fa-f]{8}$/.test(text);
}

/** The kernel prints 32-bit words of network-order addresses as the host reads them: little endian on every platform we run on. */
function hostOrderHex(text: string): number {
  const word = Number.parseInt(text, 16);
  return (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

function parseEndpoint(text: string): { ip: string; port: number } | undefined {
  const match = /^([0-9A-Fa-f]{8}|[0-9A-Fa-f]{32}):([0-9A-Fa-f]{4})$/.exec(text);
  if (match === null) return undefined;
  const [, hex = "", port = ""] = match;
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index += 4) {
    new DataView(bytes.buffer).setUint32(index, hostOrderHex(hex.slice(index * 2, index * 2 + 8)));
  }
  return { ip: formatIp(unmapped(bytes)), port: Number.parseInt(port, 16) };
}

function unmapped(bytes: Uint8Array): IpAddress {
  if (bytes.length === 4) return { family: 4, bytes };
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? { family: 4, bytes: bytes.slice(12) } : { family: 6, bytes };
}
