// The manifests parse, and every container of ours is started with flags that its binary knows.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";

const root = join(import.meta.dirname, "../..");

interface Container {
  readonly image: string;
  readonly args: readonly string[];
}

function manifests(): { readonly file: string; readonly object: unknown }[] {
  return readdirSync(join(root, "deploy"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(root, "deploy", file), "utf8")).map((document) => {
        assert.deepEqual(document.errors, [], file);
        return { file, object: document.toJS() as unknown };
      }),
    );
}

/** Every `containers` list anywhere in the object. */
function containersIn(value: unknown): Container[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === "containers" ? (member as Container[]) : containersIn(member),
  );
}

test("every manifest has a kind, a version and a name", () => {
  const all = manifests();
  assert.ok(all.length > 5);
  for (const { file, object } of all) {
    const { apiVersion, kind, metadata } = object as {
      apiVersion?: string;
      kind?: string;
      metadata?: { name?: string };
    };
    assert.ok(apiVersion && kind && metadata?.name, file);
  }
});

test("every flag in a manifest is one of its binary's", { timeout: 60_000 }, () => {
  const helps = new Map<string, string>();
  let flags = 0;
  for (const { file, object } of manifests()) {
    for (const { image, args } of containersIn(object)) {
      const name = /^coracle-([a-z-]+):/.exec(image)?.[1] ?? "";
      const main = join(root, "packages", name, "src/main.ts");
      // A first word without dashes is a subcommand with flags of its own, or a positional that does not matter here.
      const words = args[0]?.startsWith("-") === false ? [args[0], "--help"] : ["--help"];
      const key = [name, ...words].join(" ");
      const help = helps.get(key) ?? spawnSync("bun", [main, ...words], { encoding: "utf8" }).stdout;
      helps.set(key, help);
      for (const arg of args.filter((each) => each.startsWith("--"))) {
        const flag = arg.split("=", 1)[0] ?? "";
        assert.match(help, new RegExp(`${flag}(?![a-z-])`), `${file}: ${arg}`);
        flags++;
      }
    }
  }
  assert.ok(flags > 10);
});
