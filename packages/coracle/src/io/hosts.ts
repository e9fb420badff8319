// The hosts of `up`: a laboratory of namespaces with Open vSwitch, or names alone where that cannot be had.
import { hostNames } from "@coracle/lab";
import { createLaboratory, type Laboratory, LaboratoryError, namespacesOf, sweepAbandoned } from "@coracle/lab/io";
import { ExitError } from "@coracle/lifecycle";
import type { UpConfig } from "../config.ts";
import type { HostPlace } from "./child-plans.ts";
import { chooseFabric } from "./fabric-choice.ts";

/** The hosts while they are there. */
export interface Hosts {
  readonly places: readonly HostPlace[];
  /** Absent with the log fabric. */
  readonly laboratory: Laboratory | undefined;
  /** Why the person gets less than could be, or nothing. */
  readonly notices: readonly string[];
  /** What a host is, in a clause. */
  text(host: string): string;
  /** Removes them; resolves with how many namespaces there were. */
  close(): Promise<number>;
}

type Tell = (event: string, text: string) => void;

/** Makes the hosts that `--hosts` and `--fabric` ask for; first removes what a killed `up` left. */
export async function prepareHosts(config: UpConfig, tell: Tell): Promise<Hosts> {
  await sweep(tell);
  const choice = await chooseFabric(config.fabric);
  const names = hostNames(config.hosts);
  if (choice.kind === "log") return logHosts(names, choice.notice);
  try {
    const laboratory = await createLaboratory({
      hosts: names,
      isSupervised: true,
      onEvent: ({ host, daemon }) => tell("restarting", `${daemon} of host ${host} ended; it is started again`),
    });
    return laboratoryHosts(laboratory, choice.ovsVersion);
  } catch (thrown) {
    if (!(thrown instanceof LaboratoryError)) throw thrown;
    if (config.fabric === "ovs") throw new ExitError(`--fabric: ${thrown.message}`, { exitCode: 1, cause: thrown });
    return logHosts(names, `Hosts use the log fabric: ${thrown.message}`);
  }
}

async function sweep(tell: Tell): Promise<void> {
  try {
    for (const name of await sweepAbandoned()) {
      tell("cleaned", `removed the namespaces and the Open vSwitch of ${name}, left by an earlier run that was killed`);
    }
  } catch (thrown) {
    tell("cleaned", `what an earlier run left could not be removed: ${thrown instanceof Error ? thrown.message : ""}`);
  }
}

function laboratoryHosts(laboratory: Laboratory, ovsVersion: string): Hosts {
  return {
    places: laboratory.hosts.map(({ name, hostIp, ovsRunDir }) => ({ name, hostIp, ovsRunDir })),
    laboratory,
    notices: [],
    text: (host) => `Open vSwitch ${ovsVersion}, namespace ${laboratory.host(host).netns}`,
    close: async () => {
      const { length } = await namespacesOf(laboratory.name);
      await laboratory.close();
      return length;
    },
  };
}

/** Addresses of loopback, one a host: nothing listens there, they only tell hosts apart. */
function logHosts(names: readonly string[], notice: string | undefined): Hosts {
  return {
    places: names.map((name, index) => ({ name, hostIp: `127.0.0.${index + 1}`, ovsRunDir: undefined })),
    laboratory: undefined,
    notices: notice === undefined ? [] : [notice],
    text: () => "log fabric",
    close: () => Promise.resolve(0),
  };
}
