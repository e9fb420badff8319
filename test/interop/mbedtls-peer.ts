// Mbed TLS 3.6 with its own test programs, built from Debian's source package: Debian 12's library is too old for RFC 9146.
import { existsSync, readdirSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildProgress, peersFolder, programOnPath } from "@coracle/test/peers/kubernetes";
import { runQuietly } from "./run-quietly.ts";

/** The release of Debian whose source package has the long-term branch 3.6. */
const DEBIAN_RELEASE = "trixie";
const FOLDER_NAME = "mbedtls-3.6";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const PROGRAMS = { client: "ssl_client2", server: "ssl_server2" } as const;

/** Where the program of a role is, built or not. */
export function mbedtlsProgram(role: "client" | "server"): string {
  return join(peersFolder(), FOLDER_NAME, PROGRAMS[role]);
}

/** The command of the program of a role, for DTLS 1.2. */
export function mbedtlsCommand(role: "client" | "server", flags: Readonly<Record<string, string | number>>): string[] {
  const all = { dtls: 1, force_version: "dtls12", tickets: 0, server_addr: "127.0.0.1", ...flags };
  return [mbedtlsProgram(role), ...Object.entries(all).map(([name, value]) => `${name}=${value}`)];
}

/** Fetches the sources and builds the library and both programs; returns whether it had to. */
export async function buildMbedtls(progress: BuildProgress): Promise<boolean> {
  if (existsSync(mbedtlsProgram("client"))) return false;
  for (const program of ["apt-get", "tar", "bzip2", "make", "cc"]) {
    if (programOnPath(program) === undefined) throw new Error(`${program} is not on PATH`);
  }
  const folder = join(peersFolder(), FOLDER_NAME);
  const unfinished = `${folder}.${process.pid}.unfinished`;
  try {
    progress.step(`fetching the source package of Debian ${DEBIAN_RELEASE}`);
    const sources = await unpackSources(unfinished);
    progress.step("compiling");
    // The archive holds what the makefile would generate anew with Python and Perl.
    const make = ["make", "GEN_FILES=", "WARNING_CFLAGS=-w"];
    await runQuietly([...make, "lib"], sources);
    await runQuietly([...make, "-C", "programs", ...Object.values(PROGRAMS).map((name) => `ssl/${name}`)], sources);
    const built = join(unfinished, "built");
    await mkdir(built);
    for (const name of Object.values(PROGRAMS)) await rename(join(sources, "programs", "ssl", name), join(built, name));
    await rename(built, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return true;
}

/** Fetches and unpacks with lists and a cache of its own, so that the machine's packages stay as they are. */
async function unpackSources(folder: string): Promise<string> {
  const [lists, cache, sources] = ["lists", "cache", "source"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [join(lists, "partial"), join(cache, "archives", "partial"), sources]) {
    await mkdir(path, { recursive: true });
  }
  const [list, configuration] = [join(folder, "sources.list"), join(folder, "apt.conf")];
  await writeFile(list, `deb-src [signed-by=${KEYRING}] ${await debianMirror()} ${DEBIAN_RELEASE} main\n`);
  const settings = {
    "Dir::Etc::sourcelist": list,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": lists,
    "Dir::Cache": cache,
    // Whose folders these are is nothing to a sandbox of another user.
    "APT::Sandbox::User": "root",
  };
  await writeFile(
    configuration,
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(""),
  );
  const apt = ["apt-get", "-q", "-c", configuration];
  await runQuietly([...apt, "update"]);
  await runQuietly([...apt, "source", "--download-only", "mbedtls"], sources);
  const archive = readdirSync(sources).find((file) => /^mbedtls_3\.6\.\d+\.orig\.tar\./.test(file));
  if (archive === undefined) throw new Error(`Debian ${DEBIAN_RELEASE} has no Mbed TLS 3.6`);
  await runQuietly(["tar", "-x", "-f", archive, "--strip-components=1"], sources);
  return sources;
}

/** The mirror that this machine's packages come from. */
async function debianMirror(): Promise<string> {
  const targets = await runQuietly(["apt-get", "indextargets", "--format", "$(REPO_URI)"]);
  const mirror = targets.split("\n").find((uri) => /\/debian\/?$/.test(uri));
  if (mirror === undefined) throw new Error("this machine's packages do not come from Debian");
  return mirror;
}
