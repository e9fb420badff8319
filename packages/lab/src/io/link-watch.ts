// Tells when a device appears in a network namespace, from `ip monitor`.
import { type ChildProcess, spawnProcess } from "@coracle/runtime";
import { parseLinkNews } from "../link-news.ts";
import { commandEnvironment } from "./run-command.ts";

const LINE_LENGTH_MAX = 4096;

/** Follows one namespace; listeners may come and go while it runs. */
export class LinkWatch {
  readonly #namespace: string;
  readonly #listeners = new Map<string, () => void>();
  #monitor: ChildProcess | undefined;

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  async start(): Promise<void> {
    const argv = ["ip", "-n", this.#namespace, "-o", "monitor", "link"];
    this.#monitor = await spawnProcess(argv, { env: commandEnvironment(), ownGroup: true, stderr: "ignore" });
    void this.#read(this.#monitor.stdout);
  }

  /** `appeared` is called whenever the device is seen in the namespace. One listener a device. */
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
        const news = parseLinkNews(line);
        if (news?.kind === "present") this.#listeners.get(news.device)?.();
      }
    }
  }
}
