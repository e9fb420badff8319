// Free loopback ports for programs that must know each other's before they start, or keep theirs over a restart.
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/** Below the ports that the system gives to whoever asks for any (32768 on Linux): nobody gets one of these by chance. */
const PORT_MIN = 10_000;
const PORT_MAX = 32_767;
/** Ports tried for each that is wanted. */
const TRIES_MAX = 100;

/** `count` different TCP ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let draws = 0; ports.size < count; draws++) {
    if (draws === count * TRIES_MAX) throw new Error(`Cannot find ${count} free ports: ${draws} were drawn`);
    ports.add(await freeOne("TCP", isFreeTcp));
  }
  return [...ports];
}

/** One TCP port. */
export function freePort(): Promise<number> {
  return freeOne("TCP", isFreeTcp);
}

/** One UDP port. */
export function freeUdpPort(): Promise<number> {
  return freeOne("UDP", isFreeUdp);
}

async function freeOne(protocol: string, isFree: (port: number) => Promise<boolean>): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`Cannot find a free ${protocol} port: ${TRIES_MAX} were tried`);
}

function isFreeTcp(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function isFreeUdp(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    socket.once("error", () => {
      socket.close();
      resolve(false);
    });
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)));
  });
}
