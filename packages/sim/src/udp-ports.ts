// Free UDP ports of loopback for nodes that have to know each other's before they start.
import { createSocket } from "node:dgram";

/** Below the ports that the system gives to whoever asks for any (32768 on Linux): nobody gets one of these by chance. */
const PORT_MIN = 10_000;
const PORT_MAX = 32_767;
const TRIES_MAX = 100;

/** A UDP port of 127.0.0.1 that was free a moment ago. */
export async function freeUdpPort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`Cannot find a free UDP port: ${TRIES_MAX} were tried`);
}

function isFree(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    socket.once("error", () => {
      socket.close();
      resolve(false);
    });
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)));
  });
}
