// `coracle-ipam`: gives addresses to NetworkAttachments and validates Subnets.
import { runService } from "@coracle/lifecycle";
import { ipamConfig } from "./config.ts";
import { setUpIpam } from "./io/ipam.ts";

await runService({ component: "ipam", config: ipamConfig, setup: setUpIpam });
