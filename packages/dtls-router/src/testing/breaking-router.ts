// A router whose workers break when a datagram tells them to; else as main.ts.
import { runService } from "@coracle/lifecycle";
import { dtlsRouterConfig } from "../config.ts";
import { setUpRouter } from "../io/set-up-router.ts";

const worker = new URL("./breaking-worker.ts", import.meta.url);

await runService({
  component: "dtls-router",
  config: dtlsRouterConfig,
  setup: (service, config) => setUpRouter(service, config, worker),
});
