// Makes the hosts, runs the children and the network on them until a signal or a failure, and takes all of it away again.
import { VERSION } from "@coracle/lifecycle";
import { exitProcess, joinPath, sleep, stdout, systemClock, systemRandom, writeFile } from "@coracle/runtime";
import { ROUTER_COUNT, type UpConfig } from "../config.ts";
import type { WatcherLine } from "../core/event-line.ts";
import { ClusterModel } from "../core/cluster-model.ts";
import { NetworkModel } from "../core/network-model.ts";
import { INVITED, invitedManifest } from "../core/sample-objects.ts";
import { Supervisor } from "../core/supervisor.ts";
import type { ClusterAddresses, PartAddresses } from "./addresses.ts";
import { childPlans } from "./child-plans.ts";
import { type ChildPlan, Children } from "./children.ts";
import { clusterPlans } from "./cluster-plans.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import { type Hosts, prepareHosts } from "./hosts.ts";
import { guestName, Network } from "./network.ts";
import { createPresenter, type Presenter } from "./presenter.ts";
import type { RunLock } from "./run-lock.ts";
import type { StopSignals } from "./stop-signals.ts";
import { SystemState } from "./system-state.ts";

/** What {@link runParts} needs. */
export interface PartsOptions {
  readonly config: UpConfig;
  readonly addresses: PartAddresses;
  readonly lock: RunLock;
  readonly signals: StopSignals;
  /** Children of a killed run that were ended. */
  readonly cleaned: readonly string[];
}

/** How it went. */
export interface SystemOutcome {
  readonly processes: number;
  readonly namespaces: number;
  readonly tookMs: number;
  /** Why a part could not run. */
  readonly failure: string | undefined;
}

const INTERRUPTED_TWICE_EXIT_CODE = 130;
/** What is left after it the next `up` removes. */
const REMOVE_TIMEOUT_MS = 3000;
const CALM_STEP_MS = 50;
const CALM_STEPS_MAX = 60;

/** Runs the system; resolves when nothing of it is left but its data. */
export async function runParts(options: PartsOptions): Promise<SystemOutcome> {
  const { config, signals, cleaned } = options;
  const presenter = createPresenter(stdout(), { wallMs: () => systemClock.wallMs(), json: config.json });
  try {
    const tell = (event: string, text: string): void => presenter.tell({ event, text });
    for (const name of cleaned) tell("cleaned", `ended ${name}, left by an earlier run that was killed`);
    const hosts = await prepareHosts(config, tell);
    let ended: { readonly processes: number; readonly failure: string | undefined };
    let namespaces = 0;
    try {
      ended = await runOnHosts(options, hosts, presenter);
    } finally {
      namespaces = await hosts.close();
    }
    const now = systemClock.now();
    return { ...ended, namespaces, tookMs: now - (signals.requestedAt ?? now) };
  } finally {
    presenter.close();
  }
}

async function runOnHosts(
  { config, addresses, lock, signals }: PartsOptions,
  hosts: Hosts,
  presenter: Presenter,
): Promise<{ readonly processes: number; readonly failure: string | undefined }> {
  const { laboratory, places } = hosts;
  await writeFile(joinPath(config.data, `${INVITED.name}.yaml`), invitedManifest(places.at(-1)?.name ?? "a"));
  const model = new NetworkModel(laboratory === undefined ? [] : places.map(({ name }) => name), systemClock.wallMs());
  const onNews = ({ event, text }: { readonly event: string; readonly text: string }): void => state.tell(event, text);
  const network =
    laboratory === undefined ? undefined : new Network({ model, laboratory, onNews, onRound: () => state.show() });
  const onWatcherLine = (line: string): void => state.onWatcherLine(line);
  const networkPlans = childPlans({ config, addresses, hosts: places, onWatcherLine });
  const networkChildren = networkPlans.map(({ name }) => name);
  const cluster = await prepareCluster(config, addresses);
  const plans = [...networkPlans, ...(cluster?.plans ?? [])];
  const watch =
    cluster === undefined
      ? undefined
      : new ClusterWatch({ ...cluster, rebindEveryMs: config.rebindEveryMs, onNews, onLook: () => state.show() });
  const supervisor = new Supervisor({ children: plans, random: systemRandom });
  const state: SystemState = new SystemState({
    config,
    addresses,
    supervisor,
    presenter,
    version: VERSION,
    hosts: places,
    hostText: (host) => hosts.text(host),
    network: model,
    networkChildren,
    onSampled: () => void untilCalm(model, laboratory !== undefined, signals).then(() => children.release()),
    cluster: cluster?.model,
    onObject: (line: WatcherLine) => (network === undefined ? model.take(line) : network.take(line)),
    notices: hosts.notices,
    commands: laboratory === undefined ? [] : [guestCommand(laboratory.name)],
  });
  const children: Children = new Children({
    plans,
    supervisor,
    clock: systemClock,
    lock,
    logFolder: joinPath(config.data, "logs"),
    onEvent: (event) => state.onChildEvent(event, children.log(event.name)),
  });
  for (const notice of hosts.notices) state.tell("notice", notice);
  state.show();
  network?.start();
  watch?.start();
  children.start();
  signals.listen(
    () => {
      state.tell("stopping", "stopping: Ctrl-C again kills");
      children.stop();
    },
    () => {
      children.killAll();
      const isRemoved = Promise.race([hosts.close(), sleep(REMOVE_TIMEOUT_MS)]);
      void isRemoved.finally(() => exitProcess(INTERRUPTED_TWICE_EXIT_CODE));
    },
  );
  await children.finished;
  await Promise.all([network?.stop(), watch?.stop()]);
  return { processes: plans.length, failure: state.failure };
}

/** The cluster starts behind the networks: they show how fast they come, and that should not be beside ten programs that start. */
async function untilCalm(model: NetworkModel, hasGuests: boolean, signals: StopSignals): Promise<void> {
  for (let step = 0; step < CALM_STEPS_MAX && signals.requestedAt === undefined; step++) {
    const rows = model.rows();
    if (!hasGuests || rows.every(({ hasAnswered }) => hasAnswered)) return;
    await sleep(CALM_STEP_MS);
  }
}

interface SampleCluster {
  readonly plans: readonly ChildPlan[];
  readonly addresses: ClusterAddresses;
  readonly model: ClusterModel;
}

/** Nothing with `--no-routers`. */
async function prepareCluster(
  config: UpConfig,
  { cluster: addresses }: PartAddresses,
): Promise<SampleCluster | undefined> {
  if (addresses === undefined) return undefined;
  const plans = await clusterPlans({ config, addresses, random: systemRandom });
  return { plans, addresses, model: new ClusterModel({ routers: ROUTER_COUNT, devices: config.devices }) };
}

/** Looks into the guest of a sample attachment, which is there after the first start. */
function guestCommand(laboratory: string): string {
  return `ip netns exec ${laboratory}-guest-${guestName("blue/cart-7")} ip -br address`;
}
