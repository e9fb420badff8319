// A build step whose output matters only when it fails.
import { spawn } from "node:child_process";

const OUTPUT_SIZE_MAX = 2000;

/** Runs a command to its end in `folder`; rejects with its last lines unless it succeeds. Gives what it wrote. */
export async function runQuietly(command: readonly string[], folder?: string): Promise<string> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (text: Buffer): void => {
    output = (output + text.toString("utf8")).slice(-OUTPUT_SIZE_MAX);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return output;
  throw new Error(`Cannot run ${program}: exit code ${code}: ${output.trim().split("\n").slice(-3).join(" | ")}`);
}
