// API server, address controller and two agents, as compiled binaries, on one of the two fabrics.
import { createLaboratory, type Laboratory } from "@coracle/lab/io";
import { startOurServer } from "../apiserver/servers.ts";
import type { buildBinaries } from "../binaries.ts";
import { Program } from "./program.ts";

/** The binaries of the benchmark. */
export const ATTACH_BINARIES = ["apiserver", "ipam", "load", "ovs-agent"] as const;

/** Their paths. */
export type AttachBinaries = ReturnType<typeof buildBinaries<(typeof ATTACH_BINARIES)[number]>>;

/** Which fabric agents have: Open vSwitch in network namespaces of their own, or the log. */
export type FabricName = "ovs" | "log";

/** A running system. */
export interface AttachSystem {
  readonly kubeconfig: string;
  readonly nodes: readonly string[];
  stop(): Promise<void>;
}

const HOSTS = ["a", "b"];

/** Starts one; whatever was started is ended when something fails. */
export async function startAttachSystem(binaries: AttachBinaries, fabric: FabricName): Promise<AttachSystem> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const server = await startOurServer();
    stops.push(() => server.stop());
    const laboratory = fabric === "ovs" ? await createLaboratory({ hosts: HOSTS }) : undefined;
    if (laboratory !== undefined) stops.push(() => laboratory.close());
    const common = ["--kubeconfig", server.kubeconfig, "--http", "127.0.0.1:0"];
    const programs = [new Program("ipam", [binaries.ipam, ...common])];
    for (const [index, name] of HOSTS.entries()) {
      const own = ["run", "--node", name, ...placeOf(laboratory, name, index)];
      programs.push(new Program(`agent ${name}`, [binaries["ovs-agent"], ...own, ...common]));
    }
    stops.push(...programs.map((program) => () => program.end()));
    await Promise.all(programs.map((program) => program.ready()));
    return { kubeconfig: server.kubeconfig, nodes: HOSTS, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function placeOf(laboratory: Laboratory | undefined, name: string, index: number): readonly string[] {
  if (laboratory === undefined) return ["--fabric", "log", "--host-ip", `127.0.0.${index + 1}`, "--log-level", "info"];
  const { hostIp, ovsRunDir } = laboratory.host(name);
  return ["--fabric", "ovs", "--datapath-type", "netdev", "--host-ip", hostIp, "--ovs-run-dir", ovsRunDir];
}
