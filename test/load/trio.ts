// API server, address controller and agents as real programs, the agents with the fabric that only writes a log.
import { ChildProgram } from "../system/child-program.ts";
import { System } from "../system/system.ts";

/** The running system. */
export interface Trio {
  readonly system: System;
  readonly nodes: readonly string[];
  /** URL of the controller's HTTP address. */
  readonly ipamUrl: string;
  /** URLs of the agents' HTTP addresses, by the order of nodes. */
  readonly agentUrls: readonly string[];
  readonly programs: readonly ChildProgram[];
}

/** Runs `body` with the system, and ends everything after it. `/bin/true` stands for the program that tests. */
export async function withTrio(nodes: readonly string[], body: (trio: Trio) => Promise<void>): Promise<void> {
  await System.with(async (system) => {
    const place = ["--kubeconfig", system.kubeconfig, "--http", "127.0.0.1:0"];
    const agent = (node: string, index: number): ChildProgram => {
      const own = ["--node", node, "--host-ip", `127.0.0.${index + 1}`, "--allowed-programs", "/bin/true"];
      return ChildProgram.source("ovs-agent", ["run", "--fabric", "log", ...own, ...place]);
    };
    const programs = [ChildProgram.source("ipam", place), ...nodes.map(agent)];
    try {
      const urls: string[] = [];
      for (const program of programs) {
        const [, url = ""] = await program.see(/"url":"(http:[^"]+)"/);
        await program.see(/"message":"Ready"/);
        urls.push(url);
      }
      const [ipamUrl = "", ...agentUrls] = urls;
      await body({ system, nodes, ipamUrl, agentUrls, programs });
    } finally {
      await Promise.all(programs.map((program) => program.end()));
    }
  });
}
