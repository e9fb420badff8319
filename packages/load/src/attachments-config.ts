// The flags of `coracle-load attachments`.
import {
  type Address,
  type Config,
  defineConfig,
  flag,
  LOG_LEVELS,
  type ServiceConfig,
  serviceFlags,
} from "@coracle/lifecycle";
import { VERDICT_EXIT_CODES } from "./core/attachments/run-tally.ts";

/** What `coracle-load attachments` is told. */
export interface AttachmentsConfig extends ServiceConfig {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly baseAddress: string;
  readonly numNets: number;
  readonly topNetSize: number;
  readonly exponent: number;
  readonly bias: number;
  readonly estimate: boolean;
  readonly singleSubnet: boolean;
  readonly subnetSizeFactor: number;
  readonly numAttachments: number;
  readonly threads: number;
  readonly rate: number;
  readonly opsDistribution: "steady" | "poisson";
  readonly dumpOpsTimes: boolean;
  readonly testProgram: string | undefined;
  readonly testFraction: number | undefined;
  readonly pendingWaitMs: number;
  readonly pingCount: number;
  readonly stopOnPingFail: boolean;
  readonly stopOnBreak: boolean;
  readonly waitAfterCreateMs: number;
  readonly waitAfterDeleteMs: number;
  readonly readyWithinMs: number;
  readonly validateWithinMs: number;
  readonly roundRobin: boolean;
  readonly onlyNode: string | undefined;
  readonly nodes: string | undefined;
  readonly nodeLabelSelector: string | undefined;
  readonly runid: string | undefined;
  readonly seed: number | undefined;
  readonly keep: boolean;
  readonly json: string | undefined;
  readonly output: string | undefined;
  readonly http: Address | undefined;
}

/** Exit code for a run whose namespace or subnets could not be made. */
export const EXIT_NOT_PREPARED = 8;

const NETWORKS = "Virtual networks";
const LOAD = "Load";
const TEST = "Ping tests";
const PLACE = "Nodes";
const RESULT = "Run and result";
/** A label of RFC 1123 that leaves room for a suffix: it names the namespace and, with a number, network namespaces. */
const RUN_ID = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/;

const networkFlags = {
  baseAddress: flag.text({
    help: "First address used; the networks take consecutive blocks behind it, within one private range.",
    default: "172.24.0.0",
    valueName: "ADDRESS",
    group: NETWORKS,
  }),
  numNets: flag.number({ help: "Virtual networks.", default: 10, min: 1, max: 65_536, group: NETWORKS }),
  topNetSize: flag.number({
    help: "Attachments in the largest network; network I has (1 + bias) · this / (I + bias)^exponent, rounded up.",
    default: 100,
    min: 1,
    max: 1_000_000,
    group: NETWORKS,
  }),
  exponent: flag.number({ help: "How steep the sizes fall.", default: 1, max: 10, fraction: true, group: NETWORKS }),
  bias: flag.number({
    help: "Flattens the sizes of the first networks.",
    default: 0,
    max: 1_000_000,
    fraction: true,
    group: NETWORKS,
  }),
  singleSubnet: flag.boolean({ help: "One subnet a network instead of two.", group: NETWORKS }),
  subnetSizeFactor: flag.number({
    help: "Scale of each subnet; below 1 there are fewer addresses than attachments, which must then wait.",
    default: 1,
    min: 0,
    max: 1000,
    fraction: true,
    group: NETWORKS,
  }),
  estimate: flag.boolean({ help: "Print the sizes and make nothing.", group: NETWORKS }),
};

const loadFlags = {
  numAttachments: flag.number({
    help: "Attachments to create in all.",
    default: 450,
    min: 1,
    max: 1_000_000,
    group: LOAD,
  }),
  threads: flag.number({
    help: "Calls at one time; no more than there are slots.",
    default: 1,
    min: 1,
    max: 1024,
    group: LOAD,
  }),
  rate: flag.number({
    help: "Creations and deletions a second, over all threads.",
    default: 10,
    min: 0.001,
    max: 100_000,
    fraction: true,
    group: LOAD,
  }),
  opsDistribution: flag.choice(["steady", "poisson"], {
    help: "Equal gaps between operations, or exponential ones.",
    default: "steady",
    group: LOAD,
  }),
  dumpOpsTimes: flag.boolean({ help: "Write the schedule into the --output folder.", group: LOAD }),
  waitAfterCreateMs: flag.duration({
    help: "Above 0: a shock test, which fills the slots, looks on for this long, and removes everything.",
    default: "0s",
    group: LOAD,
  }),
  waitAfterDeleteMs: flag.duration({
    help: "Longest wait at the end for the last notifications.",
    default: "15s",
    group: LOAD,
  }),
  stopOnBreak: flag.boolean({ help: "End early when an attachment is broken.", default: true, group: LOAD }),
  readyWithinMs: flag.duration({
    help: "An attachment that is older when its turn to go comes, and has no interface, counts as stuck.",
    default: "20s",
    group: LOAD,
  }),
  validateWithinMs: flag.duration({
    help: "Longest wait for the subnets to be validated.",
    default: "60s",
    group: LOAD,
  }),
};

const testFlags = {
  testProgram: flag.path({
    help: "Program on the nodes with the commands test-by-ping and remove-netns, which agents must allow: coracle-ovs-agent. Without it there are no tests.",
    group: TEST,
    valueName: "PATH",
  }),
  testFraction: flag.number({
    help: "Chance of a full ping test of an attachment; the first of each network are half tested. 0.1 with --test-program, else 0.",
    max: 1,
    fraction: true,
    group: TEST,
  }),
  pendingWaitMs: flag.duration({
    help: "How long to wait for a first tested peer of a network; the schedule is shifted by it.",
    default: "1m",
    group: TEST,
  }),
  pingCount: flag.number({ help: "Pings tried in a full test.", default: 10, min: 1, max: 1000, group: TEST }),
  stopOnPingFail: flag.boolean({ help: "End early when a test fails.", default: true, group: TEST }),
};

const placeFlags = {
  nodes: flag.text({
    help: "Names of nodes, with commas; else the cluster's Node objects are asked for.",
    valueName: "NAMES",
    group: PLACE,
  }),
  nodeLabelSelector: flag.text({
    help: "Which Node objects are candidates; else all.",
    valueName: "SELECTOR",
    group: PLACE,
  }),
  onlyNode: flag.text({ help: "Put every attachment on this node.", valueName: "NAME", group: PLACE }),
  roundRobin: flag.boolean({ help: "Go through the nodes in turn instead of at random.", group: PLACE }),
};

const resultFlags = {
  kubeconfig: flag.path({
    help: "Kubeconfig file; else $KUBECONFIG, ~/.kube/config, or the pod's own files.",
    env: "CORACLE_KUBECONFIG",
    group: RESULT,
  }),
  context: flag.text({ help: "Context of the kubeconfig; else its current one.", valueName: "NAME", group: RESULT }),
  runid: flag.text({
    help: "Name of the run and of its namespace; else MMDD-hhmm-NNNN of now.",
    valueName: "NAME",
    group: RESULT,
  }),
  seed: flag.number({
    help: "Makes the same workload again; else one is chosen and printed.",
    max: 0xffff_ffff,
    group: RESULT,
  }),
  keep: flag.boolean({ help: "Leave the population of the cruise, the subnets and the namespace.", group: RESULT }),
  json: flag.path({ help: "Write the result as JSON into this file; - is standard output.", group: RESULT }),
  output: flag.path({
    help: "Write sizes, metrics and the result into this folder, which is made.",
    valueName: "DIR",
    group: RESULT,
  }),
};

/** The command line of `coracle-load attachments`. */
export const attachmentsConfig: Config<AttachmentsConfig> = defineConfig({
  name: "coracle-load attachments",
  summary: "create and delete NetworkAttachments at a rate, and measure how long they take to work",
  description:
    "Makes a namespace with virtual networks, fills them, replaces attachments one by one, and removes everything again. Every change is watched: no address may have two owners, none may lie outside its network, none may break. The first Ctrl-C stops creating and cleans up, the second ends at once.",
  flags: {
    ...networkFlags,
    ...loadFlags,
    ...testFlags,
    ...placeFlags,
    ...resultFlags,
    ...serviceFlags({ http: "127.0.0.1:9376" }),
    logLevel: flag.choice(LOG_LEVELS, {
      help: "Least level to log, to standard error.",
      default: "warning",
      group: "Start and stop",
    }),
  },
  check: (config) => {
    if (config.runid !== undefined && !RUN_ID.test(config.runid)) {
      return `--runid: "${config.runid}" names no namespace: use up to 40 of a-z, 0-9 and -, a letter or digit at both ends`;
    }
    if ((config.testFraction ?? 0) > 0 && config.testProgram === undefined) {
      return "--test-fraction needs --test-program: the program on the nodes that tests";
    }
    if (config.dumpOpsTimes && config.output === undefined) return "--dump-ops-times needs --output: the folder";
    if (config.onlyNode !== undefined && config.nodes !== undefined) {
      return "--only-node and --nodes exclude each other";
    }
    return undefined;
  },
  examples: [
    { line: "coracle-load attachments --estimate --num-nets 1000 --exponent 0.9", does: "the sizes such a run has" },
    { line: "coracle-load attachments --nodes host-1,host-2", does: "450 attachments, 10 operations a second" },
    {
      line: "coracle-load attachments --rate 200 --threads 8 --num-attachments 5000 --json result.json",
      does: "more of it, and the numbers into a file",
    },
  ],
  exitCodes: {
    1: "could not start",
    [VERDICT_EXIT_CODES.faulty]:
      "an attachment was broken or stuck, or an address had two owners or was outside its network",
    [VERDICT_EXIT_CODES["tests-failed"]]: "a test failed",
    [VERDICT_EXIT_CODES["nothing-ready"]]: "no attachment ever had an interface",
    [VERDICT_EXIT_CODES["creates-failed"]]: "a creation failed",
    [VERDICT_EXIT_CODES.leftovers]: "an attachment could not be removed",
    [EXIT_NOT_PREPARED]: "the namespace or the subnets could not be made or validated",
    [VERDICT_EXIT_CODES.interrupted]: "interrupted; everything was removed",
  },
});
