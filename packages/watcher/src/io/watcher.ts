// Puts the watcher together: client, followers, output, command, HTTP.
import {
  type ApiResource,
  createKubeClient,
  defaultClientConfig,
  type KubeClient,
  KubeConfigError,
} from "@coracle/kube/io";
import { ExitError, failureLine, looksLongRunning, rfc3339, type Service, type ServiceParts } from "@coracle/lifecycle";
import { environment, stderr, stdout, systemClock } from "@coracle/runtime";
import { EXIT_CODES, type WatcherConfig } from "../config.ts";
import { keyOf } from "../core/change.ts";
import { defaultShownFields } from "../core/default-fields.ts";
import { EventFeed } from "../core/event-feed.ts";
import { createOutput, type Output, type OutputForm } from "../core/output.ts";
import { renderJsonl } from "../core/render-jsonl.ts";
import { checkPlaces } from "./check-places.ts";
import { CommandRunner } from "./command-runner.ts";
import { createRoutes } from "./http-routes.ts";
import { createPrinter } from "./line-printer.ts";
import { PodLookup } from "./pod-lookup.ts";
import { resolveResources } from "./resolve-resources.ts";
import { type ChangeSink, ResourceFollower } from "./resource-follower.ts";
import { addWatcherMetrics, WatchMetrics } from "./watch-metrics.ts";

const FEED_HISTORY_MAX = 10_000;
const FEED_LISTENERS_MAX = 256;
const EXEC_WAITING_MAX = 10_000;

/** The parts of a watcher service. */
export async function setUpWatcher(service: Service, config: WatcherConfig): Promise<ServiceParts> {
  await checkPlaces(config, environment()["PATH"] ?? "");
  const watchMetrics = new WatchMetrics();
  const client = await createClient(config, service, watchMetrics);
  const feed = new EventFeed({ historyMax: FEED_HISTORY_MAX, listenersMax: FEED_LISTENERS_MAX });
  const pods = new PodLookup({ client, log: service.log, signal: service.stopping });
  const followers: ResourceFollower[] = [];
  const runs: Promise<void>[] = [];
  const states = (): ReturnType<ResourceFollower["state"]>[] => followers.map((follower) => follower.state());
  const runner = createRunner(service, config);
  addWatcherMetrics(service.metrics, { watchMetrics, states, feed, pods });
  const routes = createRoutes({ pods, feed, states, nodeName: config.nodeName });
  return {
    handler: (request, context) => routes.fetch(request, context),
    isLongRunning: (request) => looksLongRunning(request) || new URL(request.url).pathname === "/events",
    postStart: [
      {
        name: "follow",
        run: (signal) => followAll({ service, config, client, feed, runner, followers, runs }, signal),
      },
    ],
    stop: [
      // Followers keep their cursors as they end.
      { name: "followers", run: () => Promise.all(runs).then(() => undefined) },
      { name: "commands", run: () => runner?.stop() },
      { name: "client", run: () => client.close() },
    ],
  };
}

interface Wiring {
  readonly service: Service;
  readonly config: WatcherConfig;
  readonly client: KubeClient;
  readonly feed: EventFeed;
  readonly runner: CommandRunner | undefined;
  readonly followers: ResourceFollower[];
  readonly runs: Promise<void>[];
}

/** Finds the resources, then starts following them; returns once they are found. */
async function followAll(wiring: Wiring, signal: AbortSignal): Promise<void> {
  const { service, config, client } = wiring;
  let resources: readonly ApiResource[];
  try {
    resources = await resolveResources(client, config, { log: service.log, signal });
  } catch (error) {
    endWith(error, service);
    return;
  }
  const form = outputForm(config);
  for (const resource of resources) {
    const output = createOutput({
      form,
      resource: resource.resource,
      fields: config.fields?.split(",") ?? defaultShownFields(resource),
      allNamespaces: config.allNamespaces && resource.namespaced,
    });
    const follower = new ResourceFollower({
      client,
      resource,
      config,
      service,
      sinks: sinksOf(wiring, output),
      keepObjects: form === "diff",
      table: form === "table" || form === "wide",
      onColumns: (columns) => output.setColumns(columns),
    });
    wiring.followers.push(follower);
    wiring.runs.push(runToEnd(follower, service));
  }
}

async function runToEnd(follower: ResourceFollower, service: Service): Promise<void> {
  try {
    await follower.run(service.stopping);
  } catch (error) {
    endWith(error, service);
  }
}

/** Ends the watcher with the one line a person can act on. */
function endWith(error: unknown, service: Service): void {
  if (service.stopping.aborted) return;
  stderr().write(failureLine("coracle-watcher", error));
  const exitCode = error instanceof ExitError ? error.exitCode : EXIT_CODES.failed;
  service.stop("following ended", exitCode, { isTold: true });
}

function sinksOf({ feed, runner, service, config }: Wiring, output: Output): ChangeSink[] {
  const sinks: ChangeSink[] = [createPrinter(output, service)];
  // Without HTTP nobody can come for the feed's history.
  if (config.http !== undefined) {
    sinks.push((change, resource) => {
      if (change.kind !== "bookmark")
        feed.publish(change.kind, renderJsonl(change, rfc3339(systemClock.wallMs()), resource.resource));
    });
  }
  if (runner !== undefined) {
    sinks.push(async (change, resource) => {
      if (change.kind !== "added" && change.kind !== "modified" && change.kind !== "deleted") return;
      const payload = `${renderJsonl(change, rfc3339(systemClock.wallMs()), resource.resource)}\n`;
      const kind = change.kind === "deleted" ? "remove" : "upsert";
      await runner.push({ key: `${resource.resource}/${keyOf(change.object)}`, kind, payload });
    });
  }
  return sinks;
}

function outputForm(config: WatcherConfig): OutputForm {
  if (config.output !== "auto") return config.output;
  return stdout().isTerminal ? "diff" : "jsonl";
}

function createRunner(service: Service, config: WatcherConfig): CommandRunner | undefined {
  if (config.exec === undefined) return undefined;
  return new CommandRunner({
    argv: [config.exec, ...config.execArg],
    concurrencyMax: config.execConcurrency,
    timeoutMs: config.execTimeoutMs,
    waitingMax: EXEC_WAITING_MAX,
    clock: systemClock,
    log: service.log,
  });
}

async function createClient(config: WatcherConfig, service: Service, metrics: WatchMetrics): Promise<KubeClient> {
  const { kubeconfig, context } = config;
  try {
    const clientConfig = await defaultClientConfig({
      ...(kubeconfig === undefined ? {} : { path: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
    return createKubeClient(clientConfig, { userAgent: "coracle-watcher", metrics: metrics.hook(service.log) });
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
    throw new ExitError(error.message, { exitCode: 2, cause: error });
  }
}
