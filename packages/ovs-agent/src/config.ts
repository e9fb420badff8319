// The flags of `coracle-ovs-agent run`.
import { err, ok, parseIp, type Result } from "@coracle/base";
import {
  type Address,
  type Config,
  defineConfig,
  flag,
  SERVICE_EXIT_CODES,
  type ServiceConfig,
  serviceFlags,
} from "@coracle/lifecycle";

/** What `coracle-ovs-agent run` is told. */
export interface AgentConfig extends ServiceConfig {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly node: string;
  /** Dotted quad. */
  readonly hostIp: string;
  readonly fabric: "ovs" | "log";
  /** Absolute paths with commas; none without. */
  readonly allowedPrograms: string | undefined;
  readonly ovsRunDir: string;
  readonly datapathType: "system" | "netdev" | undefined;
  readonly underlayMtu: number;
  readonly nodeLock: string | undefined;
  readonly workers: number;
  readonly localsMax: number;
  readonly remotesMax: number;
  readonly adoptWaitMs: number;
  readonly execTimeoutMs: number;
  readonly execConcurrency: number;
  readonly execQueue: number;
  readonly execOutputBytes: number;
  readonly http: Address;
}

/** The folder Open vSwitch keeps its sockets in. */
export const OVS_RUN_DIR = "/var/run/openvswitch";

function readHostIp(text: string): Result<string, string> {
  if (text.includes(":")) return err("is not an IPv4 address: tunnels run over IPv4 alone");
  return parseIp(text).ok ? ok(text) : err("is not an IPv4 address");
}

const EXEC = "Commands of attachments";
const LIMITS = "Limits";

/** The command line of `coracle-ovs-agent run`. */
export const agentConfig: Config<AgentConfig> = defineConfig({
  name: "coracle-ovs-agent run",
  summary: "make this node's interfaces and flows match its network attachments",
  description:
    "Follows the attachments of this node and, for each virtual network that has one here, those of other nodes; makes ports and flows of them on a bridge of Open vSwitch; and tells in each attachment's status what became of it. Ending it leaves the network as it is.",
  flags: {
    kubeconfig: flag.path({
      help: "Kubeconfig file; else $KUBECONFIG, ~/.kube/config, or the pod's own files.",
      env: "CORACLE_KUBECONFIG",
    }),
    context: flag.text({ help: "Context of the kubeconfig; else its current one.", valueName: "NAME" }),
    node: flag.text({
      help: "This node's name, as attachments have it in spec.node.",
      env: "NODE_NAME",
      required: true,
      valueName: "NAME",
    }),
    hostIp: flag.parsed(readHostIp, {
      help: "This node's IPv4 address, at which the tunnels of other nodes end.",
      env: "HOST_IP",
      required: true,
      valueName: "ADDRESS",
    }),
    fabric: flag.choice(["ovs", "log"], {
      help: "What makes interfaces: Open vSwitch, or a log that only says what it would do.",
      default: "ovs",
    }),
    ovsRunDir: flag.path({ help: "Folder of Open vSwitch's sockets.", default: OVS_RUN_DIR, valueName: "DIR" }),
    datapathType: flag.choice(["system", "netdev"], {
      help: "Datapath of the bridge: in the kernel, or in Open vSwitch's own process. Else as Open vSwitch has it.",
    }),
    underlayMtu: flag.number({
      help: "MTU between nodes; guests get it less the tunnel's 50 bytes.",
      default: 1500,
      min: 626,
      max: 65_535,
    }),
    nodeLock: flag.path({
      help: "Socket that says that an agent runs here; a second one does not start. Else one in --ovs-run-dir; none with --fabric log.",
    }),
    allowedPrograms: flag.text({
      help: "Programs that attachments may have run after creation and deletion: absolute paths with commas. None if absent.",
      valueName: "PATHS",
      group: EXEC,
    }),
    execTimeoutMs: flag.duration({
      help: "A command that runs longer is ended, with everything it started.",
      default: "60s",
      minMs: 1,
      group: EXEC,
    }),
    execConcurrency: flag.number({ help: "Commands running at once.", default: 4, min: 1, max: 256, group: EXEC }),
    execQueue: flag.number({ help: "Commands that may wait.", default: 1000, min: 1, max: 100_000, group: EXEC }),
    execOutputBytes: flag.size({
      help: "How much of each output stream goes into the status.",
      default: "64KiB",
      maxBytes: 65_536,
      group: EXEC,
    }),
    workers: flag.number({ help: "Status updates at once.", default: 32, min: 1, max: 256, group: LIMITS }),
    localsMax: flag.number({ help: "Attachments of this node.", default: 16_384, min: 1, max: 65_536, group: LIMITS }),
    remotesMax: flag.number({
      help: "Attachments of other nodes in this node's virtual networks.",
      default: 1_000_000,
      min: 1,
      max: 4_000_000,
      group: LIMITS,
    }),
    adoptWaitMs: flag.duration({
      help: "How long the first lists may hold up taking over what an earlier run left.",
      default: "30s",
      group: LIMITS,
    }),
    ...serviceFlags({ http: "127.0.0.1:9294" }),
  },
  check: ({ allowedPrograms }) => {
    const wrong = programsOf(allowedPrograms).find((path) => !path.startsWith("/"));
    return wrong === undefined ? undefined : `--allowed-programs: "${wrong}" is not an absolute path`;
  },
  examples: [
    {
      line: "coracle-ovs-agent run --node node-1 --host-ip 192.0.2.1",
      does: "serve this node",
    },
    {
      line: "coracle-ovs-agent run --node node-1 --host-ip 192.0.2.1 --fabric log",
      does: "say what would be done, on any machine",
    },
  ],
  exitCodes: SERVICE_EXIT_CODES,
});

/** The allowed programs of `--allowed-programs`. */
export function programsOf(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").filter((path) => path !== "");
}
