#!/usr/bin/env bun
// `bun run peers`: brings the strangers' programs that the tests run beside ours.
import { spawnSync } from "node:child_process";
import { buildPion, buildScandium } from "@coracle/test/interop/peers";
import {
  buildPeer,
  type BuildProgress,
  ETCD,
  type GoPeer,
  KUBE_APISERVER,
  peersFolder,
  programOnPath,
} from "@coracle/test/peers/kubernetes";

const HELP = `Usage: bun run peers [--help]

Brings the programs the tests run beside ours, which no one here wrote:

  kube-apiserver  ${KUBE_APISERVER.version}, built from the Go module proxy (needs Go; some minutes once)
  etcd            ${ETCD.version}, built likewise
  Scandium        3.14.0 from Maven Central, with small programs of ours around it (needs a JDK of at least 17, and Maven)
  pion/dtls       v3.1.15 from the Go module proxy, likewise (needs Go)
  etcd            an old one: Debian's etcd-server (needs root and apt-get, unless etcd is on PATH)
  kubectl         Debian's kubernetes-client (needs root and apt-get, unless kubectl is on PATH)

Built programs are kept in ${peersFolder()}
(XDG_CACHE_HOME moves it); what is there already is not built again. What cannot be brought is named
in one line each, with the tests that will not run without it; the exit code is then 1, unless it is Scandium or pion/dtls.
`;

/** A Debian package that holds a program the tests need. */
interface DebianProgram {
  readonly program: string;
  readonly package: string;
  readonly tests: string;
}

const DEBIAN: readonly DebianProgram[] = [
  { program: "etcd", package: "etcd-server", tests: "tests on an old etcd" },
  { program: "kubectl", package: "kubernetes-client", tests: "tests that drive kubectl" },
];

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(HELP);
    return 0;
  }
  if (args.length > 0) {
    process.stderr.write(`Cannot run peers with ${args[0]}: allowed is --help\n`);
    return 2;
  }
  const failures = [
    await bringGoPeer(KUBE_APISERVER),
    await bringGoPeer(ETCD),
    ...DEBIAN.map(bringDebianProgram),
  ].filter((failure) => failure !== undefined);
  const interop = [await bringDtlsPeer("Scandium", buildScandium), await bringDtlsPeer("pion/dtls", buildPion)];
  for (const failure of [...failures, ...interop]) if (failure !== undefined) process.stderr.write(`${failure}\n`);
  return failures.length === 0 ? 0 : 1;
}

/** Builds one program; returns why not, if not. */
async function bringGoPeer(peer: GoPeer): Promise<string | undefined> {
  const name = `${peer.name} ${peer.version}`;
  if (programOnPath("go") === undefined)
    return `${name}: not built as go is not on PATH; tests on a real kube-apiserver will not run`;
  const started = performance.now();
  try {
    const built = await buildPeer(peer, terminalProgress(name));
    const seconds = Math.round((performance.now() - started) / 1000);
    say(`${name}: ${built ? `built in ${seconds} s` : "there already"}`);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `${name}: not built: ${reason}; tests on a real kube-apiserver will not run`;
  }
}

/** Builds one DTLS stack with our programs around it; returns why not, if not. */
async function bringDtlsPeer(
  name: string,
  build: (progress: BuildProgress) => Promise<boolean>,
): Promise<string | undefined> {
  try {
    say(`${name}: ${(await build(terminalProgress(name))) ? "built" : "there already"}`);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `${name}: not built: ${reason}; interop tests with it will not run`;
  }
}

/** Installs one Debian package unless its program is there; returns why not, if not. */
function bringDebianProgram(wanted: DebianProgram): string | undefined {
  if (programOnPath(wanted.program) !== undefined) {
    say(`${wanted.program}: there already`);
    return undefined;
  }
  const without = `${wanted.tests} will not run`;
  if (programOnPath("apt-get") === undefined)
    return `${wanted.program}: not installed as apt-get is not on PATH; ${without}`;
  if (process.getuid?.() !== 0)
    return `${wanted.program}: not installed as this is not root (apt-get install ${wanted.package}); ${without}`;
  say(`${wanted.program}: installing ${wanted.package}`);
  const first = aptInstall(wanted.package);
  if (first !== undefined) {
    // A fresh image has no package lists yet.
    spawnSync("apt-get", ["update", "-q"], { stdio: "ignore" });
    const second = aptInstall(wanted.package);
    if (second !== undefined) return `${wanted.program}: not installed: ${second}; ${without}`;
  }
  say(`${wanted.program}: installed`);
  return undefined;
}

function aptInstall(name: string): string | undefined {
  const run = spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", name], {
    encoding: "utf8",
    // A package that starts a daemon must not: the tests start their own.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  });
  if (run.status === 0) return undefined;
  return run.stderr.trim().split("\n").at(-1) ?? `apt-get ended with ${run.status}`;
}

function say(text: string): void {
  process.stdout.write(`${process.stdout.isTTY ? "\r\u001b[K" : ""}${text}\n`);
}

/** One line that counts on a terminal; elsewhere one line per step. */
function terminalProgress(name: string): BuildProgress {
  return {
    step: (text) => say(`${name}: ${text}`),
    compiled: (done, total) => {
      if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${name}: ${done} of at most ${total} packages`);
    },
  };
}

process.exitCode = await main(process.argv.slice(2));
