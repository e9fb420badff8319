// `coracle-dtls-router`: DTLS with connection IDs, and a cluster of it, in front of a UDP server.
import { runService } from "@coracle/lifecycle";
import { dtlsRouterConfig } from "./config.ts";
import { setUpRouter } from "./io/set-up-router.ts";

await runService({ component: "dtls-router", config: dtlsRouterConfig, setup: setUpRouter });
