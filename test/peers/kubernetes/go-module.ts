// The Go module that wraps kube-apiserver: `k8s.io/kubernetes` with its staging modules taken from the module proxy.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KUBE_APISERVER } from "./version.ts";

/** Runs `go` with `args` in the module's folder and returns its stdout; throws when it fails. */
export type RunGo = (args: readonly string[]) => Promise<string>;

/** Writes `go.mod` and `go.sum` for `version` unless they are for it already. Returns whether it wrote. */
export async function pinGoModule(
  version: string,
  go: RunGo,
  folder: string = KUBE_APISERVER.folder,
): Promise<boolean> {
  const path = join(folder, "go.mod");
  const present = await readFile(path, "utf8").catch(() => "");
  if (pinnedVersion(present) === version) return false;
  const downloaded: unknown = JSON.parse(await go(["mod", "download", "-json", `k8s.io/kubernetes@${version}`]));
  await writeFile(path, goModText(version, await readFile(goModPath(downloaded), "utf8")));
  await go(["mod", "tidy"]);
  return true;
}

/** The release a `go.mod` requires, if any. */
export function pinnedVersion(goMod: string): string | undefined {
  return /^\s*(?:require )?k8s\.io\/kubernetes (v\S+)$/m.exec(goMod)?.[1];
}

/**
 * The text of our `go.mod`: upstream's `go` and `godebug` lines, and each module it replaces by a path of its own tree
 * replaced by the published module of the same release (`v1.X.Y` is published as `v0.X.Y`).
 */
export function goModText(version: string, upstream: string): string {
  const published = version.replace(/^v1\./, "v0.");
  const staging = [...upstream.matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging\//gm)].map((match) => match[1]);
  if (staging.length === 0) throw new Error(`Cannot write go.mod for ${version}: upstream's names no staging modules`);
  const line = (keyword: string): string => new RegExp(`^${keyword} .*$`, "m").exec(upstream)?.[0] ?? "";
  return [
    "module coracle.dev/peers/kube-apiserver",
    line("go"),
    line("godebug"),
    `require k8s.io/kubernetes ${version}`,
    `replace (\n${staging.map((name) => `\t${name} => ${name} ${published}\n`).join("")})`,
    "",
  ]
    .filter((part, index, all) => part !== "" || index === all.length - 1)
    .join("\n\n")
    .replace(/\n+$/, "\n");
}

function goModPath(downloaded: unknown): string {
  if (typeof downloaded === "object" && downloaded !== null && "GoMod" in downloaded) {
    const { GoMod } = downloaded;
    if (typeof GoMod === "string") return GoMod;
  }
  throw new Error("Cannot read upstream's go.mod: `go mod download` names no file");
}
