// `coracle up`: prepares the data folder, runs the children, shows them, and stops them again.
import { ExitError, failureLine, keepCodePagesSmall } from "@coracle/lifecycle";
import {
  exitProcess,
  FileError,
  fileExists,
  joinPath,
  listDirectory,
  makeDirectory,
  removePath,
  runtimeName,
  runtimeVersion,
  stderr,
  stdout,
  writeFile,
} from "@coracle/runtime";
import type { UpConfig } from "../config.ts";
import { isOldRuntime } from "../core/runtime-version.ts";
import { chooseAddresses } from "./addresses.ts";
import { type LockTaken, takeRunLock } from "./run-lock.ts";
import { runParts, type SystemOutcome } from "./run-parts.ts";
import { StopSignals } from "./stop-signals.ts";

const MARKER_NAME = "coracle-data";
const USAGE_EXIT_CODE = 2;

/** Runs the system until a signal ends it or a part cannot run; ends the process with the exit code. */
export async function up(config: UpConfig): Promise<void> {
  try {
    exitProcess(await runSystem(config));
  } catch (error) {
    stderr().write(failureLine("coracle up", error));
    await stderr().drained();
    exitProcess(error instanceof ExitError ? error.exitCode : 1);
  }
}

async function runSystem(config: UpConfig): Promise<number> {
  refuseOldRuntime();
  await prepareFolder(config.data);
  const { lock, cleaned } = await lockFolder(config);
  const signals = new StopSignals();
  void keepCodePagesSmall();
  let outcome: SystemOutcome;
  try {
    const addresses = await chooseAddresses(config);
    outcome = await runParts({ config, addresses, lock, signals, cleaned });
  } finally {
    signals.close();
    await lock.release();
  }
  if (config.clean) await removePath(config.data);
  stdout().write(closingLine(config, outcome));
  await stdout().drained();
  return outcome.failure === undefined ? 0 : reportFailure(outcome.failure);
}

function closingLine(config: UpConfig, { processes, namespaces, tookMs }: SystemOutcome): string {
  const removed = namespaces === 0 ? "" : `, ${namespaces} namespaces removed`;
  const data = config.clean ? `${config.data} removed` : `data kept in ${config.data}`;
  return `stopped: ${processes} processes drained in ${(tookMs / 1000).toFixed(1)} s${removed}, ${data}\n`;
}

async function reportFailure(line: string): Promise<number> {
  stderr().write(`${line}\n`);
  await stderr().drained();
  return 1;
}

async function lockFolder(config: UpConfig): Promise<LockTaken> {
  const taken = await takeRunLock(config.data);
  if (taken.kind === "taken") return taken;
  const kubeconfig = joinPath(config.data, "admin.kubeconfig");
  throw new ExitError(
    `already running (pid ${taken.pid}); kubectl --kubeconfig ${kubeconfig} get networkattachments -A`,
    {
      exitCode: USAGE_EXIT_CODE,
    },
  );
}

/** Makes the folder, and refuses one that holds somebody else's files: `--clean` removes it later. */
async function prepareFolder(folder: string): Promise<void> {
  try {
    await makeDirectory(folder, { mode: 0o700 });
    const marker = joinPath(folder, MARKER_NAME);
    if (!(await fileExists(marker))) {
      const names = await listDirectory(folder);
      if (names.length > 0) {
        throw new ExitError(
          `cannot use the data folder ${folder}: it holds other files (${names[0]}, …); choose another --data`,
          {
            exitCode: USAGE_EXIT_CODE,
          },
        );
      }
      await writeFile(marker, "This folder belongs to coracle up.\n");
    }
    await makeDirectory(joinPath(folder, "logs"));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new ExitError(`cannot use the data folder ${folder}: ${error.message}; choose another --data`, {
      exitCode: USAGE_EXIT_CODE,
      cause: error,
    });
  }
}

function refuseOldRuntime(): void {
  const name = runtimeName();
  const version = runtimeVersion();
  if (!isOldRuntime(name, version)) return;
  throw new ExitError(`${name} ${version} is too old: use Bun 1.4 or newer, such as npx --yes bun@1.4.5 run up`, {
    exitCode: USAGE_EXIT_CODE,
  });
}
