// Tells when a device appears in a network namespace or is changed there, from `ip monitor`.
import { type ChildProcess, spawnProcess } from "@coracle/runtime";
import { parseLinkNews } from "../link-news.ts";
import { commandEnvironment } from "./run-command.ts";

/** A longer line is cut: a device's name is at its beginning. */
export const LINE_LENGTH_MAX = 4096;

/** Follows one namespace; listeners may come and go while it runs. */
export class LinkWatch {
  readonly #argv: readonly string[];
  readonly #listeners = new Map<string, () => void>();
  #monitor: ChildProcess | undefined;

  /** `argv` is the command that tells the news. */
  constructor(namespace: string, argv: readonly string[] = ["ip", "-n", namespace, "-o", "monitor", "link"]) {
    this.#argv = argv;
  }

  async start(): Promise<void> {
    this.#monitor = await spawnProcess(this.#argv, { env: commandEnvironment(), ownGroup: true });
    void this.#read(this.#monitor.stdout);
    void this.#readComplaints(this.#monitor.stderr);
  }

  /** `appeared` is called whenever the device is seen in the namespace, and when it may be. One listener a device. */
  onDevice(device: string, appeared: () => void): () => void {
    this.#listeners.set(device, appeared);
    return () => {
      if (this.#listeners.get(device) === appeared) this.#listeners.delete(device);
    };
  }

  close(): void {
    this.#monitor?.kill("SIGKILL");
  }

  async #read(stream: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let partial = "";
    for await (const chunk of stream) {
      const lines = (partial + decoder.decode(chunk, { stream: true })).split("\n");
      partial = (lines.pop() ?? "").slice(0, LINE_LENGTH_MAX);
      for (const line of lines) {
        const news = parseLinkNews(line.slice(0, LINE_LENGTH_MAX));
        if (news?.kind === "present") this.#listeners.get(news.device)?.();
      }
    }
  }

  /** The kernel drops news that are not read in time, and `ip` complains: any device may have come meanwhile. */
  async #readComplaints(stream: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const _ of stream) for (const appeared of this.#listeners.values()) appeared();
  }
}
