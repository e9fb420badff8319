// A process that ends when its standard input does, as when its parent was killed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, runProcess } from "@coracle/runtime";

test("the end of standard input is a SIGTERM, and what comes before it is nothing", async () => {
  const source = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const code = `const { endWithStdin } = await import(${source("end-with-stdin.ts")});
    const { createLogger } = await import(${source("../log/logger.ts")});
    setInterval(() => {}, 1000);
    process.on("SIGTERM", () => process.exit(7));
    await endWithStdin(createLogger("test"));`;
  const evaluate = "Deno" in globalThis ? "eval" : "-e";
  const argv = [process.execPath, evaluate, code];
  const result = await runProcess(argv, { env: environment(), stdin: "x".repeat(100_000), timeoutMs: 30_000 });
  assert.equal(result.code, 7, new TextDecoder().decode(result.stderr));
});
