// Requests sealed before they are timed, sent by a C program that costs a fraction of what a server does, so that servers are busy.
import { join } from "node:path";
import { LineProcess } from "../udp/line-process.ts";
import type { LoadProcess, LoadResult } from "./load-process.ts";

const LOAD_CORE = 0;
/** The other core of two: servers have it to themselves. */
export const SERVER_CORE = 1;

/** How to make a {@link SealedLoad}. */
export interface SealedLoadOptions {
  /** The compiled `sealed-load.c`. */
  readonly program: string;
  readonly folder: string;
  readonly clients: number;
  /** Its clients are connected, as many as `clients`. */
  readonly sealer: LoadProcess;
}

/** Talks to `sealed-load.c`. */
export class SealedLoad {
  readonly #process: LineProcess;
  readonly #file: string;
  readonly #sealer: LoadProcess;

  constructor({ program, folder, clients, sealer }: SealedLoadOptions) {
    this.#process = new LineProcess([program, String(clients)], LOAD_CORE);
    this.#file = join(folder, "sealed-requests");
    this.#sealer = sealer;
  }

  /** Seals the next `count` requests, equally many of each client. */
  async seal(count: number): Promise<void> {
    await this.#sealer.seal(count, this.#file);
  }

  /** Sends what was sealed to `port`, one under way per client. */
  async send(port: number): Promise<LoadResult> {
    const [, done = "0", , lost = "0", , seconds = "0"] = (await this.#process.ask(`${port} ${this.#file}`)).split(" ");
    return { done: Number(done), lost: Number(lost), ms: Number(seconds) * 1000 };
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
