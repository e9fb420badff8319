// `bun run ok`: the whole gate, in two lanes side by side; every step of it even when one fails.
import { parseArgs } from "node:util";
import { Progress } from "./progress.ts";
import { typescriptFiles } from "./source-tree.ts";
import { closeWith, runLanes, runStep, type Step } from "./steps.ts";
import { divideTests, testSteps } from "./test-parts.ts";

const HELP = `Usage: bun run ok [--only NAME]… [--list] [--peers]

Runs the gate: format, lint with types, types (whole and pure), layers, tidy, dead code, tests on Bun (those that make hosts
apart from the others), tests on Deno, build of every binary, bench smoke. --only runs the named steps; --list names them.
--peers first brings what the tests run beside ours, as \`bun run peers\` does.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    list: { type: "boolean" },
    peers: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});

const tests = testSteps(divideTests(typescriptFiles()));
/** What Deno's tests need too is there before any of them. */
const packages: Step[] = values.peers
  ? [{ name: "peer-packages", command: ["bun", "tools/src/peers.ts", "--only", "packages"] }]
  : [];
const lanes: readonly (readonly Step[])[] = [
  [
    ...(values.peers ? [{ name: "peers", command: ["bun", "tools/src/peers.ts", "--only", "builds"] }] : []),
    ...tests.apart,
  ],
  [
    { name: "format", command: ["bun", "fmt", "--check"] },
    { name: "lint", command: ["node_modules/.bin/oxlint", "--type-aware", "--deny-warnings"] },
    { name: "types", command: ["bun", "check", "--no-pretty"] },
    { name: "pure-types", command: ["bun", "check", "--no-pretty", "-p", "tsconfig.pure.json"] },
    { name: "layers", command: ["bun", "test", "./tools/src/layers.test.ts", "./tools/src/pure-types.test.ts"] },
    { name: "tidy", command: ["bun", "test", "./tools/src/tidy.test.ts"] },
    { name: "dead-code", command: ["node_modules/.bin/knip", "--no-config-hints"] },
    {
      name: "deno",
      command: ["node_modules/.bin/deno", "test", "--allow-all", "--no-check", "--quiet", "packages"],
      env: { NO_COLOR: "1" },
    },
    // After Deno's tests and before the benchmarks, as both make hosts as well.
    ...tests.hosts,
    { name: "build", command: ["bun", "tools/src/build.ts"] },
    // Small inputs and no gates: nothing that is measured here counts.
    { name: "bench-smoke", command: ["bun", "bench/src/main.ts", "--smoke"] },
  ],
];

const names = [packages, ...lanes].flat().map(({ name }) => name);
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (values.list) {
  process.stdout.write(`${names.join("\n")}\n`);
  process.exit(0);
}
const unknown = values.only?.find((name) => !names.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`--only: no step is called "${unknown}": use ${names.join(", ")}\n`);
  process.exit(2);
}
const chosen = (lane: readonly Step[]): readonly Step[] =>
  lane.filter(({ name }) => values.only === undefined || values.only.includes(name));
const progress = new Progress(process.stderr);
const run = (step: Step): ReturnType<typeof runStep> => runStep(step, progress);
const brought = await runLanes([chosen(packages)], run);
const results = await runLanes(lanes.map(chosen), run);
progress.close();
process.exit(closeWith([...brought, ...results]));
