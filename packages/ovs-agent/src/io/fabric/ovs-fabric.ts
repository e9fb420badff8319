// The fabric on a real Open vSwitch: one database connection, one OpenFlow connection, batches that grow under load.
import type { Clock } from "@coracle/base";
import { encodeSetAsync, formatFlow, PORT_STATUS_ADD, PORT_STATUS_DELETE } from "@coracle/openflow";
import { type OpenflowClient, type OpenflowCommands, type OpenflowNotice, openOpenflow } from "@coracle/openflow/io";
import { type OvsdbClient, openOvsdb } from "@coracle/ovsdb/io";
import { sleep, startTimer, systemClock, type Timer } from "@coracle/runtime";
import { DesiredTable } from "../../core/desired/desired-table.ts";
import type { FlowBatch } from "../../core/desired/flow-batch.ts";
import { expectedFlows } from "../../core/desired/expected-flows.ts";
import type { AbandonSignal, Fabric, FabricEvent, FabricState } from "../../core/fabric.ts";
import type { LocalInterface, NetworkInterface } from "../../core/interface.ts";
import { deviceName } from "../../core/mac-address.ts";
import { bridgeFlows } from "../../core/pipeline/bridge-flows.ts";
import { BridgeWatch, isSetUp, setUpBridge } from "./bridge-setup.ts";
import { LANE_PAUSE_MS, Lane, type LaneStep, persist } from "./lane.ts";
import { FabricError, messageOf } from "./fabric-error.ts";
import { noCounters } from "./fabric-counters.ts";
import { FabricListeners } from "./fabric-listeners.ts";
import { auditFlows } from "./flow-audit.ts";
import { type Filling, fillSwitch, refusalOf } from "./flow-installer.ts";
import { findBridge, foreignPorts, keepRound, localOfDevice, OVS_TABLE, portsOf } from "./ovs-database.ts";
import { EXTERNAL_ID, type OvsFabricOptions, type OvsSettings, ovsSettings } from "./ovs-options.ts";
import { changePorts } from "./port-changes.ts";
import { SwitchPortTable } from "./switch-port-table.ts";

/** Changes of a port's state are told twice for each port that is made, and do not matter here. */
const PORTS_THAT_COME_AND_GO = PORT_STATUS_ADD | PORT_STATUS_DELETE;

/** A fabric that has not been started. */
export function createOvsFabric(options: OvsFabricOptions): OvsFabric {
  return new OvsFabric(options);
}

/** See {@link createOvsFabric}. */
export class OvsFabric implements Fabric {
  readonly name = "ovs";
  readonly onEvent: (listener: (event: FabricEvent) => void) => () => void;
  readonly #settings: OvsSettings;
  readonly #clock: Clock;
  readonly #listeners = new FabricListeners();
  readonly #table: DesiredTable;
  readonly #ports = new SwitchPortTable();
  readonly #abort = new AbortController();
  readonly #reasons = new Map<"database" | "switch" | "bridge" | "flows", string>();
  readonly #counters = noCounters();
  /** Two of each, so that the switch has the next bundle, and the database the next ports, while those before are made. */
  readonly #flowLanes = [1, 2].map(() => new Lane(() => this.#sendBundle(), this.#abort.signal));
  readonly #portLanes = [1, 2].map(() => new Lane(() => this.#changePorts(), this.#abort.signal));
  #database: OvsdbClient | undefined;
  #switch: OpenflowClient | undefined;
  #round = 0;
  /** Kinds of flow-mods that the switch has taken on the present connection. */
  #provenShapes = 0;
  #survivors: readonly LocalInterface[] = [];
  #isAdopting = false;
  #isAdopted = false;
  #isSettingUp = false;
  #isFilling = false;
  #isKicked = false;
  #retryTimer: Timer | undefined;

  constructor(options: OvsFabricOptions) {
    this.#settings = ovsSettings(options);
    this.#clock = options.clock ?? systemClock;
    this.onEvent = this.#listeners.onEvent;
    this.#table = new DesiredTable({
      clock: this.#clock,
      limits: { bundleOwnersMax: this.#settings.bundleOwnersMax },
      tell: (event) => {
        if (event.kind === "failed") this.#counters.failures++;
        this.#listeners.tell(event);
      },
    });
  }

  async start(signal: AbandonSignal): Promise<void> {
    const giveUp = (): void => this.#abort.abort();
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp);
    try {
      const database = this.#openDatabase();
      await this.#until(async () => {
        if (!database.isReady) await database.whenReady(this.#settings.configureTimeoutMs);
        await setUpBridge(database, this.#settings);
      });
      const bridge = findBridge(database, this.#settings.bridge);
      this.#round = Number(bridge?.external_ids.get(EXTERNAL_ID.round) ?? 0) || 0;
      this.#survivors = [...portsOf(database, bridge).values()].flatMap(({ device }) => localOfDevice(device) ?? []);
      const openflow = this.#openSwitch();
      await this.#until(() => openflow.whenReady());
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  survivors(): readonly LocalInterface[] {
    return this.#survivors.filter(({ owner }) => owner !== "");
  }

  desire(wanted: NetworkInterface): void {
    this.#table.desire(wanted);
    if (this.#table.hasFullBundle) for (const lane of this.#flowLanes) void lane.run(); // Read while more is declared.
    this.#kick();
  }

  release(owner: string): void {
    this.#table.release(owner);
    this.#kick();
  }

  adopt(): void {
    if (this.#isAdopting) return;
    this.#isAdopting = true;
    for (const local of this.#survivors) {
      const name = deviceName(local.vni, local.ipv4);
      this.#table.adopt(local.owner === "" ? { ...local, owner: `device ${name}` } : local, this.#ports.get(name) ?? 0);
    }
    this.#survivors = [];
    void this.#refill();
    void this.#audit();
  }

  state(): FabricState {
    const { local, remote, pending, failing } = this.#table.counts;
    const [reason] = this.#reasons.values();
    const foreign = this.#database === undefined ? [] : foreignPorts(this.#database, this.#settings);
    return {
      connected: this.#database?.isReady === true && this.#switch?.isReady === true,
      ...(reason === undefined ? {} : { reason }),
      adopted: this.#isAdopted,
      localCount: local,
      remoteCount: remote,
      pending,
      failing,
      flowsDesired: this.#flowsDesired,
      foreignPorts: foreign,
      counters: { ...this.#counters },
    };
  }

  *flows(): Generator<string> {
    for (const { flow } of expectedFlows(this.#table, this.#bridgePorts())) yield formatFlow(flow);
  }

  settled(signal?: AbandonSignal): Promise<void> {
    return this.#listeners.settled(() => !this.#isKicked && this.#table.isSettled, signal);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#retryTimer?.cancel();
    this.#listeners.close();
    this.#ports.close();
    await Promise.all([this.#switch?.close(), this.#database?.close()]);
  }

  #bridgePorts(): { readonly tunnelPort: number; readonly round: number } {
    return { tunnelPort: this.#ports.get(this.#settings.tunnel) ?? 0, round: this.#round };
  }

  async #until(attempt: () => Promise<void>): Promise<void> {
    try {
      await persist(attempt, this.#abort.signal, (thrown) => this.#troubled("bridge", thrown));
    } catch (thrown) {
      const options = { cause: thrown };
      throw new FabricError("ABORTED", "Cannot go on with Open vSwitch as the fabric is being closed", options);
    }
    this.#reasons.delete("bridge");
  }

  #troubled(what: "database" | "switch" | "bridge" | "flows", thrown: unknown): void {
    const message = messageOf(thrown);
    if (this.#reasons.get(what) !== message) this.#settings.onLog?.(message, { part: what });
    this.#reasons.set(what, message);
  }

  #openDatabase(): OvsdbClient {
    const { runDirectory, backoff } = this.#settings;
    const database = openOvsdb({
      target: { path: `${runDirectory}/db.sock` },
      tables: Object.values(OVS_TABLE),
      ...(backoff === undefined ? {} : { backoff }),
      onNotice: (notice) => {
        if (notice.kind === "down") this.#troubled("database", notice.message);
        if (notice.kind !== "up") return;
        this.#reasons.delete("database");
        this.#kick();
      },
    });
    const watch = new BridgeWatch(database, this.#settings);
    database.monitor((changes) => void (watch.isTouched(changes) && this.#checkBridge()));
    this.#database = database;
    return database;
  }

  /** Someone may have deleted or changed our bridge, or the database is a new one. */
  #checkBridge(): void {
    const database = this.#database;
    if (this.#switch === undefined || database === undefined || this.#isSettingUp) return;
    if (isSetUp(database, this.#settings)) return;
    this.#isSettingUp = true;
    void this.#until(() => setUpBridge(database, this.#settings))
      .catch(() => undefined)
      .finally(() => {
        this.#isSettingUp = false;
        this.#kick();
      });
  }

  #openSwitch(): OpenflowClient {
    const { runDirectory, bridge, backoff } = this.#settings;
    const openflow = openOpenflow({
      target: { path: `${runDirectory}/${bridge}.mgmt` },
      ...(backoff === undefined ? {} : { backoff }),
      onResync: (commands) => this.#resync(commands),
      onNotice: (notice) => this.#noticed(notice),
    });
    this.#switch = openflow;
    return openflow;
  }

  #noticed(notice: OpenflowNotice): void {
    switch (notice.kind) {
      case "down":
        this.#table.hold();
        this.#provenShapes = 0;
        return this.#troubled("switch", notice.message);
      case "up":
        this.#reasons.delete("switch");
        return this.#kick();
      case "port-status": {
        const { reason, port } = notice.status;
        return this.#portChanged(port.name, reason === "delete" ? 0 : port.port);
      }
      case "stray-error":
        return this.#troubled("flows", notice.text);
      case "packet-in":
    }
  }

  #portChanged(name: string, ofport: number): void {
    if ((this.#ports.get(name) ?? 0) === ofport) return;
    this.#ports.set(name, ofport);
    if (name === this.#settings.tunnel) {
      // Flows to a tunnel that is not there would be refused.
      if (ofport === 0) return this.#table.hold();
      void this.#refill();
      return;
    }
    this.#table.portChanged(name, ofport);
    this.#kick();
  }

  /** On every new OpenFlow connection, before anything else is sent on it. */
  async #resync(commands: OpenflowCommands): Promise<void> {
    this.#table.hold();
    const reasons = { packetInReasons: 0, portStatusReasons: PORTS_THAT_COME_AND_GO, flowRemovedReasons: 0 };
    await commands.send([{ kind: "other", encode: (buffer, header) => encodeSetAsync(buffer, header, reasons) }]);
    const ports = new Map((await commands.dumpPorts()).map(({ name, port }) => [name, port] as const));
    this.#ports.replace(ports);
    if (!ports.has(this.#settings.tunnel)) {
      throw new FabricError("NO_TUNNEL", `Cannot install flows as the switch has no port ${this.#settings.tunnel}`);
    }
    this.#table.setPorts(ports);
    this.#table.retry("all");
    if (this.#isAdopting) await this.#fill(commands);
  }

  /** The whole table again on a connection in use: when adopting, and when the tunnel's port has another number. */
  async #refill(): Promise<void> {
    const openflow = this.#switch;
    if (!this.#isAdopting || openflow === undefined || !openflow.isReady || this.#isFilling) return;
    if (this.#ports.get(this.#settings.tunnel) === undefined) return;
    this.#table.hold();
    try {
      await this.#fill(openflow);
      this.#reasons.delete("flows");
    } catch (thrown) {
      // A new connection fills the switch by itself; else once more after a while.
      this.#troubled("flows", thrown);
      await sleep(LANE_PAUSE_MS, this.#abort.signal).catch(() => undefined);
      if (!this.#abort.signal.aborted && this.#table.isHeld) void this.#refill();
    }
  }

  get #flowsDesired(): number {
    return this.#table.counts.flows + bridgeFlows(this.#round).length;
  }

  #audit(): Promise<void> {
    const audited = {
      isQuiet: () => this.#isAdopted && this.#switch?.isReady === true && !this.#isFilling && this.#table.isSettled,
      changes: () => this.#counters.flowMods,
      expected: () => this.#flowsDesired,
      count: async () => (await this.#switch?.aggregate())?.flowCount ?? 0,
      compare: () => this.#refill(),
    };
    return auditFlows(audited, { intervalMs: this.#settings.auditIntervalMs, signal: this.#abort.signal });
  }

  async #fill(commands: OpenflowCommands): Promise<void> {
    const { tunnelPort } = this.#bridgePorts();
    this.#isFilling = true;
    try {
      this.#filled(await fillSwitch(commands, this.#table, this.#bridgePorts()));
    } finally {
      this.#isFilling = false;
    }
    this.#isAdopted = true;
    if (tunnelPort !== this.#bridgePorts().tunnelPort) return void this.#refill();
    this.#table.letGo();
    this.#kick();
  }

  #filled(filling: Filling): void {
    this.#counters.bundles += filling.bundles;
    this.#counters.bundlesFailed += filling.bundlesFailed;
    this.#counters.flowMods += filling.flowMods;
    this.#counters.foreignFlowsRemoved += filling.foreignFlowsRemoved;
    const isNews = filling.flowMods > 0 || !this.#isAdopted;
    if (isNews) this.#settings.onLog?.("flows are as they should be", { ...filling });
    if (filling.kind === "compared") return;
    this.#counters.replays++;
    this.#round++;
    // Best effort: a lost round only makes two installations share a number.
    void keepRound(this.#database, this.#settings.bridge, this.#round).catch((why) => this.#troubled("bridge", why));
  }

  /** Sends what can be sent, once the present turn of the event loop has declared all it wants. */
  #kick(): void {
    if (this.#isKicked || this.#abort.signal.aborted) return;
    this.#isKicked = true;
    queueMicrotask(() => {
      this.#isKicked = false;
      for (const lane of [...this.#flowLanes, ...this.#portLanes]) void lane.run();
      this.#armRetry();
      this.#listeners.check();
    });
  }

  async #sendBundle(): Promise<LaneStep> {
    const openflow = this.#switch;
    const batch = openflow?.isReady === true ? this.#table.takeBundle(this.#bridgePorts()) : undefined;
    if (openflow === undefined || batch === undefined) return "idle";
    // What the switch has taken before it can read: nothing is gained by waiting before the commit.
    const commitAtOnce = batch.shapes !== undefined && (batch.shapes & ~this.#provenShapes) === 0;
    try {
      await openflow.bundle(batch, { commitAtOnce });
    } catch (thrown) {
      return this.#bundleFailed(batch, thrown);
    }
    if (batch.shapes !== undefined) this.#provenShapes |= batch.shapes;
    this.#counters.bundles++;
    this.#counters.flowMods += batch.count;
    this.#table.bundleDone(batch, { kind: "done" });
    this.#kick();
    return "again";
  }

  #bundleFailed(batch: FlowBatch, thrown: unknown): LaneStep {
    const refusal = refusalOf(thrown);
    if (refusal === undefined) {
      this.#table.bundleDone(batch, { kind: "lost" });
      return "pause";
    }
    this.#counters.bundlesFailed++;
    const offenders = new Set(refusal.indexes.flatMap((index) => batch.opAt(index) ?? []));
    this.#table.bundleDone(batch, { kind: "refused", message: refusal.message, offenders });
    this.#kick();
    // Some of it is installed: only a comparison tells what.
    if (refusal.isPartial) void this.#refill();
    this.#provenShapes = 0;
    return "again";
  }

  async #changePorts(): Promise<LaneStep> {
    const database = this.#database;
    if (this.#isSettingUp || database?.isReady !== true) return "idle";
    const ops = this.#table.takePorts();
    if (ops.length === 0) return "idle";
    const result = await changePorts(ops, database, this.#ports, this.#settings);
    this.#counters.transactions++;
    if (result.kind === "refused") this.#table.portsRefused(ops, result.message);
    else this.#table.portsDone(ops, result.outcomes);
    this.#kick();
    const isLost = result.kind === "outcomes" && result.outcomes.some(({ kind }) => kind === "lost");
    return isLost ? "pause" : "again";
  }

  #armRetry(): void {
    this.#retryTimer?.cancel();
    this.#retryTimer = undefined;
    const at = this.#table.nextTimeout();
    if (at === undefined) return;
    this.#retryTimer = startTimer(Math.max(1, at - this.#clock.now()), () => {
      this.#table.retry();
      this.#kick();
    });
  }
}
