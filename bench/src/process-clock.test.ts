// CPU time of a process: a child's grows while it works, with threads that have ended, and an ended process has none.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { processCpuNs } from "./process-clock.ts";

/** Works in a thread that ends, then tells what the process has used by its own account, in microseconds. */
const CHILD = `
  const worker = new Worker(URL.createObjectURL(new Blob(["let n = 0; for (let i = 0; i < 3e7; i++) n += i % 7; postMessage(n); close();"])));
  worker.onmessage = () => setTimeout(() => { const used = process.cpuUsage(); console.log(used.user + used.system); }, 100);
  setInterval(() => {}, 1000);
`;

test("the clock of a process counts threads that have ended, and is gone with the process", async () => {
  const child = spawn(process.execPath, ["-e", CHILD], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const ownUs = Number(line.toString());
    assert.ok(processCpuNs(child.pid ?? 0) / 1000 >= ownUs * 0.99, "what it says of itself is counted");
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  assert.throws(() => processCpuNs(child.pid ?? 0), /probably ended/);
});
