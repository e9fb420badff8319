// A client socket of the tests that keeps what it hears.
import { sleep } from "../../clock.ts";
import { copyUdpAddress, type UdpAddress } from "../address.ts";
import type { UdpEndpoint } from "../endpoint.ts";
import { openUdpEndpoint } from "../open-endpoint.ts";

/** A datagram heard. */
export interface Heard {
  readonly bytes: Uint8Array;
  readonly from: UdpAddress;
}

/** A socket with everything it heard. */
export interface Client {
  readonly endpoint: UdpEndpoint;
  readonly heard: Heard[];
  send(to: UdpAddress, ...bytes: number[]): void;
}

/** Opens a client on `host`. */
export async function openClient(host = "127.0.0.1"): Promise<Client> {
  const heard: Heard[] = [];
  const { endpoint } = await openUdpEndpoint({
    host,
    port: 0,
    onBatch: ({ count, datagrams }) => {
      for (const { bytes, start, end, source } of datagrams.slice(0, count))
        heard.push({ bytes: bytes.slice(start, end), from: copyUdpAddress(source) });
    },
  });
  return {
    endpoint,
    heard,
    send: (to, ...bytes) => {
      endpoint.send(Uint8Array.from(bytes), 0, bytes.length, to);
      endpoint.flush();
    },
  };
}

/** Looks again and again until `isSo`; throws after very many turns. Kernel queues lose nothing on loopback at this pace. */
export async function until(isSo: () => boolean, again: () => void = () => undefined): Promise<void> {
  for (let turn = 0; turn < 5000; turn++) {
    if (isSo()) return;
    if (turn % 100 === 99) again();
    await sleep(2);
  }
  throw new Error("Cannot wait any longer: what was expected did not come");
}
