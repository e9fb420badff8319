// The addresses of a cluster: a list, a file that is followed, names looked up at each discovery.
import { parseIp } from "@coracle/base";
import type { Logger } from "@coracle/lifecycle";
import { resolveHost } from "@coracle/runtime";
import type { Endpoint } from "../endpoint.ts";
import { parsePeerList, type PeerName } from "../peer-list.ts";
import { ListFile } from "./list-file.ts";

/** Where addresses come from. */
export interface PeerSourceOptions {
  readonly peers: readonly PeerName[];
  readonly file: string | undefined;
  readonly log: Logger;
  /** The file changed: discover at once. */
  readonly onChange: () => void;
}

/** All addresses that are listed now. */
export class PeerSource {
  readonly #peers: readonly PeerName[];
  readonly #file: ListFile<PeerName>;

  constructor({ peers, ...options }: PeerSourceOptions) {
    this.#peers = peers;
    this.#file = new ListFile({ ...options, parse: parsePeerList });
  }

  /** Reads the file, if there is one, and follows it. One that cannot be used at the start is an `ExitError`. */
  async start(): Promise<void> {
    await this.#file.start();
  }

  /** Every address; names without one now are left out. Throws if nothing could be looked up at all. */
  async addresses(): Promise<readonly Endpoint[]> {
    const names = [...this.#peers, ...this.#file.items];
    const found = await Promise.allSettled(names.map((name) => endpointsOf(name)));
    const addresses = found.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    const failed = found.find((each) => each.status === "rejected");
    if (addresses.length === 0 && failed !== undefined) throw failed.reason;
    return addresses;
  }

  close(): void {
    this.#file.close();
  }
}

/** The addresses that a name or an IP address stands for. */
export async function endpointsOf({ host, port }: PeerName): Promise<readonly Endpoint[]> {
  const texts = await resolveHost(host);
  return texts.flatMap((text) => {
    const ip = parseIp(text);
    return ip.ok ? [{ address: ip.value.bytes, port }] : [];
  });
}
