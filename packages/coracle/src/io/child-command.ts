// How to start another binary of the same build: the file beside this one, or its source under the same runtime.
import { directoryOf, joinPath, runtimeName, selfCommand } from "@coracle/runtime";

/** The command that starts `coracle-<name>`. */
export function childCommand(name: string): readonly string[] {
  const [runtime = "", script] = selfCommand();
  if (script === undefined) return [joinPath(directoryOf(runtime), `coracle-${name}`)];
  const packages = joinPath(directoryOf(script), "..", "..");
  const main = joinPath(packages, name, "src", "main.ts");
  return runtimeName() === "deno" ? [runtime, "run", "--allow-all", main] : [runtime, main];
}
