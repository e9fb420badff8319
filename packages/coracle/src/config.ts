// The flags of `coracle up`.
import { type Address, type Config, defineConfig, flag } from "@coracle/lifecycle";

/** What `coracle up` is told. */
export interface UpConfig {
  readonly data: string;
  readonly listen: Address;
  readonly apiserverHttp: Address;
  readonly ipamHttp: Address;
  readonly watcherHttp: Address;
  /** Of the first agent; the others have the ports behind it. */
  readonly agentsHttp: Address;
  readonly hosts: number;
  readonly fabric: "auto" | "ovs" | "log";
  readonly sample: boolean;
  readonly clean: boolean;
  readonly json: boolean;
}

const HOSTS = "Hosts";
const ADDRESSES = "Addresses";

/** The command line of `coracle up`. */
export const upConfig: Config<UpConfig> = defineConfig({
  name: "coracle up",
  summary: "run the whole system on this machine",
  description:
    "Starts the API server with its embedded store, the address controller, an agent for each host and a watcher, supervises them, and shows what happens. As root, with iproute2 and Open vSwitch, hosts are network namespaces with an Open vSwitch each, and the sample attachments ping each other. Everything listens on loopback. Ctrl-C stops everything; the data stays for the next time.",
  flags: {
    data: flag.path({
      help: "Folder for the database, certificates, kubeconfig and logs; made if needed.",
      default: ".coracle",
      valueName: "DIR",
    }),
    sample: flag.boolean({ help: "Create sample subnets with attachments on the first start.", default: true }),
    clean: flag.boolean({ help: "Remove the data folder when everything has stopped." }),
    json: flag.boolean({ help: "One JSON object a line, also on a terminal." }),
    hosts: flag.number({ help: "How many hosts: a, b, c, …", default: 2, min: 1, max: 8, group: HOSTS }),
    fabric: flag.choice(["auto", "ovs", "log"], {
      help: "ovs: hosts with Open vSwitch, or an error; log: agents only say what they would do; auto: ovs where it can be had.",
      default: "auto",
      group: HOSTS,
    }),
    listen: flag.address({
      help: "Where the API server serves Kubernetes' API over TLS.",
      default: "127.0.0.1:6443",
      group: ADDRESSES,
    }),
    apiserverHttp: flag.address({
      help: "Health and metrics of the API server.",
      default: "127.0.0.1:8081",
      group: ADDRESSES,
    }),
    ipamHttp: flag.address({
      help: "Health and metrics of the address controller.",
      default: "127.0.0.1:8082",
      group: ADDRESSES,
    }),
    watcherHttp: flag.address({
      help: "Health, metrics, events and look-ups of the watcher.",
      default: "127.0.0.1:8083",
      group: ADDRESSES,
    }),
    agentsHttp: flag.address({
      help: "Health, metrics and attachments of the first host's agent; the others have the ports behind it.",
      default: "127.0.0.1:8091",
      group: ADDRESSES,
    }),
  },
  check: ({ agentsHttp, hosts }) => {
    const last = agentsHttp.port + hosts - 1;
    return last <= 65_535
      ? undefined
      : `--agents-http: ${hosts} agents would need ports up to ${last}; the last is 65535`;
  },
  examples: [
    { line: "coracle up", does: "start, and continue with the data of the last time" },
    { line: "coracle up --hosts 3", does: "with three hosts" },
    { line: "coracle up --data /tmp/try --clean", does: "try it and leave nothing behind" },
  ],
  exitCodes: { 1: "a part of the system could not run", 130: "interrupted twice" },
});
