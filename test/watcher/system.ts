// Our API server and watchers against it, for one test: started on free ports, ended and removed at its end.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GroupVersionResource } from "@coracle/kube";
import { createKubeClient, type KubeClient, loadKubeconfig } from "@coracle/kube/io";
import { ChildProgram } from "./child-program.ts";

/** Resources the tests use. */
export const RESOURCES: Readonly<Record<"namespaces" | "pods" | "configmaps" | "attachments", GroupVersionResource>> = {
  namespaces: { group: "", version: "v1", resource: "namespaces" },
  pods: { group: "", version: "v1", resource: "pods" },
  configmaps: { group: "", version: "v1", resource: "configmaps" },
  attachments: { group: "network.coracle.dev", version: "v1alpha1", resource: "networkattachments" },
};

/** A standalone API server with its folder. */
export class System {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly #listen: string;
  readonly #children: ChildProgram[] = [];
  #apiserver: ChildProgram | undefined;
  #client: KubeClient | undefined;

  private constructor(folder: string, listen: string) {
    this.folder = folder;
    this.kubeconfig = join(folder, "admin.kubeconfig");
    this.#listen = listen;
  }

  /** Runs `body` with a system and ends everything after it. */
  static async with(body: (system: System) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "coracle-system-"));
    const system = new System(folder, `127.0.0.1:${await freePort()}`);
    try {
      await system.startApiserver();
      await body(system);
    } finally {
      system.#client?.close();
      await Promise.all(system.#children.map((child) => child.end()));
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Starts the API server, or starts it again on the same data and port. */
  async startApiserver(): Promise<void> {
    const args = ["--standalone", "--data", this.folder, "--listen", this.#listen, "--http", "127.0.0.1:0"];
    this.#apiserver = this.#start("apiserver", args);
    await this.#apiserver.see(/"message":"Ready"/);
  }

  /** Ends the API server without warning. */
  async killApiserver(): Promise<void> {
    await this.#apiserver?.end("SIGKILL");
  }

  /** A watcher of this system. */
  watcher(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProgram {
    return this.#start("watcher", [...args, "--kubeconfig", this.kubeconfig], env);
  }

  /** A client of this system. */
  async client(): Promise<KubeClient> {
    this.#client ??= createKubeClient(await loadKubeconfig({ path: this.kubeconfig }));
    return this.#client;
  }

  #start(name: string, args: readonly string[], env?: Readonly<Record<string, string>>): ChildProgram {
    const child = ChildProgram.source(name, args, env);
    this.#children.push(child);
    return child;
  }
}

/** A port nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
