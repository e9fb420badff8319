// The command `coracle-load attachments`: estimate or run, signals, exit code.
import { createKubeClient, defaultClientConfig, KubeConfigError } from "@coracle/kube/io";
import {
  ExitError,
  failureLine,
  SAME_SIGNAL_MS,
  type Service,
  type ServiceParts,
  startService,
} from "@coracle/lifecycle";
import { exitProcess, onSignal, type SignalName, stderr, stdout, systemClock, systemRandom } from "@coracle/runtime";
import { Hono } from "hono";
import type { AttachmentsConfig } from "../../attachments-config.ts";
import { estimateLines } from "../../core/attachments/size-report.ts";
import { requireWritable } from "../result-file.ts";
import { AttachmentsRun, type RunClients } from "./attachments-run.ts";
import { makePlan, type RunPlan } from "./run-plan.ts";

const COMMAND = "coracle-load attachments";
const SIGNAL_EXIT_CODES: Partial<Record<SignalName, number>> = { SIGINT: 130, SIGTERM: 143 };

/** Runs the command and ends the process with its exit code. */
export async function runAttachments(config: AttachmentsConfig): Promise<void> {
  let code: number;
  try {
    const plan = makePlan(config, systemClock, systemRandom);
    code = config.estimate ? estimate(plan) : await serve(config, plan);
  } catch (error) {
    stderr().write(failureLine(COMMAND, error));
    code = error instanceof ExitError ? error.exitCode : 1;
  }
  await Promise.all([stdout().drained(), stderr().drained()]);
  exitProcess(code);
}

function estimate(plan: RunPlan): number {
  stdout().write(`${estimateLines(plan.networks).join("\n")}\n`);
  return 0;
}

/** Serves metrics and health while the run goes on. */
async function serve(config: AttachmentsConfig, plan: RunPlan): Promise<number> {
  await requireWritable(config.json);
  const clients = await makeClients(config);
  let run: AttachmentsRun | undefined;
  const forget = listenForSignals(() => run);
  try {
    const service = await startService({
      component: "load",
      config,
      setup: (own: Service): ServiceParts => {
        run = new AttachmentsRun(own, config, { plan, clients });
        const current = run;
        const app = new Hono();
        app.get("/run", (c) => c.json(current.state()));
        return { handler: (request) => app.fetch(request) };
      },
    });
    const code = (await run?.run()) ?? 1;
    service.stop("the run is over", code);
    return await service.finished;
  } finally {
    forget();
    clients.calls.close();
    clients.patient.close();
  }
}

/** The first signal ends the run early, which removes everything; a later one ends the process. */
function listenForSignals(current: () => AttachmentsRun | undefined): () => void {
  let firstAt: number | undefined;
  return onSignal(["SIGINT", "SIGTERM"], (name) => {
    const now = systemClock.now();
    if (firstAt === undefined) {
      firstAt = now;
      stderr().write("Stopping: everything is removed first; once more to end at once.\n");
      current()?.interrupt();
    } else if (now - firstAt >= SAME_SIGNAL_MS) {
      exitProcess(SIGNAL_EXIT_CODES[name] ?? 1);
    }
  });
}

async function makeClients({ kubeconfig, context }: AttachmentsConfig): Promise<RunClients> {
  try {
    const config = await defaultClientConfig({
      ...(kubeconfig === undefined ? {} : { path: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
    const userAgent = "coracle-load";
    return {
      calls: createKubeClient(config, { userAgent, retry: { retriesMax: 0 } }),
      patient: createKubeClient(config, { userAgent }),
    };
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
    throw new ExitError(error.message, { exitCode: 2, cause: error });
  }
}
