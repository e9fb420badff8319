// Which fabric the hosts of `up` get: Open vSwitch in a laboratory of namespaces, or the log.
import { laboratorySupport } from "@coracle/lab/io";
import { ExitError } from "@coracle/lifecycle";
import type { UpConfig } from "../config.ts";

/** The choice; `notice` is a line for the person who gets less than could be. */
export type FabricChoice =
  { readonly kind: "ovs"; readonly ovsVersion: string } | { readonly kind: "log"; readonly notice: string | undefined };

/** Chooses by `--fabric` and what the machine has. Throws {@link ExitError} if `ovs` is asked for and cannot be. */
export async function chooseFabric(wanted: UpConfig["fabric"]): Promise<FabricChoice> {
  if (wanted === "log") return { kind: "log", notice: undefined };
  const support = await laboratorySupport();
  if (support.kind === "ready") return { kind: "ovs", ovsVersion: support.ovsVersion };
  if (wanted === "ovs") {
    throw new ExitError(`--fabric: ovs is not possible as ${support.reason}; ${support.remedy}, or use --fabric log`, {
      exitCode: 2,
    });
  }
  return { kind: "log", notice: `${capital(support.reason)}: hosts use the log fabric. ${capital(support.remedy)}` };
}

/** Commands keep their small letters. */
function capital(clause: string): string {
  return clause.startsWith("apt-get") || clause.startsWith("iproute2")
    ? clause
    : clause.charAt(0).toUpperCase() + clause.slice(1);
}
