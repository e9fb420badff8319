// The flags of `coracle-watcher`.
import {
  type Address,
  type Config,
  defineConfig,
  flag,
  LOG_LEVELS,
  type ServiceConfig,
  serviceFlags,
} from "@coracle/lifecycle";

/** What `coracle-watcher` is told. */
export interface WatcherConfig extends ServiceConfig {
  readonly resource: string;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
  readonly selector: string | undefined;
  readonly fieldSelector: string | undefined;
  readonly fields: string | undefined;
  readonly output: "auto" | "jsonl" | "table" | "wide" | "diff";
  readonly exec: string | undefined;
  readonly execArg: readonly string[];
  readonly execConcurrency: number;
  readonly execTimeoutMs: number;
  readonly cursor: string | undefined;
  readonly giveUpMs: number | undefined;
  readonly objectsMax: number;
  readonly streamingList: boolean;
  readonly protobuf: boolean;
  readonly nodeName: string | undefined;
  readonly http: Address | undefined;
}

/** Exit codes besides 0 and 2. */
export const EXIT_CODES = { failed: 1, auth: 3, notFound: 4, gaveUp: 5, untrusted: 6 } as const;

/** A label of RFC 1123; a server answers every other name with an empty list, for ever. */
const NAMESPACE_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** The command line of `coracle-watcher`. */
export const watcherConfig: Config<WatcherConfig> = defineConfig({
  name: "coracle-watcher",
  summary: "follow Kubernetes resources for ever, without a cache of the world",
  description:
    "Lists the resource, then follows its changes through every failure: it resumes where the stream broke, says when history was lost and what changed meanwhile, and keeps its memory bounded.",
  positionals: {
    resource: flag.text({
      help: "What to follow: pods, po, deployments.apps; several with commas.",
      required: true,
      valueName: "RESOURCE",
    }),
  },
  flags: {
    kubeconfig: flag.path({
      help: "Kubeconfig file; else $KUBECONFIG, ~/.kube/config, or the pod's own files.",
      env: "CORACLE_KUBECONFIG",
    }),
    context: flag.text({ help: "Context of the kubeconfig; else its current one.", valueName: "NAME" }),
    namespace: flag.text({ help: "Follow this namespace; else the context's.", short: "n", valueName: "NAME" }),
    allNamespaces: flag.boolean({ help: "Follow all namespaces.", short: "A" }),
    selector: flag.text({ help: "Label selector.", short: "l", valueName: "SELECTOR" }),
    fieldSelector: flag.text({ help: "Field selector.", valueName: "SELECTOR" }),
    fields: flag.text({
      help: "Fields to keep, with commas: spec.nodeName,status.podIPs[].ip. Everything else is skipped while parsing.",
      valueName: "PATHS",
    }),
    output: flag.choice(["auto", "jsonl", "table", "wide", "diff"], {
      help: "Form of the output; auto is diff on a terminal and jsonl elsewhere.",
      short: "o",
      default: "auto",
    }),
    exec: flag.path({
      help: "Run this program for each change, with the change as JSON on its input.",
      valueName: "PROGRAM",
      group: "Command per change",
    }),
    execArg: flag.repeated(
      flag.text({ help: "Argument of the program; may be repeated.", group: "Command per change" }),
    ),
    execConcurrency: flag.number({
      help: "Programs running at once; never two for one object.",
      default: 4,
      min: 1,
      max: 1024,
      group: "Command per change",
    }),
    execTimeoutMs: flag.duration({
      help: "A program that runs longer is killed.",
      default: "30s",
      minMs: 1,
      group: "Command per change",
    }),
    cursor: flag.path({ help: "Keep the place in the stream in this file, and resume from it at the next start." }),
    giveUpMs: flag.duration({ help: "End after failing for this long without a break; else never." }),
    objectsMax: flag.number({
      help: "Objects whose state is remembered at most, to tell what changed.",
      default: 200_000,
      min: 1,
    }),
    streamingList: flag.boolean({
      help: "Ask for the first state as a stream; servers that cannot are noticed by themselves.",
      default: true,
    }),
    protobuf: flag.boolean({
      help: "Ask for built-in kinds as protobuf, which costs the server a quarter of what JSON does.",
      default: true,
    }),
    nodeName: flag.text({ help: "This node's name, for /same-node.", env: "NODE_NAME", valueName: "NAME" }),
    ...serviceFlags(),
    logLevel: flag.choice(LOG_LEVELS, {
      help: "Least level to log, to standard error.",
      default: "warning",
      group: "Start and stop",
    }),
  },
  check: ({ allNamespaces, namespace }) => {
    if (namespace === undefined) return undefined;
    if (allNamespaces) return "--all-namespaces and --namespace exclude each other";
    if (NAMESPACE_NAME.test(namespace)) return undefined;
    return `--namespace: "${namespace}" is not a name of a namespace: use up to 63 of a-z, 0-9 and -, a letter or digit at both ends`;
  },
  examples: [
    { line: "coracle-watcher pods -A -l tier=web -o diff", does: "what changes, as one line a change" },
    {
      line: "coracle-watcher pods --fields metadata.name,status.phase -o jsonl",
      does: "two fields, one JSON object a line",
    },
    {
      line: "coracle-watcher configmaps --exec ./reload.sh --cursor /var/lib/app/cursor",
      does: "run a program for each change, across restarts",
    },
  ],
  exitCodes: {
    [EXIT_CODES.failed]: "a failure that trying again does not mend",
    [EXIT_CODES.auth]: "the server refuses the credentials (401) or the right (403)",
    [EXIT_CODES.notFound]: "the server does not know the resource",
    [EXIT_CODES.gaveUp]: "the server was gone for longer than --give-up",
    [EXIT_CODES.untrusted]: "the server's certificate is not trusted",
  },
});
