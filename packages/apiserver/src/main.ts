// coracle-apiserver: the extension API server, or with --standalone a whole API server for one machine.
import { runService } from "@coracle/lifecycle";
import { apiServerConfig } from "./config.ts";
import { setUpServer } from "./io/set-up-server.ts";

await runService({ component: "apiserver", config: apiServerConfig, setup: setUpServer });
