// The fabric that the command line asks for.
import type { Logger } from "@coracle/lifecycle";
import type { AgentConfig } from "../config.ts";
import type { Fabric } from "../core/fabric.ts";
import { createLogFabric, createOvsFabric } from "./fabric/mod.ts";

/** A fabric that has not been started. */
export function makeFabric(config: AgentConfig, log: Logger): Fabric {
  const { fabric, ovsRunDir, hostIp, underlayMtu, datapathType } = config;
  switch (fabric) {
    case "log":
      return createLogFabric({ onLog: (message, facts) => log.info(message, facts) });
    case "ovs":
      return createOvsFabric({
        runDirectory: ovsRunDir,
        hostIp,
        underlayMtu,
        ...(datapathType === undefined ? {} : { datapathType }),
        onLog: (message, facts) => (isRoutine(facts) ? log.info(message, facts) : log.warning(message, facts)),
      });
  }
}

/** A comparison or an installation anew that found nothing of others. */
function isRoutine(facts: Readonly<Record<string, unknown>>): boolean {
  return facts["foreignFlowsRemoved"] === 0;
}
