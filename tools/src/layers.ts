// The layer rules of docs/architecture.md as a pure function: files in, breaches out.
import type { SourceFile } from "./source-tree.ts";

/** An import or a name that a layer may not use. */
export interface Breach {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly found: string;
}

const ROOTS_L1 = new Set(["api", "kube", "store", "dtls", "cluster", "openflow", "ovsdb", "lab"]);
/** Roots that an io may import besides its own: management sessions of the cluster are DTLS. */
const IO_ROOTS: Readonly<Record<string, readonly string[]>> = { cluster: ["dtls"] };
const SHARED_L2 = new Set(["runtime", "lifecycle"]);
const EXTERNAL: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: ["zod"],
  runtime: ["@peculiar/x509", "reflect-metadata"],
  sim: ["@peculiar/x509", "reflect-metadata"],
};
const IMPORT = /(?:^|[\s;])(?:import|export)\s(?:[^"';]*?\sfrom\s)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;
const RUNTIME_NAME = /(?<![.\w$"'`/-])(?:Bun|Deno)\.\w+/;

/** What part of the architecture a file belongs to. */
type Place =
  | { readonly kind: "base" }
  | { readonly kind: "root"; readonly name: string }
  | { readonly kind: "io"; readonly name: string }
  | { readonly kind: "runtime" }
  | { readonly kind: "lifecycle" }
  | { readonly kind: "core"; readonly name: string }
  | { readonly kind: "binary"; readonly name: string }
  | { readonly kind: "free" };

/** Every breach of the layer rules in `files`. Tests, `sim` and the workspaces outside `packages/` are free. */
export function findBreaches(files: readonly SourceFile[]): Breach[] {
  return files.flatMap((file) => {
    const place = placeOf(file.path);
    return place.kind === "free" ? [] : breachesOf(file, place);
  });
}

function placeOf(path: string): Place {
  const match = /^packages\/([^/]+)\/src\/(.*)$/.exec(path);
  if (match === null || path.endsWith(".test.ts") || /\/(testing|test)\//.test(path)) return { kind: "free" };
  const [, name = "", rest = ""] = match;
  if (name === "base") return { kind: "base" };
  if (name === "sim") return { kind: "free" };
  if (name === "runtime") return { kind: "runtime" };
  if (name === "lifecycle") return rest.startsWith("core/") ? { kind: "core", name } : { kind: "lifecycle" };
  if (ROOTS_L1.has(name)) return { kind: rest.startsWith("io/") ? "io" : "root", name };
  return { kind: rest.startsWith("core/") ? "core" : "binary", name };
}

function breachesOf(file: SourceFile, place: Place): Breach[] {
  const breaches: Breach[] = [];
  const code = withoutComments(file.text);
  const at = (index: number): number => code.slice(0, index).split("\n").length;
  for (const match of code.matchAll(IMPORT)) {
    const target = match[1] ?? match[2] ?? "";
    const rule = ruleAgainst(place, target, file.path);
    if (rule !== undefined)
      breaches.push({
        path: file.path,
        line: at(match.index),
        rule,
        found: target,
      });
  }
  if (place.kind !== "runtime") {
    const name = RUNTIME_NAME.exec(code);
    if (name !== null) {
      breaches.push({
        path: file.path,
        line: at(name.index),
        rule: "only runtime names Bun or Deno",
        found: name[0],
      });
    }
  }
  return breaches;
}

function ruleAgainst(place: Place, target: string, path: string): string | undefined {
  if (target.startsWith(".")) return ruleAgainstRelative(place, target, path);
  if (target.startsWith("node:") || target === "bun" || target.startsWith("bun:")) {
    return place.kind === "runtime" ? undefined : "only runtime imports node: or bun:";
  }
  if (target.startsWith("@coracle/")) return ruleAgainstPackage(place, target.slice("@coracle/".length));
  return ruleAgainstExternal(place, target);
}

function ruleAgainstRelative(place: Place, target: string, path: string): string | undefined {
  const folder = path.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") folder.pop();
    else if (part !== ".") folder.push(part);
  }
  const resolved = folder.join("/");
  if (!resolved.startsWith(path.split("/").slice(0, 2).join("/") + "/"))
    return "cross a package by its name, not by a path";
  if (place.kind === "root" && resolved.includes("/src/io/")) return "a pure root does not import its io";
  if (place.kind === "core" && !resolved.includes("/src/core/")) return "src/core imports nothing outside src/core";
  return undefined;
}

/** What each kind of place may import besides base, and the rule to cite when it imports something else. */
const ALLOWED: Readonly<
  Record<Place["kind"], { allows: (name: string, isIo: boolean, own: string) => boolean; rule: string }>
> = {
  free: { allows: () => true, rule: "" },
  base: { allows: () => false, rule: "base imports nothing" },
  root: { allows: (name, isIo, own) => name === own && !isIo, rule: "a pure root imports base alone" },
  runtime: { allows: () => false, rule: "runtime imports base alone" },
  lifecycle: { allows: (name) => name === "runtime", rule: "lifecycle imports base and runtime alone" },
  io: {
    allows: (name, isIo, own) =>
      SHARED_L2.has(name) || (!isIo && (name === own || (IO_ROOTS[own] ?? []).includes(name))),
    rule: "an io imports its own root, base, runtime and lifecycle",
  },
  core: { allows: (name, isIo) => ROOTS_L1.has(name) && !isIo, rule: "src/core imports base and pure roots alone" },
  binary: {
    allows: (name) => ROOTS_L1.has(name) || SHARED_L2.has(name),
    rule: "binaries meet on the wire, never by import",
  },
};

function ruleAgainstPackage(place: Place, target: string): string | undefined {
  const [name = "", subpath] = target.split("/");
  const isIo = subpath === "io";
  if (subpath !== undefined && !isIo) return "import a package by its root or its io";
  const { allows, rule } = ALLOWED[place.kind];
  const own = "name" in place ? place.name : place.kind;
  if (name === "base") return place.kind === "base" ? rule : undefined;
  return allows(name, isIo, own) ? undefined : rule;
}

function ruleAgainstExternal(place: Place, target: string): string | undefined {
  const name = target.startsWith("@") ? target.split("/").slice(0, 2).join("/") : (target.split("/")[0] ?? "");
  const allowed = place.kind === "root" || place.kind === "io" ? EXTERNAL[place.name] : EXTERNAL[place.kind];
  if (place.kind === "base" || place.kind === "root") {
    return (allowed ?? []).includes(name) ? undefined : "a pure root has no dependency (api: zod)";
  }
  return undefined;
}

/** The text with comments blanked, so that positions stay and prose is not taken for code. */
function withoutComments(text: string): string {
  const blank = (match: string): string => match.replace(/[^\n]/g, " ");
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|[\s;{}(,])\/\/[^\n]*/g, blank);
}
