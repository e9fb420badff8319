// `coracle-watcher`: follows Kubernetes resources for ever, without a cache of the world.
import { runService } from "@coracle/lifecycle";
import { watcherConfig } from "./config.ts";

await runService({
  component: "watcher",
  config: watcherConfig,
  // Loaded when /livez is already answered.
  setup: async (service, config) => (await import("./io/watcher.ts")).setUpWatcher(service, config),
});
