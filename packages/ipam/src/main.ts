// `coracle-ipam`: gives addresses to NetworkAttachments and validates Subnets.
import { runService } from "@coracle/lifecycle";
import { ipamConfig } from "./config.ts";

await runService({
  component: "ipam",
  config: ipamConfig,
  // Loaded when /livez is already answered.
  setup: async (service, config) => (await import("./io/ipam.ts")).setUpIpam(service, config),
});
