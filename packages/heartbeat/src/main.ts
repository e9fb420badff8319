// `coracle-heartbeat`: the live members of a DTLS Connection ID cluster, for any application beside it.
import { runService } from "@coracle/lifecycle";
import { heartbeatConfig } from "./config.ts";
import { setUpHeartbeat } from "./io/set-up-heartbeat.ts";

await runService({ component: "heartbeat", config: heartbeatConfig, setup: setUpHeartbeat });
