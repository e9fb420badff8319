// Writes the tables of packages/kube/src/protobuf from the Go types of Kubernetes: built-in kinds and their protobuf messages.
// Usage: bun tools/src/protobuf-messages.ts. Needs Go; the release is the one in tools/protobuf-messages/go.mod.
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceRoot } from "./source-tree.ts";

const FOLDER = join(workspaceRoot, "packages/kube/src/protobuf");
const output = execFileSync("go", ["run", "."], {
  cwd: join(workspaceRoot, "tools/protobuf-messages"),
  encoding: "utf8",
  env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off" },
});

/** The lines that begin with `word`, as `[key, value]`. */
function entries(word: string): readonly (readonly [string, string])[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => {
      const [key = "", value = ""] = line.slice(word.length + 1).split(/: ?(.*)/);
      return [key, value];
    });
}

interface Table {
  readonly file: string;
  readonly name: string;
  readonly about: string;
  readonly doc: string;
  readonly entries: readonly (readonly [string, string])[];
}

function write(table: Table): void {
  const lines = table.entries.map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`);
  const text = [
    `// ${table.about} Written by tools/src/protobuf-messages.ts.`,
    "",
    `/** ${table.doc} */`,
    `export const ${table.name}: Readonly<Record<string, string>> = {`,
    ...lines,
    "};",
    "",
  ].join("\n");
  const path = join(FOLDER, table.file);
  writeFileSync(path, text);
  const formatted = spawnSync(process.execPath, ["fmt", path], { cwd: workspaceRoot, encoding: "utf8" });
  if (formatted.status !== 0) throw new Error(`Cannot format ${path}: ${formatted.stderr}`);
}

/** Groups that decide who may do what; the others hold workloads and what they use. */
const ACCESS = /^(admissionregistration|authentication|authorization|certificates|flowcontrol|policy|rbac)\//;

const messages = entries("message");
const doc = "Fields by message, with commas: see `message-type.ts`.";
write({
  file: "built-in-kinds.ts",
  name: "BUILT_IN_KINDS",
  about: "The built-in kinds of stable versions that can be listed.",
  doc: "`KIND MESSAGE` by `APIVERSION RESOURCE`.",
  entries: entries("kind"),
});
write({
  file: "core-messages.ts",
  name: "CORE_MESSAGES",
  about: "Protobuf messages of the core group (k8s.io/api generated.proto).",
  doc,
  entries: messages.filter(([name]) => name.startsWith("core/")),
});
write({
  file: "access-messages.ts",
  name: "ACCESS_MESSAGES",
  about: "Protobuf messages of the groups about access (k8s.io/api generated.proto).",
  doc,
  entries: messages.filter(([name]) => ACCESS.test(name)),
});
write({
  file: "group-messages.ts",
  name: "GROUP_MESSAGES",
  about: "Protobuf messages of the other groups and of metadata (k8s.io/api generated.proto).",
  doc,
  entries: messages.filter(([name]) => !name.startsWith("core/") && !ACCESS.test(name)),
});
