// Who owns which laboratory, so that what a killed owner left can be found and removed by the next one.
import {
  FileError,
  formatIdentity,
  identify,
  isAlive,
  joinPath,
  listDirectory,
  makeDirectory,
  makeSymlink,
  parseIdentity,
  processId,
  readSymlink,
  removePath,
  sendSignal,
} from "@coracle/runtime";
import { LABORATORY_PREFIX } from "../host-plan.ts";
import { LaboratoryError } from "./laboratory-error.ts";
import { runCommand, tryCommand, until } from "./run-command.ts";

/** One symbolic link a laboratory; its target names the owner. Gone at reboot, like the namespaces. */
const REGISTER = "/run/coracle-laboratories";
const RUN_FOLDER_SUFFIX = ".run";
const END_MS = 5000;

/** Folder for the sockets, databases and logs of a laboratory. Its path is short: a unix socket's may have 107 bytes. */
export function runFolder(name: string): string {
  return joinPath(REGISTER, name + RUN_FOLDER_SUFFIX);
}

/** Takes the name for this process. Throws {@link LaboratoryError} if a living process has it. */
export async function registerLaboratory(name: string): Promise<void> {
  await makeDirectory(REGISTER, { mode: 0o755 });
  const link = joinPath(REGISTER, name);
  try {
    await makeSymlink(formatIdentity(await identify(processId())), link);
  } catch (thrown) {
    if (!(thrown instanceof FileError) || thrown.code !== "EEXIST") throw thrown;
    const owner = await readSymlink(link).catch(() => "");
    throw new LaboratoryError("COMMAND", `Cannot make laboratory ${name}: process ${owner} has it`, thrown);
  }
}

/** Removes the name when nothing of the laboratory is left. */
export async function forgetLaboratory(name: string): Promise<void> {
  await removePath(joinPath(REGISTER, name));
}

/** Removes every laboratory whose owner is gone, with its processes and namespaces; the names of those removed. */
export async function sweepAbandoned(): Promise<string[]> {
  const names = await listDirectory(REGISTER).catch(() => []);
  const swept: string[] = [];
  for (const name of names) {
    if (!name.startsWith(LABORATORY_PREFIX) || name.endsWith(RUN_FOLDER_SUFFIX)) continue;
    const owner = parseIdentity(await readSymlink(joinPath(REGISTER, name)).catch(() => ""));
    if (owner !== undefined && (await isAlive(owner))) continue;
    await removeLaboratory(name);
    await forgetLaboratory(name);
    swept.push(name);
  }
  return swept;
}

/** Ends every process in the namespaces of a laboratory, removes them and its folder. Safe to repeat. */
export async function removeLaboratory(name: string): Promise<void> {
  const namespaces = await namespacesOf(name);
  await Promise.all(namespaces.map(endProcessesIn));
  for (const namespace of namespaces) await tryCommand(["ip", "netns", "delete", namespace]);
  await removePath(runFolder(name));
  const left = await namespacesOf(name);
  if (left.length > 0) throw new LaboratoryError("COMMAND", `Cannot remove network namespaces ${left.join(", ")}`);
}

/** Names of the namespaces a laboratory has now. */
export async function namespacesOf(name: string): Promise<string[]> {
  const listed = await runCommand(["ip", "netns", "list"]);
  const names = listed.split("\n").map((line) => line.split(" ")[0] ?? "");
  return names.filter((candidate) => candidate.startsWith(`${name}-`));
}

/** The kernel knows which processes are in a namespace, so no list of ours can be out of date. */
async function endProcessesIn(namespace: string): Promise<void> {
  await until(
    `the end of the processes in ${namespace}`,
    async () => {
      const pids = (await tryCommand(["ip", "netns", "pids", namespace])).stdout.split("\n").filter(Boolean);
      for (const pid of pids) sendSignal(Number(pid), "SIGKILL");
      return pids.length === 0;
    },
    END_MS,
  );
}
