#!/usr/bin/env bun
// `bun run peers`: brings the strangers' programs that the tests run beside ours.
import { setPriority } from "node:os";
import { parseArgs } from "node:util";
import { buildMbedtls, buildPion, buildScandium } from "@coracle/test/interop/peers";
import {
  buildPeer,
  type BuildProgress,
  ETCD,
  type GoPeer,
  KUBE_APISERVER,
  peersFolder,
  programOnPath,
} from "@coracle/test/peers/kubernetes";
import { bringDebianPrograms, DEBIAN_PROGRAMS } from "./debian-programs.ts";

const HELP = `Usage: bun run peers [--only packages|builds]

Brings the programs the tests run beside ours, which no one here wrote:

  kube-apiserver  ${KUBE_APISERVER.version}, built from the Go module proxy (needs Go; some minutes once)
  etcd            ${ETCD.version}, built likewise
  Scandium        3.14.0 from Maven Central, with small programs of ours around it (needs a JDK of at least 17, and Maven)
  pion/dtls       v3.1.15 from the Go module proxy, likewise (needs Go)
  Mbed TLS        3.6 from Debian's sources (needs apt-get, a C compiler, make and bzip2)
  from Debian     (needs root and apt-get, unless the program is on PATH)
${DEBIAN_PROGRAMS.map((wanted) => `                  ${wanted.program}: ${wanted.tests}`).join("\n")}

Built programs are kept in ${peersFolder()}
(XDG_CACHE_HOME moves it); what is there already is not built again. What cannot be brought is named
in one line each, with the tests that will not run without it; the exit code is then 1, unless it is Scandium,
pion/dtls or Mbed TLS.
--only packages brings what is from Debian, --only builds the rest.
`;

/** Compiling takes minutes: what a person or a test does meanwhile goes first. */
const NICENESS = 10;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!["packages", "builds", undefined].includes(values.only)) {
    process.stderr.write(`--only: "${values.only}" is not one of packages, builds\n`);
    return 2;
  }
  const failures = values.only === "builds" ? [] : bringDebianPrograms(say);
  const interop: (string | undefined)[] = [];
  if (values.only !== "packages") {
    setPriority(NICENESS);
    interop.push(await bringDtlsPeer("Scandium", buildScandium), await bringDtlsPeer("pion/dtls", buildPion));
    interop.push(await bringDtlsPeer("Mbed TLS", buildMbedtls));
    for (const peer of [KUBE_APISERVER, ETCD]) {
      const failure = await bringGoPeer(peer);
      if (failure !== undefined) failures.push(failure);
    }
  }
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
