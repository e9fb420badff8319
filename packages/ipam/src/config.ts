// The flags of `coracle-ipam`.
import { type Address, type Config, defineConfig, flag, type ServiceConfig, serviceFlags } from "@coracle/lifecycle";

/** What `coracle-ipam` is told. */
export interface IpamConfig extends ServiceConfig {
  readonly http: Address;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly workers: number;
  readonly validators: number;
  readonly events: boolean;
  readonly leaderElect: boolean;
  readonly leaseNamespace: string | undefined;
  readonly leaseName: string;
  readonly identity: string | undefined;
}

const API = "API";
const ELECTION = "Leader election";

/** The command line of `coracle-ipam`. */
export const ipamConfig: Config<IpamConfig> = defineConfig({
  name: "coracle-ipam",
  summary: "give addresses to NetworkAttachments and validate Subnets",
  description:
    "Follows Subnets, NetworkAttachments and IPLocks. Each attachment gets an address of its subnet, held by an IPLock whose name is the address; " +
    "of several conflicting subnets at most one is ever validated. Any number of replicas are correct at the same time; with --leader-elect only one works.",
  flags: {
    kubeconfig: flag.path({
      help: "Kubeconfig file; else $KUBECONFIG, ~/.kube/config, or the pod's own files.",
      env: "CORACLE_KUBECONFIG",
      group: API,
    }),
    context: flag.text({ help: "Context of the kubeconfig; else its current one.", valueName: "NAME", group: API }),
    workers: flag.number({ help: "Attachments worked on at a time.", default: 64, min: 1, max: 256, group: API }),
    validators: flag.number({ help: "Subnets worked on at a time.", default: 2, min: 1, max: 64, group: API }),
    events: flag.boolean({
      help: "Report given addresses and verdicts as Events, where the server takes them.",
      default: true,
      group: API,
    }),
    leaderElect: flag.boolean({
      help: "Work only while holding a Lease: saves conflicts between replicas, nothing depends on it.",
      group: ELECTION,
    }),
    leaseNamespace: flag.text({
      help: "Namespace of the Lease; else the context's or the pod's.",
      valueName: "NAME",
      group: ELECTION,
    }),
    leaseName: flag.text({ help: "Name of the Lease.", default: "coracle-ipam", valueName: "NAME", group: ELECTION }),
    identity: flag.text({
      help: "This replica in the Lease; else a random name.",
      env: "POD_NAME",
      valueName: "NAME",
      group: ELECTION,
    }),
    ...serviceFlags({ http: "127.0.0.1:9295" }),
  },
  examples: [
    { line: "coracle-ipam --kubeconfig .coracle/admin.kubeconfig", does: "serve the API server on this machine" },
    {
      line: "curl -s http://127.0.0.1:9295/subnets/default/blue",
      does: "how many addresses are used, free, and waited for",
    },
  ],
});
