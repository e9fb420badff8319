// Our API server beside the real one: alike but for the listed differences, against the recording and, where it is built, the live server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { kubernetesPeersReady } from "../peers/kubernetes/mod.ts";
import { deliberateDifferences } from "./deliberate-differences.ts";
import { findDifferences, judge } from "./differences.ts";
import { readGolden } from "./golden.ts";
import { report, summary } from "./report.ts";
import { type Recording, runScript } from "./run-script.ts";
import { script } from "./script/mod.ts";
import { type DifferentialServer, startOurs, startReal } from "./servers.ts";

const steps = script.flatMap((area) => area.steps.map((step) => `${area.name}/${step.id}`));

async function record(start: () => Promise<DifferentialServer>): Promise<Recording> {
  const server = await start();
  try {
    return await runScript(server.targets, script);
  } finally {
    await server.stop();
  }
}

test("ours answers as recorded of kube-apiserver, but for what is listed", { timeout: 180_000 }, async () => {
  const differences = findDifferences(await readGolden(), await record(startOurs));
  const judgement = judge(differences, deliberateDifferences, steps);
  const failing = judgement.unexplained.filter((one) => one.kind === "substance");
  const text = `${report(judgement, { wording: false })}\n${summary(judgement, steps.length)}`;
  assert.equal(failing.length + judgement.stale.length, 0, text);
});

if (kubernetesPeersReady("the differential test against a live kube-apiserver")) {
  test("kube-apiserver answers as recorded of it", { timeout: 180_000 }, async () => {
    const found = findDifferences(await readGolden(), await record(startReal));
    // The order of words in a message follows Go's maps, so only what a program reads is held to the recording.
    const judgement = judge(
      found.filter((one) => one.kind === "substance"),
      [],
      [],
    );
    const text = `Record anew with \`bun test/differential/record.ts\`:\n${report(judgement, { wording: false })}`;
    assert.equal(judgement.unexplained.length, 0, text);
  });
}
