// Whether this machine can hold a laboratory, and in one line what it lacks.
import { platform, readTextFile } from "@coracle/runtime";
import { LaboratoryError } from "./laboratory-error.ts";
import { tryCommand } from "./run-command.ts";

/** The answer; `reason` is one clause, `remedy` what to do about it. */
export type LaboratorySupport =
  | { readonly kind: "ready"; readonly ovsVersion: string }
  | { readonly kind: "missing"; readonly reason: string; readonly remedy: string };

const CAP_NET_ADMIN = 1n << 12n;
const CAP_NET_RAW = 1n << 13n;
const CAP_SYS_ADMIN = 1n << 21n;
const NEEDED = CAP_NET_ADMIN | CAP_NET_RAW | CAP_SYS_ADMIN;

/** Looks for Linux, rights, iproute2, Open vSwitch, and tries whether a namespace can be made. */
export async function laboratorySupport(): Promise<LaboratorySupport> {
  if (platform().os !== "linux") return missing("this is not Linux", "use Linux for the real one");
  const rights = await readRights();
  if (!rights.isRoot) return missing("this is not root", "run as root for the real one");
  if (!rights.isEnough)
    return missing("root may not administer networks here", "use a privileged container for the real one");
  if ((await versionOf(["ip", "-V"])) === undefined) {
    return missing("iproute2 not found", "apt-get install openvswitch-switch iproute2 for the real one");
  }
  const words = await versionOf(["ovs-vswitchd", "--version"]);
  if (words === undefined || (await versionOf(["ovsdb-server", "--version"])) === undefined) {
    return missing("Open vSwitch not found", "apt-get install openvswitch-switch iproute2 for the real one");
  }
  const probe = await tryCommand(["unshare", "--net", "true"]).catch(() => undefined);
  if (probe?.code !== 0)
    return missing("network namespaces are not allowed here", "use a privileged container for the real one");
  return { kind: "ready", ovsVersion: /\) (\d[\w.]*)/.exec(words)?.[1] ?? "of unknown version" };
}

function missing(reason: string, remedy: string): LaboratorySupport {
  return { kind: "missing", reason, remedy };
}

async function readRights(): Promise<{ readonly isRoot: boolean; readonly isEnough: boolean }> {
  const status = await readTextFile("/proc/self/status").catch(() => "");
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0";
  return { isRoot: /^Uid:\s+\d+\s+0\s/m.test(status), isEnough: (BigInt(`0x${effective}`) & NEEDED) === NEEDED };
}

async function versionOf(argv: readonly string[]): Promise<string | undefined> {
  try {
    const result = await tryCommand(argv);
    return result.code === 0 ? result.stdout + result.stderr : undefined;
  } catch (thrown) {
    if (thrown instanceof LaboratoryError) return undefined;
    throw thrown;
  }
}
