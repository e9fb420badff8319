#!/usr/bin/env bun
// Compares our API server with the recorded answers of the real one.
import { parseArgs } from "node:util";
import { deliberateDifferences } from "./deliberate-differences.ts";
import { findDifferences, judge } from "./differences.ts";
import { readGolden } from "./golden.ts";
import { report, summary } from "./report.ts";
import { type Recording, runScript } from "./run-script.ts";
import type { Area } from "./script/step.ts";
import { script } from "./script/mod.ts";
import { startOurs, startReal, targetFromKubeconfig, targetsOf } from "./servers.ts";

const HELP = `Usage: bun test/differential/compare.ts [options]

Runs the script against our API server and prints where it differs from the recorded answers of kube-apiserver.

  --only LIST         areas, comma separated: ${script.map((area) => area.name).join(", ")}
  --step TEXT         report only steps whose name contains TEXT
  --kubeconfig FILE   compare a server that runs already (it should be fresh); else one is started and removed
  --live              compare with a kube-apiserver started now instead of the recorded answers
  --real              put a real kube-apiserver in the place of ours: shows what in the recording is not stable
  --wording           show messages that are worded otherwise, too
  --help
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    step: { type: "string", default: "" },
    kubeconfig: { type: "string" },
    live: { type: "boolean", default: false },
    real: { type: "boolean", default: false },
    wording: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

async function run(areas: readonly Area[], kind: "ours" | "real"): Promise<Recording> {
  if (kind === "ours" && values.kubeconfig !== undefined)
    return await runScript(targetsOf(await targetFromKubeconfig(values.kubeconfig)), areas);
  const server = kind === "ours" ? await startOurs() : await startReal();
  try {
    return await runScript(server.targets, areas);
  } finally {
    await server.stop();
  }
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const only = values.only?.split(",");
  const areas = script.filter((area) => only === undefined || only.includes(area.name));
  if (areas.length === 0) {
    process.stderr.write(`Cannot compare ${values.only}: no area is called that\n`);
    return 2;
  }
  const expected = values.live ? await run(areas, "real") : await readGolden();
  const actual = await run(areas, values.real ? "real" : "ours");
  const steps = areas.flatMap((area) => area.steps.map((step) => `${area.name}/${step.id}`));
  const differences = findDifferences(expected, actual).filter((one) => one.step.includes(values.step));
  const judgement = judge(
    differences,
    values.real ? [] : deliberateDifferences,
    values.step === "" && only === undefined ? steps : [],
  );
  process.stdout.write(`${report(judgement, { wording: values.wording })}\n\n${summary(judgement, steps.length)}\n`);
  return judgement.unexplained.some((one) => one.kind === "substance") || judgement.stale.length > 0 ? 1 : 0;
}

process.exitCode = await main();
