// coracle-apiserver: the extension API server, or with --standalone a whole API server for one machine.
import { runService } from "@coracle/lifecycle";
import { apiServerConfig } from "./config.ts";

await runService({
  component: "apiserver",
  config: apiServerConfig,
  // Loaded when /livez is already answered.
  setup: async (service, config) => (await import("./io/set-up-server.ts")).setUpServer(service, config),
});
