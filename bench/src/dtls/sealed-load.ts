// Requests sealed before they are timed, sent by a C program that costs a fraction of what a server does, so that servers are busy.
import { join } from "node:path";
import type { BenchContext } from "../bench.ts";
import { compileC, temporaryFolder } from "../c-program.ts";
import { LineProcess } from "../udp/line-process.ts";
import type { LoadProcess, LoadResult } from "./load-process.ts";

const LOAD_CORE = 0;
/** The other core of two: servers have it to themselves. */
export const SERVER_CORE = 1;

/** As many requests are under way, so batches are as large as they become. */
export const BUSY_CLIENTS = 128;

/** Talks to `sealed-load.c`, which has {@link BUSY_CLIENTS} clients. */
export class SealedLoad {
  readonly #process: LineProcess;
  readonly #file: string;

  private constructor(process: LineProcess, file: string) {
    this.#process = process;
    this.#file = file;
  }

  /** Compiles the program and starts it. */
  static async start(context: BenchContext): Promise<SealedLoad> {
    const folder = await temporaryFolder(context);
    const program = compileC(join(import.meta.dirname, "sealed-load.c"), folder);
    const process = new LineProcess([program, String(BUSY_CLIENTS)], LOAD_CORE);
    context.cleanUp(() => process.stop());
    return new SealedLoad(process, join(folder, "sealed-requests"));
  }

  /** Takes the next `count` requests of the clients connected by `sealer`, as many as this has, equally many of each. */
  async seal(sealer: LoadProcess, count: number): Promise<void> {
    await sealer.seal(count, this.#file);
  }

  /** Sends what was sealed to `port`, one under way per client. */
  async send(port: number): Promise<LoadResult> {
    const [, done = "0", , lost = "0", , seconds = "0"] = (await this.#process.ask(`${port} ${this.#file}`)).split(" ");
    return { done: Number(done), lost: Number(lost), ms: Number(seconds) * 1000 };
  }
}
