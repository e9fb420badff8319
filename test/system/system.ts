// Our API server and watchers against it, for one test: started on free ports, ended and removed at its end.
import type { GroupVersionResource } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import { ApiServer } from "./api-server.ts";
import { ChildProgram } from "./child-program.ts";

/** Resources the tests use. */
export const RESOURCES: Readonly<Record<"namespaces" | "pods" | "configmaps" | "attachments", GroupVersionResource>> = {
  namespaces: { group: "", version: "v1", resource: "namespaces" },
  pods: { group: "", version: "v1", resource: "pods" },
  configmaps: { group: "", version: "v1", resource: "configmaps" },
  attachments: { group: "network.coracle.dev", version: "v1alpha1", resource: "networkattachments" },
};

/** A standalone API server and its watchers. */
export class System {
  readonly apiserver: ApiServer;
  readonly #watchers: ChildProgram[] = [];

  private constructor(apiserver: ApiServer) {
    this.apiserver = apiserver;
  }

  /** Runs `body` with a system and ends everything after it. */
  static with(body: (system: System) => Promise<void>): Promise<void> {
    return ApiServer.with([], async (apiserver) => {
      const system = new System(apiserver);
      try {
        await body(system);
      } finally {
        await Promise.all(system.#watchers.map((watcher) => watcher.end()));
      }
    });
  }

  /** Where the server's data are, and place for what a test writes. */
  get folder(): string {
    return this.apiserver.folder;
  }

  get kubeconfig(): string {
    return this.apiserver.kubeconfig;
  }

  /** A watcher of this system. */
  watcher(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProgram {
    const watcher = ChildProgram.source("watcher", [...args, "--kubeconfig", this.kubeconfig], env);
    this.#watchers.push(watcher);
    return watcher;
  }

  /** A client of this system. */
  client(): Promise<KubeClient> {
    return this.apiserver.client();
  }
}
