// Free loopback ports for programs that must keep theirs over a restart, or cannot be told to pick one themselves.
import { createServer } from "node:net";

/** Below the ports that the system gives to whoever asks for any (32768 on Linux): nobody gets one of these by chance. */
const PORT_MIN = 10_000;
const PORT_MAX = 32_767;
/** Ports tried for each that is wanted. */
const TRIES_MAX = 100;

/** `count` different TCP ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries === count * TRIES_MAX) throw new Error(`Cannot find ${count} free ports: ${tries} were tried`);
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN + 1));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

/** One such port. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
