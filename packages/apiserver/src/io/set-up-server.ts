// Which of its two settings the server runs in.
import type { Service, ServiceParts } from "@coracle/lifecycle";
import type { ApiServerConfig } from "../config.ts";
import { setUpStandalone } from "./standalone.ts";

/** Standalone, or as an extension of a cluster; what only the latter needs is loaded only for it. */
export async function setUpServer(service: Service, config: ApiServerConfig): Promise<ServiceParts> {
  if (config.standalone) return setUpStandalone(service, config);
  const { setUpAggregated } = await import("./aggregated.ts");
  return setUpAggregated(service, config);
}
