// Programs that the tests run or are built with and that Debian has: installed where they are missing.
import { spawnSync } from "node:child_process";
import { programOnPath } from "@coracle/test/peers/kubernetes";

/** A program, the packages that bring it, and what does not run without it. */
export interface DebianProgram {
  readonly program: string;
  readonly packages: readonly string[];
  readonly tests: string;
}

/** All of them; none has a daemon that must run. */
export const DEBIAN_PROGRAMS: readonly DebianProgram[] = [
  { program: "ip", packages: ["iproute2"], tests: "tests with network namespaces" },
  { program: "ovs-vswitchd", packages: ["openvswitch-switch"], tests: "tests on Open vSwitch" },
  { program: "openssl", packages: ["openssl"], tests: "interop tests with OpenSSL" },
  { program: "etcd", packages: ["etcd-server"], tests: "tests on an old etcd" },
  { program: "kubectl", packages: ["kubernetes-client"], tests: "tests that drive kubectl" },
  { program: "go", packages: ["golang-go"], tests: "tests on a real kube-apiserver or pion/dtls" },
  { program: "javac", packages: ["default-jdk-headless"], tests: "interop tests with Scandium" },
  { program: "mvn", packages: ["maven"], tests: "interop tests with Scandium" },
  { program: "make", packages: ["make"], tests: "interop tests with Mbed TLS" },
  { program: "bzip2", packages: ["bzip2"], tests: "interop tests with Mbed TLS" },
  { program: "gcc", packages: ["gcc", "libc6-dev"], tests: "benchmarks beside C and interop tests with Mbed TLS" },
];

/** Installs what is missing, as root; answers a line for each program that could not be had. */
export function bringDebianPrograms(say: (text: string) => void, isRoot: boolean = process.getuid?.() === 0): string[] {
  const missing = missingPrograms();
  const there = DEBIAN_PROGRAMS.filter((wanted) => !missing.includes(wanted));
  if (there.length > 0) say(`there already: ${there.map(({ program }) => program).join(", ")}`);
  if (missing.length === 0) return [];
  const reason = whyNoInstall(isRoot) ?? install(missing, say);
  return missingPrograms().map(({ program, packages, tests }) => {
    const why = reason ?? `${packages.join(" ")} did not bring it`;
    return `${program}: not installed (apt-get install ${packages.join(" ")}): ${why}; ${tests} will not run`;
  });
}

function missingPrograms(): DebianProgram[] {
  return DEBIAN_PROGRAMS.filter(({ program }) => programOnPath(program) === undefined);
}

function whyNoInstall(isRoot: boolean): string | undefined {
  if (programOnPath("apt-get") === undefined) return "apt-get is not on PATH";
  return isRoot ? undefined : "this is not root";
}

/** All at once; where that fails, one by one, so that one that cannot be had does not keep the others away. Answers the last reason. */
function install(missing: readonly DebianProgram[], say: (text: string) => void): string | undefined {
  const all = missing.flatMap(({ packages }) => packages);
  say(`installing ${all.join(", ")}`);
  if (aptGet(["install", ...all]) === undefined) return undefined;
  // A fresh image has no package lists yet.
  const refused = aptGet(["update"]);
  if (aptGet(["install", ...all]) === undefined) return undefined;
  const reasons = missing.map(({ packages }) => aptGet(["install", ...packages]));
  return reasons.findLast((reason) => reason !== undefined) ?? refused;
}

/** Why it failed, if it did. */
function aptGet([action = "", ...names]: readonly string[]): string | undefined {
  const flags = action === "install" ? ["--yes", "--no-install-recommends"] : [];
  const run = spawnSync("apt-get", [action, "-q", ...flags, ...names], {
    encoding: "utf8",
    // A package that starts a daemon must not: the tests start their own.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  });
  // A list that cannot be fetched is a warning, and the end is good.
  if (run.status === 0) return undefined;
  return run.stderr.trim().split("\n").at(-1) ?? `apt-get ended with ${run.status}`;
}
