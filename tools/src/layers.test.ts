// The layer rules hold in this tree, and a planted breach of each is found.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findBreaches } from "./layers.ts";
import { typescriptFiles } from "./source-tree.ts";

test("no file of the tree breaks a layer rule", () => {
  const files = typescriptFiles();
  assert.ok(files.length > 20, `only ${files.length} files were found`);
  const told = findBreaches(files).map((breach) => `${breach.path}:${breach.line} ${breach.found}: ${breach.rule}`);
  assert.deepEqual(told, []);
});

const planted: readonly [path: string, text: string, rule: RegExp][] = [
  ["packages/base/src/x.ts", `import { z } from "zod";`, /no dependency/],
  ["packages/kube/src/x.ts", `import { createHash } from "node:crypto";`, /only runtime/],
  ["packages/kube/src/x.ts", `export { sleep } from "@coracle/runtime";`, /base alone/],
  ["packages/kube/src/x.ts", `import { follow } from "./io/follow.ts";`, /does not import its io/],
  ["packages/kube/src/io/x.ts", `import { MemoryStore } from "@coracle/store";`, /its own root/],
  ["packages/store/src/x.ts", `import { parseLabelSelector } from "@coracle/kube";`, /base alone/],
  ["packages/runtime/src/x.ts", `import { Health } from "@coracle/lifecycle";`, /runtime imports base/],
  ["packages/lifecycle/src/x.ts", `const port = Bun.serve({});`, /names Bun/],
  ["packages/watcher/src/x.ts", `import { x } from "@coracle/apiserver";`, /meet on the wire/],
  ["packages/watcher/src/x.ts", `const later = await import("node:fs");`, /only runtime/],
  ["packages/watcher/src/core/x.ts", `import { sleep } from "@coracle/runtime";`, /pure roots alone/],
  ["packages/watcher/src/core/x.ts", `import { y } from "../io/y.ts";`, /outside src\/core/],
  ["packages/watcher/src/x.ts", `import { y } from "../../kube/src/y.ts";`, /by its name/],
  ["packages/watcher/src/x.ts", `import { y } from "@coracle/kube/src/y.ts";`, /root or its io/],
];

for (const [path, text, rule] of planted) {
  test(`findBreaches() finds ${text} in ${path}`, () => {
    const breaches = findBreaches([{ path, text }]);
    assert.equal(breaches.length, 1);
    assert.match(breaches[0]?.rule ?? "", rule);
  });
}

test("findBreaches() lets through what the rules allow, and prose", () => {
  const text = `// Bun.serve and "node:fs" are named here only\nimport { z } from "zod";\nimport { sleep } from "@coracle/runtime";\nimport { follow } from "@coracle/kube/io";`;
  assert.deepEqual(findBreaches([{ path: "packages/watcher/src/x.ts", text }]), []);
});
