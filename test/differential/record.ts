#!/usr/bin/env bun
// Records the real kube-apiserver's answers as golden files: `bun test/differential/record.ts [--only AREA,...]`.
import { writeGolden } from "./golden.ts";
import { runScript } from "./run-script.ts";
import { script } from "./script/mod.ts";
import { startReal } from "./servers.ts";

const only = process.argv.includes("--only") ? (process.argv[process.argv.indexOf("--only") + 1] ?? "").split(",") : [];
const areas = script.filter((area) => only.length === 0 || only.includes(area.name));
const server = await startReal();
try {
  const verbose = process.argv.includes("--verbose");
  const recording = await runScript(server.targets, areas, (area, id) => {
    if (verbose) console.error(`${area}/${id}`);
  });
  await writeGolden(recording, only.length === 0);
  for (const [area, answers] of Object.entries(recording)) {
    const late = Object.entries(answers).filter(([, answer]) => answer.missing !== undefined);
    console.log(`${area}: ${Object.keys(answers).length} answers`);
    for (const [id, answer] of late) console.log(`  ${id}: ${answer.missing} events did not come`);
  }
} finally {
  await server.stop();
}
