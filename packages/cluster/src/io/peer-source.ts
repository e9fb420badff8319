// The addresses of a cluster: a list, a file that is followed, names looked up at each discovery.
import { parseIp } from "@coracle/base";
import { ExitError, type Logger } from "@coracle/lifecycle";
import { type FileWatch, readTextFile, resolveHost, watchFiles } from "@coracle/runtime";
import type { Endpoint } from "../endpoint.ts";
import { parsePeerList, type PeerName } from "../peer-list.ts";

const FILE_SIZE_BYTES_MAX = 64 * 1024;

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
  readonly #options: PeerSourceOptions;
  #fromFile: readonly PeerName[] = [];
  #watch: FileWatch | undefined;

  constructor(options: PeerSourceOptions) {
    this.#options = options;
  }

  /** Reads the file, if there is one, and follows it. One that cannot be used at the start is an {@link ExitError}. */
  async start(): Promise<void> {
    const { file } = this.#options;
    if (file === undefined) return;
    this.#watch = watchFiles([file], { onChange: () => void this.#reload(file) });
    const refusal = await this.#read(file);
    if (refusal === undefined) return;
    this.close();
    throw new ExitError(refusal);
  }

  /** Every address; names without one now are left out. Throws if nothing could be looked up at all. */
  async addresses(): Promise<readonly Endpoint[]> {
    const names = [...this.#options.peers, ...this.#fromFile];
    const found = await Promise.allSettled(names.map((name) => endpointsOf(name)));
    const addresses = found.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    const failed = found.find((each) => each.status === "rejected");
    if (addresses.length === 0 && failed !== undefined) throw failed.reason;
    return addresses;
  }

  close(): void {
    this.#watch?.close();
  }

  async #reload(file: string): Promise<void> {
    const refusal = await this.#read(file);
    if (refusal !== undefined) {
      this.#options.log.error("List of nodes refused, the old stays in force", { file, reason: refusal });
      return;
    }
    this.#options.log.info("List of nodes read", { file, nodes: this.#fromFile.length });
    this.#options.onChange();
  }

  async #read(file: string): Promise<string | undefined> {
    let text: string;
    try {
      text = await readTextFile(file, FILE_SIZE_BYTES_MAX);
    } catch (error) {
      return error instanceof Error ? error.message : "Cannot read the list of nodes";
    }
    const parsed = parsePeerList(text);
    if (!parsed.ok) return parsed.error.message;
    this.#fromFile = parsed.value;
    return undefined;
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
