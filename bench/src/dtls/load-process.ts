// The fleet of clients as a process of its own, so that its CPU time is not the servers'.
import { join } from "node:path";
import { LineProcess } from "../udp/line-process.ts";

/** How many requests or handshakes came to an end. */
export interface LoadResult {
  readonly done: number;
  readonly lost: number;
  readonly ms: number;
}

/** Talks to `client-load.ts`. */
export class LoadProcess {
  readonly #process: LineProcess;

  constructor(identity: string, keyHex: string) {
    this.#process = new LineProcess([process.execPath, join(import.meta.dirname, "client-load.ts"), identity, keyHex]);
  }

  /** Connects that many clients with PSK; those before are closed. */
  async connect(count: number, port: number): Promise<void> {
    const { established } = (await this.#ask(`connect ${count} ${port}`)) as { established: number };
    if (established < count) throw new Error(`Cannot connect ${count} clients: ${established} were served`);
  }

  /** That many requests in all, sent to `port`; every client has one under way. */
  async requests(count: number, port: number): Promise<LoadResult> {
    return (await this.#ask(`requests ${count} ${port}`)) as LoadResult;
  }

  /** Writes that many requests in all, sealed by the clients, for `sealed-load.c`. */
  async seal(count: number, file: string): Promise<void> {
    const { sealed } = (await this.#ask(`seal ${count} ${file}`)) as { sealed: number };
    if (sealed < count) throw new Error(`Cannot seal ${count} requests of one size: there are ${sealed}`);
  }

  /** That many handshakes, eight at once unless told. */
  async handshakes(
    count: number,
    options: { readonly port: number; readonly kind: "psk" | "ecdsa"; readonly together?: number | undefined },
  ): Promise<LoadResult> {
    const { port, kind, together } = options;
    return (await this.#ask(`handshakes ${count} ${port} ${kind} ${together ?? ""}`.trimEnd())) as LoadResult;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async #ask(line: string): Promise<unknown> {
    return JSON.parse(await this.#process.ask(line));
  }
}
