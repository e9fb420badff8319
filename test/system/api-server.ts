// Our API server as a program of its own, for one test: on a free port it keeps, with a folder that goes away with it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKubeClient, type KubeClient, loadKubeconfig } from "@coracle/kube/io";
import { ChildProgram } from "./child-program.ts";
import { freePort } from "@coracle/sim";

const START_MS = 60_000;

/** A standalone API server that can be killed and started again. */
export class ApiServer {
  readonly folder: string;
  /** The administrator's. */
  readonly kubeconfig: string;
  readonly #args: readonly string[];
  #program: ChildProgram | undefined;
  #client: KubeClient | undefined;

  private constructor(folder: string, args: readonly string[]) {
    this.folder = folder;
    this.kubeconfig = join(folder, "admin.kubeconfig");
    this.#args = args;
  }

  /** A server that is not started yet; `args` are added to its command line. Whoever makes it calls `close`. */
  static async make(args: readonly string[] = []): Promise<ApiServer> {
    const folder = await mkdtemp(join(tmpdir(), "coracle-system-"));
    const places = ["--data", folder, "--listen", `127.0.0.1:${await freePort()}`, "--http", "127.0.0.1:0"];
    return new ApiServer(folder, ["--standalone", ...places, ...args]);
  }

  /** Runs `body` with a server that is ready, and removes it. */
  static async with(args: readonly string[], body: (server: ApiServer) => Promise<void>): Promise<void> {
    const server = await ApiServer.make(args);
    try {
      await server.start();
      await body(server);
    } finally {
      await server.close();
    }
  }

  /** Starts it, or starts it again on the same data and port; resolves when it is ready. */
  async start(): Promise<ChildProgram> {
    this.#program = ChildProgram.source("apiserver", this.#args);
    await this.#program.see(/"message":"Ready"/, START_MS);
    return this.#program;
  }

  /** Ends it without warning. */
  async kill(): Promise<void> {
    await this.#program?.end("SIGKILL");
  }

  /** The API as an administrator sees it; one client, closed with the server. */
  async client(): Promise<KubeClient> {
    this.#client ??= createKubeClient(await loadKubeconfig({ path: this.kubeconfig }));
    return this.#client;
  }

  async close(): Promise<void> {
    this.#client?.close();
    await this.#program?.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}
