// `coracle-dtls-router`: DTLS with connection IDs, and a cluster of it, in front of a UDP server.
import { runService } from "@coracle/lifecycle";
import { dtlsRouterConfig } from "./config.ts";

// Made here: in a compiled binary the path from this module to the worker's stays true.
const worker = new URL("./session-worker.ts", import.meta.url);

await runService({
  component: "dtls-router",
  config: dtlsRouterConfig,
  // Loaded when /livez is already answered.
  setup: async (service, config) => (await import("./io/set-up-router.ts")).setUpRouter(service, config, worker),
});
