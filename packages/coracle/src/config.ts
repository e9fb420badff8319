// The flags of `coracle up`.
import { type Address, type Config, defineConfig, flag } from "@coracle/lifecycle";

/** What `coracle up` is told. */
export interface UpConfig {
  readonly data: string;
  readonly listen: Address;
  readonly apiserverHttp: Address;
  readonly watcherHttp: Address;
  readonly sample: boolean;
  readonly clean: boolean;
  readonly json: boolean;
}

/** The command line of `coracle up`. */
export const upConfig: Config<UpConfig> = defineConfig({
  name: "coracle up",
  summary: "run the whole system on this machine",
  description:
    "Starts the API server with its embedded store and a watcher that follows it, supervises them, and shows what happens. Everything listens on loopback. Ctrl-C stops everything; the data stays for the next time.",
  flags: {
    data: flag.path({
      help: "Folder for the database, certificates, kubeconfig and logs; made if needed.",
      default: ".coracle",
      valueName: "DIR",
    }),
    listen: flag.address({ help: "Where the API server serves Kubernetes' API over TLS.", default: "127.0.0.1:6443" }),
    apiserverHttp: flag.address({ help: "Health and metrics of the API server.", default: "127.0.0.1:8081" }),
    watcherHttp: flag.address({
      help: "Health, metrics, events and look-ups of the watcher.",
      default: "127.0.0.1:8083",
    }),
    sample: flag.boolean({ help: "Create a sample subnet with attachments on the first start.", default: true }),
    clean: flag.boolean({ help: "Remove the data folder when everything has stopped." }),
    json: flag.boolean({ help: "One JSON object a line, also on a terminal." }),
  },
  examples: [
    { line: "coracle up", does: "start, and continue with the data of the last time" },
    { line: "coracle up --data /tmp/try --clean", does: "try it and leave nothing behind" },
  ],
  exitCodes: { 1: "a part of the system could not run", 130: "interrupted twice" },
});
