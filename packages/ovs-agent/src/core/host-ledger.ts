// What became of this node's attachments here: interface, commands, and the facts their status is made of.
import { formatIp, numberToIpv4 } from "@coracle/base";
import type { LocalView } from "./attachment-fields.ts";
import type { LocalState } from "./attachment-machine-types.ts";
import { type ExecMoment, type ExecRun, type ExecVariables, expandCommand, refusalOf } from "./exec-command.ts";
import type { ExecJob } from "./exec-queue.ts";
import type { FabricEvent, LocalInterface } from "./fabric.ts";
import { deviceName, guestMac, macText } from "./mac-address.ts";
import type { HostFacts, InterfaceOutcome, PostCreateOutcome } from "./status-plan.ts";

/** What the ledger asks of its driver. */
export type LedgerOutput =
  /** The status of this owner may have to be written. */
  | { readonly kind: "status"; readonly owner: string }
  | { readonly kind: "exec"; readonly job: ExecJob }
  /** Tell people, as an Event. */
  | {
      readonly kind: "event";
      readonly view: LocalView;
      readonly type: "Normal" | "Warning";
      readonly reason: string;
      readonly message: string;
    };

/** Settings of a {@link HostLedger}. */
export interface HostLedgerOptions {
  readonly hostIp: string;
  readonly allowedPrograms: ReadonlySet<string>;
}

/** An interface that exists on this host. */
interface Installed {
  readonly interface: LocalInterface;
  /** The attachment as it was seen last, by which the command after deletion is run. */
  view: LocalView;
  /** Run of the command after creation that counts. */
  jobId: number;
}

interface HostRecord {
  view: LocalView;
  state: LocalState | undefined;
  outcome: InterfaceOutcome;
  postCreate: PostCreateOutcome;
  isOldReportVoid: boolean;
}

/**
 * Follows each local attachment from its desire to its interface and its commands. Records are as many as attachments of this
 * node, plus interfaces whose removal the fabric has not told yet.
 */
export class HostLedger {
  readonly #options: HostLedgerOptions;
  readonly #records = new Map<string, HostRecord>();
  readonly #installed = new Map<string, Installed>();
  readonly #survivorUids = new Map<string, string>();
  readonly #outputs: LedgerOutput[] = [];
  #lastJobId = 0;
  #trouble: string | undefined;

  constructor(options: HostLedgerOptions) {
    this.#options = options;
  }

  poll(): LedgerOutput | undefined {
    return this.#outputs.shift();
  }

  /** The fabric has found these interfaces of an earlier run. */
  noteSurvivors(survivors: readonly LocalInterface[]): void {
    this.#survivorUids.clear();
    for (const each of survivors) this.#survivorUids.set(keyOf(each), each.uid);
  }

  /** A local attachment came, changed, or may or may not have an interface now. */
  noteState(state: LocalState): void {
    const { view } = state;
    const record = this.#records.get(view.owner) ?? {
      view,
      state,
      outcome: { kind: "pending" },
      postCreate: { kind: "none" },
      isOldReportVoid: false,
    };
    const isMoved = record.view.vni !== view.vni || record.view.ipv4 !== view.ipv4;
    record.view = view;
    record.state = state;
    if (isMoved || record.outcome.kind === "refused") {
      record.outcome = { kind: "pending" };
      record.postCreate = { kind: "none" };
    }
    const refused = refusal(state);
    if (refused !== undefined) record.outcome = refused;
    this.#records.set(view.owner, record);
    const installed = this.#installed.get(keyOf(view));
    if (installed?.interface.uid === view.uid || installed?.view.uid === view.uid) installed.view = view;
    if (state.block?.kind !== "superseded") this.#outputs.push({ kind: "status", owner: view.owner });
  }

  /** The attachment has left this node: deleted, or without an address. Its status is to be cleared if it still exists. */
  noteGone(owner: string): void {
    this.#records.delete(owner);
    this.#outputs.push({ kind: "status", owner });
  }

  /** The fabric told an outcome. */
  noteFabric(event: FabricEvent): void {
    if (event.interface.kind !== "local") return;
    const local = event.interface;
    const record = this.#records.get(local.owner);
    const isWanted = record !== undefined && keyOf(record.view) === keyOf(local) && record.outcome.kind !== "refused";
    if (event.kind === "removed") this.#onRemoved(local);
    else if (event.kind === "failed" && isWanted) {
      record.outcome = { kind: "failed", code: event.code, message: event.message };
      this.#outputs.push({ kind: "status", owner: local.owner });
      this.#tell(
        record.view,
        "Warning",
        event.code === "ADDRESS_TAKEN" ? "AddressTaken" : "FabricError",
        event.message,
      );
    } else if (event.kind === "implemented" && isWanted) this.#onImplemented(record, local, event.created);
  }

  /** The fabric cannot be reached for a while now, or can again. The first reason is told until then. */
  noteTrouble(trouble: string | undefined): void {
    if ((this.#trouble === undefined) === (trouble === undefined)) return;
    this.#trouble = trouble;
    for (const [owner, { outcome }] of this.#records) {
      if (outcome.kind === "pending") this.#outputs.push({ kind: "status", owner });
    }
  }

  /** A command ended, or was refused by a full queue. */
  noteRun(job: ExecJob, run: ExecRun): void {
    const record = this.#records.get(job.owner);
    const isBad = run.reason !== "Succeeded";
    if (job.moment === "postDelete") {
      if (isBad && record !== undefined) this.#tell(record.view, "Warning", "PostDeleteExecFailed", run.message);
      return;
    }
    // A run for an interface that is not wanted any more, or was made anew, says nothing about the one there is.
    if (record === undefined || this.#installed.get(keyOf(record.view))?.jobId !== job.id) return;
    const { reason, message, report } = run;
    record.postCreate = { kind: "ended", isSuccess: !isBad, reason, message, report };
    this.#outputs.push({ kind: "status", owner: job.owner });
    if (isBad) this.#tell(record.view, "Warning", "PostCreateExecFailed", message);
  }

  /** What the status of an owner is made of; `undefined` when it is not ours to write. */
  facts(owner: string): HostFacts | undefined {
    const record = this.#records.get(owner);
    if (record === undefined || record.state?.block?.kind === "superseded") return undefined;
    const { postCreate, isOldReportVoid } = record;
    const isHeldUp = record.outcome.kind === "pending" && this.#trouble !== undefined;
    const outcome = isHeldUp ? { kind: "pending" as const, trouble: this.#trouble } : record.outcome;
    return { hostIp: this.#options.hostIp, outcome, postCreate, isOldReportVoid };
  }

  /** These facts are in the API now: a report need not be kept any longer. */
  noteWritten(owner: string, facts: HostFacts): void {
    const record = this.#records.get(owner);
    if (record === undefined) return;
    if (record.postCreate === facts.postCreate && facts.postCreate.kind === "ended") {
      record.postCreate = { kind: "none" };
      record.isOldReportVoid = false;
    } else if (facts.outcome.kind === "implemented" && facts.postCreate.kind !== "ended")
      record.isOldReportVoid = false;
  }

  /** Local interfaces that exist, and how far each attachment is, for people. */
  *list(): Generator<{ readonly view: LocalView; readonly outcome: InterfaceOutcome }> {
    for (const { view, outcome } of this.#records.values()) yield { view, outcome };
  }

  #onImplemented(record: HostRecord, local: LocalInterface, created: boolean): void {
    const { view } = record;
    const key = keyOf(local);
    const known = this.#installed.get(key);
    const variables = variablesOf(local);
    record.outcome = { kind: "implemented", macAddress: variables.mac, ifcName: variables.ifname };
    this.#outputs.push({ kind: "status", owner: local.owner });
    const installed = known ?? { interface: local, view, jobId: 0 };
    installed.view = view;
    this.#installed.set(key, installed);
    // An attachment that was made anew under its name takes the interface over, as it is.
    const isTakenOver = known !== undefined && known.interface.uid !== local.uid;
    const isNew = created && !isTakenOver;
    if (isTakenOver) this.#installed.set(key, { ...installed, interface: local });
    if (isNew) {
      record.isOldReportVoid = true;
      record.postCreate = { kind: "none" };
      this.#tell(view, "Normal", "Implemented", `The interface ${variables.ifname} is in place.`);
    }
    const message = refusalOf(view.postCreateExec, this.#options.allowedPrograms);
    if (message !== undefined) {
      if (isNew) this.#tell(view, "Warning", "ProgramNotAllowed", message);
      record.postCreate = { kind: "not-allowed", message };
    } else if (view.postCreateExec.length > 0 && (isNew || this.#wasCutShort(known, key, view))) {
      installed.jobId = this.#submit("postCreate", view, variables);
    }
    this.#survivorUids.delete(key);
  }

  /** An earlier run made this very interface and ended before it could report on the command. */
  #wasCutShort(known: Installed | undefined, key: string, view: LocalView): boolean {
    return known === undefined && this.#survivorUids.get(key) === view.uid && !view.reported.hasExecReport;
  }

  #onRemoved(local: LocalInterface): void {
    const key = keyOf(local);
    const installed = this.#installed.get(key);
    if (installed === undefined) return;
    this.#installed.delete(key);
    const { view } = installed;
    const record = this.#records.get(local.owner);
    if (record !== undefined && keyOf(record.view) === key && record.outcome.kind === "implemented") {
      record.outcome = { kind: "pending" };
    }
    if (view.postDeleteExec.length === 0) return;
    const message = refusalOf(view.postDeleteExec, this.#options.allowedPrograms);
    if (message === undefined) this.#submit("postDelete", view, variablesOf(local));
    else this.#tell(view, "Warning", "ProgramNotAllowed", message.replace("after creation", "after deletion"));
  }

  #submit(moment: ExecMoment, view: LocalView, variables: ExecVariables): number {
    const id = ++this.#lastJobId;
    const command = expandCommand(moment === "postCreate" ? view.postCreateExec : view.postDeleteExec, variables);
    this.#outputs.push({ kind: "exec", job: { owner: view.owner, moment, command, id } });
    return id;
  }

  #tell(view: LocalView, type: "Normal" | "Warning", reason: string, message: string): void {
    this.#outputs.push({ kind: "event", view, type, reason, message });
  }
}

function keyOf(place: { readonly owner: string; readonly vni: number; readonly ipv4: number }): string {
  return `${place.owner} ${place.vni} ${place.ipv4}`;
}

function variablesOf({ vni, ipv4 }: LocalInterface): ExecVariables {
  return { ifname: deviceName(vni, ipv4), ipv4: formatIp(numberToIpv4(ipv4)), mac: macText(guestMac(vni, ipv4)) };
}

function refusal({ view, block }: LocalState): InterfaceOutcome | undefined {
  if (block?.kind === "unusable-address") {
    const message = `Cannot make an interface: address ${JSON.stringify(view.ipv4Text)} with VNI ${view.vni} is not an IPv4 address of RFC 1918 in a virtual network`;
    return { kind: "refused", reason: "AddressUnusable", message };
  }
  if (block?.kind === "foreign-vni") {
    const message = `Cannot make an interface: on this node namespace ${block.namespace} still uses VNI ${view.vni}`;
    return { kind: "refused", reason: "VirtualNetworkInUse", message };
  }
  return undefined;
}
