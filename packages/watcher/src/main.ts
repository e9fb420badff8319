// `coracle-watcher`: follows Kubernetes resources for ever, without a cache of the world.
import { runService } from "@coracle/lifecycle";
import { watcherConfig } from "./config.ts";
import { setUpWatcher } from "./io/watcher.ts";

await runService({ component: "watcher", config: watcherConfig, setup: setUpWatcher });
