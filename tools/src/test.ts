// `bun run test`: every test on Bun, and which strangers' programs took part.
import { parseArgs } from "node:util";
import { workspaceRoot } from "./source-tree.ts";
import { closeWith, runStep } from "./steps.ts";

/** Only stops a test that hangs: no test of ours measures time. */
const TEST_TIMEOUT_MS = 300_000;

const HELP = `Usage: bun run test [PATH…]

Runs the tests of the workspace, or those below the given paths, on Bun. Tests that need a real kube-apiserver, kubectl or
root say so when those are missing; \`bun run peers\` brings them.
`;

const { values, positionals } = parseArgs({
  options: { help: { type: "boolean", short: "h" } },
  allowPositionals: true,
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const paths = positionals.length > 0 ? positionals : ["packages", "tools", "bench", "test"];
const result = await runStep(
  {
    name: "tests on Bun",
    command: ["bun", "test", "--isolate", `--timeout=${TEST_TIMEOUT_MS}`, ...paths.map((path) => `./${path}`)],
    loud: true,
  },
  workspaceRoot,
);
process.exit(closeWith([result]));
