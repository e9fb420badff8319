// `coracle-heartbeat`: the live members of a DTLS Connection ID cluster, for any application beside it.
import { runService } from "@coracle/lifecycle";
import { heartbeatConfig } from "./config.ts";

await runService({
  component: "heartbeat",
  config: heartbeatConfig,
  // Loaded when /livez is already answered.
  setup: async (service, config) => (await import("./io/set-up-heartbeat.ts")).setUpHeartbeat(service, config),
});
