// A device whose keys are right and whose requests are not: mutated CoAP messages inside its session.
import type { Random } from "@coracle/base";
import { generate } from "coap-packet";
import { UdpDevice, type UdpDeviceOptions } from "../../packages/dtls-router/src/testing/udp-device.ts";
import { Mutator } from "./mutation.ts";

const RESOURCES = ["benchmark", "mycontext", "myip", "echo", "diagnose", ".well-known/core", "nothing"];
/** More would be refused by its own side. */
const SIZE_BYTES_MAX = 1000;

/** Every resource with every method, and messages that are no requests. */
function templates(): Uint8Array[] {
  const requests = RESOURCES.flatMap((path) =>
    (["GET", "POST", "PUT", "DELETE"] as const).map((code) =>
      generate({
        code,
        confirmable: true,
        messageId: 7,
        token: Buffer.from([1, 2, 3]),
        options: [
          ...path.split("/").map((part) => ({ name: "Uri-Path" as const, value: Buffer.from(part) })),
          { name: "Uri-Query" as const, value: Buffer.from("rlen=100") },
          { name: "Accept" as const, value: Buffer.from([50]) },
        ],
        payload: Buffer.from("payload"),
      }),
    ),
  );
  const others = [generate({ code: "0.00", confirmable: true }), generate({ code: "2.05", ack: true, messageId: 9 })];
  return [...requests, ...others].map((bytes) => new Uint8Array(bytes));
}

/** Sends what it should not. */
export class Insider {
  /** Messages sent. */
  sent = 0;
  readonly #device: UdpDevice;
  readonly #mutator: Mutator;

  private constructor(device: UdpDevice, random: Random) {
    this.#device = device;
    this.#mutator = new Mutator(templates(), random);
  }

  static async connect(options: UdpDeviceOptions, random: Random): Promise<Insider> {
    return new Insider(await UdpDevice.connect(options), random);
  }

  send(): void {
    this.#mutator.next();
    this.#device.send(this.#mutator.copy().subarray(0, SIZE_BYTES_MAX));
    this.sent++;
  }

  close(): void {
    this.#device.close();
  }
}
