// The command line of coracle-apiserver.
import { type Address, type Config, defineConfig, flag, type ServiceConfig, serviceFlags } from "@coracle/lifecycle";

const API = "API";
const STORAGE = "Storage";

/** The settings of the server. */
export interface ApiServerConfig extends ServiceConfig {
  readonly standalone: boolean;
  readonly data: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly tlsCertFile: string | undefined;
  readonly tlsPrivateKeyFile: string | undefined;
  readonly listen: Address;
  readonly servingName: readonly string[];
  readonly controllers: boolean;
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
    "With --standalone it needs nothing else: everything it knows is in the folder given by --data, where it also puts admin.kubeconfig. " +
    "Without, it extends a Kubernetes cluster as an aggregated API server: kube-apiserver says who users are and what they may do.",
  flags: {
    standalone: flag.boolean({
      help: "Be a whole API server: own store, own certificates, namespaces and garbage collection inside.",
      group: API,
    }),
    data: flag.path({
      help: "Folder for the database and certificates, and admin.kubeconfig of a standalone server.",
      group: STORAGE,
    }),
    listen: flag.address({ help: "Serve the API over HTTPS here.", default: "127.0.0.1:6443", group: API }),
    kubeconfig: flag.path({
      help: "The cluster to extend, when not standalone; by default KUBECONFIG, ~/.kube/config or the pod's own account.",
      group: API,
    }),
    tlsCertFile: flag.path({
      help: "Certificate chain to serve an extended cluster with, PEM; reloaded on change. By default one is made in --data.",
      group: API,
    }),
    tlsPrivateKeyFile: flag.path({ help: "Private key of --tls-cert-file, PEM; reloaded on change.", group: API }),
    servingName: flag.repeated(
      flag.text({
        help: "Further DNS name or IP address for the serving certificate of a standalone server.",
        group: API,
      }),
    ),
    controllers: flag.boolean({
      help: "Collect garbage, end namespaces, and remove old events and pods inside a standalone server; say false where a kube-controller-manager does.",
      default: true,
      group: API,
    }),
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
    if (config.data === undefined) return "--data is required: the folder to keep everything in";
    if ((config.tlsCertFile === undefined) !== (config.tlsPrivateKeyFile === undefined)) {
      return "--tls-cert-file and --tls-private-key-file belong together: give both or neither";
    }
    return undefined;
  },
});
