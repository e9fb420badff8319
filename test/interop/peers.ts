// The DTLS stacks our router is tried with: Scandium from Maven Central, pion/dtls from the Go module proxy, Mbed TLS from Debian's
// sources, the system's OpenSSL.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  buildPeer,
  type BuildProgress,
  type GoPeer,
  peerPath,
  peersFolder,
  programOnPath,
} from "@coracle/test/peers/kubernetes";
import { mbedtlsProgram } from "./mbedtls-peer.ts";
import { runQuietly } from "./run-quietly.ts";

export { buildMbedtls, mbedtlsCommand } from "./mbedtls-peer.ts";

/** A stack no one here wrote. */
export type InteropPeer = "scandium" | "pion" | "mbedtls" | "openssl";

const SCANDIUM_FOLDER = join(import.meta.dirname, "scandium");
const SCANDIUM_VERSION = "3.14.0";
const PION_FOLDER = join(import.meta.dirname, "pion");
const PION_VERSION = "v3.1.15";
const JAVA_MEMORY = "-Xmx1g";
const QUICK_START = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

/** pion/dtls with our program around it; a changed program is built anew. */
export const PION: GoPeer = {
  name: "pion-dtls",
  module: "github.com/pion/dtls/v3",
  version: `${PION_VERSION}-${sourceHash(PION_FOLDER, [".go", "go.mod"])}`,
  folder: PION_FOLDER,
};

function scandiumFolder(): string {
  return join(peersFolder(), `scandium-${SCANDIUM_VERSION}-${sourceHash(SCANDIUM_FOLDER, [".java", ".xml"])}`);
}

/** The command of one of our programs around Scandium; started quickly it is slower afterwards. */
export function javaCommand(
  mainClass: string,
  flags: Readonly<Record<string, string | number>> = {},
  pace: "quick-start" | "full-speed" = "full-speed",
): string[] {
  const folder = scandiumFolder();
  const classPath = `${join(folder, "classes")}:${join(folder, "jars")}/*`;
  const machine = [JAVA_MEMORY, ...(pace === "quick-start" ? QUICK_START : [])];
  return ["java", ...machine, "-cp", classPath, mainClass, ...flagList(flags)];
}

/** The command of our program around pion/dtls. */
export function pionCommand(role: "client" | "server", flags: Readonly<Record<string, string | number>>): string[] {
  return [peerPath(PION), role, ...flagList(flags)];
}

/** Fetches Scandium's jars and compiles our programs against them; returns whether it had to. */
export async function buildScandium(progress: BuildProgress): Promise<boolean> {
  const folder = scandiumFolder();
  if (existsSync(folder)) return false;
  for (const program of ["java", "javac", "mvn"]) {
    if (programOnPath(program) === undefined) throw new Error(`${program} is not on PATH`);
  }
  await mkdir(peersFolder(), { recursive: true });
  const unfinished = `${folder}.${process.pid}.unfinished`;
  try {
    progress.step("fetching jars from Maven Central");
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies";
    const jars = `-DoutputDirectory=${join(unfinished, "jars")}`;
    await runQuietly(["mvn", "-B", "-q", "-f", join(SCANDIUM_FOLDER, "pom.xml"), goal, jars]);
    progress.step("compiling");
    const sources = readdirSync(SCANDIUM_FOLDER).filter((file) => file.endsWith(".java"));
    const paths = sources.map((file) => join(SCANDIUM_FOLDER, file));
    const classPath = `${join(unfinished, "jars")}/*`;
    await runQuietly(["javac", "-nowarn", "-d", join(unfinished, "classes"), "-cp", classPath, ...paths]);
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return true;
}

/** Builds pion/dtls with our program around it; returns whether it had to. */
export async function buildPion(progress: BuildProgress): Promise<boolean> {
  if (programOnPath("go") === undefined) throw new Error("go is not on PATH");
  return await buildPeer(PION, progress);
}

/**
 * Whether `peer` can be had here. Says on stderr, in one line, what did not run and why. With `CORACLE_TEST_PEERS=required` in the
 * environment (as in CI) its absence is an error.
 */
export function interopPeerReady(peer: InteropPeer, whatRuns: string): boolean {
  const missing = whyMissing(peer);
  if (missing === undefined) return true;
  const line = `did not run: ${whatRuns}: ${missing}`;
  if (process.env["CORACLE_TEST_PEERS"] === "required") throw new Error(line);
  process.stderr.write(`${line}\n`);
  return false;
}

/** Why `peer` cannot run; `undefined` if it can. */
export function whyMissing(peer: InteropPeer): string | undefined {
  switch (peer) {
    case "scandium":
      if (programOnPath("java") === undefined) return "java is not on PATH";
      return existsSync(scandiumFolder()) ? undefined : "Scandium is not in the cache; `bun run peers` brings it";
    case "pion":
      return existsSync(peerPath(PION)) ? undefined : "pion/dtls is not built; `bun run peers` brings it";
    case "mbedtls":
      return existsSync(mbedtlsProgram("client")) ? undefined : "Mbed TLS is not built; `bun run peers` brings it";
    case "openssl":
      return spawnSync("openssl", ["version"]).status === 0 ? undefined : "openssl is not on PATH";
  }
}

function flagList(flags: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(flags).map(([name, value]) => `${name}=${value}`);
}

/** Eight digits that change with the sources. */
function sourceHash(folder: string, endings: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(folder).sort()) {
    if (endings.some((ending) => file.endsWith(ending))) hash.update(readFileSync(join(folder, file)));
  }
  return hash.digest("hex").slice(0, 8);
}
