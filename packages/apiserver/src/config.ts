// The command line of coracle-apiserver.
import { type Address, type Config, defineConfig, flag, type ServiceConfig, serviceFlags } from "@coracle/lifecycle";

const API = "API";
const STORAGE = "Storage";

/** The settings of the server. */
export interface ApiServerConfig extends ServiceConfig {
  readonly standalone: boolean;
  readonly data: string | undefined;
  readonly listen: Address;
  readonly servingName: readonly string[];
  readonly checkSubnetConflicts: boolean;
  readonly anonymousAuth: boolean;
  readonly serviceAccountRights: "all" | "none";
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  readonly compactionIntervalMs: number;
}

/** Reads the command line and the environment. */
export const apiServerConfig: Config<ApiServerConfig> = defineConfig({
  name: "coracle-apiserver",
  summary: "Kubernetes-style API server for virtual networks.",
  description:
    "Serves network.coracle.dev/v1alpha1 and, standalone, the core kinds that agents need. " +
    "With --standalone it needs nothing else: everything it knows is in the folder given by --data, where it also puts admin.kubeconfig.",
  flags: {
    standalone: flag.boolean({
      help: "Be a whole API server: own store, own certificates, namespaces and garbage collection inside.",
      group: API,
    }),
    data: flag.path({
      help: "Folder of a standalone server: database, certificates, admin.kubeconfig.",
      group: STORAGE,
    }),
    listen: flag.address({ help: "Serve the API over HTTPS here.", default: "127.0.0.1:6443", group: API }),
    servingName: flag.repeated(
      flag.text({
        help: "Further DNS name or IP address for the serving certificate of a standalone server.",
        group: API,
      }),
    ),
    checkSubnetConflicts: flag.boolean({
      help: "Refuse a new Subnet that overlaps another of its VNI or takes a VNI into a second namespace.",
      default: true,
      group: API,
    }),
    anonymousAuth: flag.boolean({
      help: "Let requests without credentials in as system:anonymous, which may do nothing but look at health.",
      group: API,
    }),
    serviceAccountRights: flag.choice(["all", "none"], {
      help: "What service accounts may do in a standalone server: everything, or nothing but look at themselves.",
      default: "all",
      group: API,
    }),
    maxRequestsInflight: flag.number({
      help: "Reading requests answered at one time; more get 429.",
      default: 400,
      min: 1,
      max: 100_000,
      group: API,
    }),
    maxMutatingRequestsInflight: flag.number({
      help: "Writing requests answered at one time; more get 429.",
      default: 200,
      min: 1,
      max: 100_000,
      group: API,
    }),
    compactionIntervalMs: flag.duration({
      help: "History is kept for between once and twice this long; older resource versions answer 410.",
      default: "5m",
      minMs: 1000,
      group: STORAGE,
    }),
    ...serviceFlags(),
  },
  examples: [
    { line: "coracle-apiserver --standalone --data .coracle", does: "a server on this machine" },
    { line: "kubectl --kubeconfig .coracle/admin.kubeconfig get subnets -A", does: "talk to it" },
  ],
  check: (config) => {
    if (!config.standalone)
      return "--standalone is required: serving behind a Kubernetes aggregator needs an etcd store";
    return config.data === undefined ? "--standalone needs --data, the folder to keep everything in" : undefined;
  },
});
