// `coracle up`: prepares the data folder, runs the children, shows them, and stops them again.
import { ExitError, failureLine, SAME_SIGNAL_MS, VERSION } from "@coracle/lifecycle";
import {
  exitProcess,
  FileError,
  fileExists,
  joinPath,
  listDirectory,
  makeDirectory,
  onSignal,
  removePath,
  runtimeName,
  runtimeVersion,
  stderr,
  stdout,
  systemClock,
  systemRandom,
  writeFile,
} from "@coracle/runtime";
import type { UpConfig } from "../config.ts";
import { Supervisor } from "../core/supervisor.ts";
import { isOldRuntime } from "../core/runtime-version.ts";
import { childPlans } from "./child-plans.ts";
import { Children } from "./children.ts";
import { refuseTakenPorts } from "./free-ports.ts";
import { createPresenter } from "./presenter.ts";
import { type RunLock, takeRunLock } from "./run-lock.ts";
import { SystemState } from "./system-state.ts";

const MARKER_NAME = "coracle-data";
const USAGE_EXIT_CODE = 2;
const INTERRUPTED_TWICE_EXIT_CODE = 130;

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
  const lock = await lockFolder(config);
  try {
    await refuseTakenPorts([
      { flag: "--listen", address: config.listen },
      { flag: "--apiserver-http", address: config.apiserverHttp },
      { flag: "--watcher-http", address: config.watcherHttp },
    ]);
  } catch (error) {
    await lock.lock.release();
    throw error;
  }
  const presenter = createPresenter(stdout(), { wallMs: () => systemClock.wallMs(), json: config.json });
  const plans = childPlans(config, (line) => state.onWatcherLine(line));
  const supervisor = new Supervisor({ children: plans, random: systemRandom });
  const state: SystemState = new SystemState({ config, supervisor, presenter, version: VERSION });
  const children: Children = new Children({
    plans,
    supervisor,
    clock: systemClock,
    lock: lock.lock,
    logFolder: joinPath(config.data, "logs"),
    onEvent: (event) => state.onChildEvent(event, children.log(event.name)),
  });
  for (const name of lock.cleaned) state.tell("cleaned", `ended ${name}, left by an earlier run that was killed`);
  const forgetSignals = endOnSignals(children, state);
  const startedStop = systemClock.now();
  state.show();
  children.start();
  await children.finished;
  forgetSignals();
  await lock.lock.release();
  if (config.clean) await removePath(config.data);
  presenter.close();
  stdout().write(state.closingLine(systemClock.now() - (state.stopStarted ?? startedStop)));
  await stdout().drained();
  return state.failure === undefined ? 0 : reportFailure(state.failure);
}

function endOnSignals(children: Children, state: SystemState): () => void {
  return onSignal(["SIGINT", "SIGTERM"], () => {
    const now = systemClock.now();
    if (state.stopStarted !== undefined) {
      // npx and `bun run` pass on the Ctrl-C that the terminal has sent to all of them.
      if (now - state.stopStarted < SAME_SIGNAL_MS) return;
      children.killAll();
      exitProcess(INTERRUPTED_TWICE_EXIT_CODE);
    }
    state.stopStarted = now;
    state.tell("stopping", "stopping: Ctrl-C again kills");
    children.stop();
  });
}

async function reportFailure(line: string): Promise<number> {
  stderr().write(`${line}\n`);
  await stderr().drained();
  return 1;
}

async function lockFolder(config: UpConfig): Promise<{ readonly lock: RunLock; readonly cleaned: readonly string[] }> {
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
