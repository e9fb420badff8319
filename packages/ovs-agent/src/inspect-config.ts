// The flags of the commands that look at a bridge: `trace`, `flows`, `drift`.
import { type Address, type Config, defineConfig, flag, type Flag } from "@coracle/lifecycle";
import { OVS_RUN_DIR } from "./config.ts";

/** Where to look. */
export interface InspectConfig {
  readonly ovsRunDir: string;
  /** The agent's HTTP listener, which tells the flows that should be there. */
  readonly agent: Address;
  readonly json: boolean;
}

/** What `trace` is told. */
export interface TraceConfig extends InspectConfig {
  readonly attachment: string;
  readonly destination: string;
}

interface InspectFlags {
  readonly ovsRunDir: Flag<string>;
  readonly agent: Flag<Address>;
  readonly json: Flag<boolean>;
}

const EXIT_CODES: Readonly<Record<number, string>> = { 3: "Open vSwitch or the agent could not be asked" };

/** The command line of `coracle-ovs-agent trace`. */
export const traceConfig: Config<TraceConfig> = defineConfig({
  name: "coracle-ovs-agent trace",
  summary: "tell where a packet of an attachment goes, and why",
  description:
    "Follows a packet through the flows on the bridge and says which one decides; also as Open vSwitch's own trace has it, where ovs-vswitchd can be asked.",
  positionals: {
    attachment: flag.text({
      help: "An attachment of this node, as NAMESPACE/NAME.",
      required: true,
      valueName: "ATTACHMENT",
    }),
    destination: flag.text({ help: "IPv4 address in its virtual network.", required: true, valueName: "ADDRESS" }),
  },
  flags: { ...inspectFlags() },
  exitCodes: { 1: "the packet is dropped", ...EXIT_CODES },
});

/** The command line of `coracle-ovs-agent flows`. */
export const flowsConfig: Config<InspectConfig> = defineConfig({
  name: "coracle-ovs-agent flows",
  summary: "print every flow: as it should be, and what is installed instead",
  description: "Lines begin with - for a missing flow, ! for a different one, + for one that nobody wants.",
  flags: { ...inspectFlags() },
  exitCodes: EXIT_CODES,
});

/** The command line of `coracle-ovs-agent drift`. */
export const driftConfig: Config<InspectConfig> = defineConfig({
  name: "coracle-ovs-agent drift",
  summary: "print the flows that differ from what they should be",
  description: "Lines begin with - for a missing flow, ! for a different one, + for one that nobody wants.",
  flags: { ...inspectFlags() },
  exitCodes: { 1: "some flows differ", ...EXIT_CODES },
});

function inspectFlags(): InspectFlags {
  return {
    ovsRunDir: flag.path({ help: "Folder of Open vSwitch's sockets.", default: OVS_RUN_DIR, valueName: "DIR" }),
    agent: flag.address({ help: "HTTP listener of the agent of this node.", default: "127.0.0.1:9294" }),
    json: flag.boolean({ help: "Print JSON." }),
  };
}
