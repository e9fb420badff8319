// `bun run test`: every test on Bun, and which strangers' programs were missing.
import { parseArgs } from "node:util";
import { Progress } from "./progress.ts";
import { typescriptFiles } from "./source-tree.ts";
import { closeWith, runLanes, runStep } from "./steps.ts";
import { divideTests, testSteps } from "./test-parts.ts";

const HELP = `Usage: bun run test [PATH…]

Runs the tests of the workspace, or those in the given files and folders, on Bun. Tests that need a real kube-apiserver, kubectl
or root say so when those are missing; \`bun run peers\` brings them.
`;

const { values, positionals } = parseArgs({
  options: { help: { type: "boolean", short: "h" } },
  allowPositionals: true,
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const parts = divideTests(typescriptFiles(), positionals);
if (parts.apart.length + parts.hosts.length === 0) {
  process.stderr.write(`Cannot test ${positionals.join(" ")}: there is no file that ends in .test.ts\n`);
  process.exit(2);
}
const steps = testSteps(parts);
const progress = new Progress(process.stderr);
const results = await runLanes([steps.apart, steps.hosts], (step) => runStep(step, progress));
progress.close();
process.exit(closeWith(results));
