// `bun run ok`: the whole gate, one step after the other, all of them even when one fails.
import { parseArgs } from "node:util";
import { workspaceRoot } from "./source-tree.ts";
import { closeWith, groupSteps, runStep, type Step, type StepResult } from "./steps.ts";

const HELP = `Usage: bun run ok [--only NAME]… [--list]

Runs the gate: format, lint with types, types (whole and pure), layers, tidy, dead code, tests on Bun, tests on Deno,
bench smoke, build of every binary. --only runs the named steps; --list names them.
`;

const steps: readonly Step[] = [
  { name: "format", command: ["bun", "fmt", "--check"] },
  {
    name: "lint",
    command: ["node_modules/.bin/oxlint", "--type-aware", "--deny-warnings"],
  },
  { name: "types", command: ["bun", "check", "--no-pretty"] },
  {
    name: "pure-types",
    command: ["bun", "check", "--no-pretty", "-p", "tsconfig.pure.json"],
  },
  {
    name: "layers",
    command: ["bun", "test", "./tools/src/layers.test.ts", "./tools/src/pure-types.test.ts"],
  },
  { name: "tidy", command: ["bun", "test", "./tools/src/tidy.test.ts"] },
  { name: "dead-code", command: ["node_modules/.bin/knip", "--no-config-hints"] },
  { name: "test", command: ["bun", "tools/src/test.ts"], loud: true },
  {
    name: "deno",
    command: ["node_modules/.bin/deno", "test", "--allow-all", "--no-check", "--quiet", "packages"],
    env: { NO_COLOR: "1" },
    isBeside: true,
  },
  { name: "bench-smoke", command: ["bun", "bench/src/main.ts", "--smoke"] },
  { name: "build", command: ["bun", "tools/src/build.ts"], loud: true },
];

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    list: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (values.list) {
  process.stdout.write(`${steps.map((step) => step.name).join("\n")}\n`);
  process.exit(0);
}
const unknown = values.only?.find((name) => !steps.some((step) => step.name === name));
if (unknown !== undefined) {
  process.stderr.write(`--only: no step is called "${unknown}": use ${steps.map((step) => step.name).join(", ")}\n`);
  process.exit(2);
}
const chosen = steps.filter((step) => values.only === undefined || values.only.includes(step.name));
const results: StepResult[] = [];
for (const group of groupSteps(chosen)) {
  results.push(...(await Promise.all(group.map((step) => runStep(step, workspaceRoot)))));
}
process.exit(closeWith(results));
