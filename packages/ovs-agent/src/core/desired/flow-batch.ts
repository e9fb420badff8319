// The flow-mods of many owners as one bundle. Flows are derived when they are encoded and never kept.
import {
  encodeFlow,
  encodeFlowDelete,
  type Flow,
  flowKey,
  type FlowSelector,
  type MessageBuffer,
  type MessageHeader,
  type MessageSource,
} from "@coracle/openflow";
import { LOCAL_FLOW_COUNT } from "../pipeline/local-flows.ts";
import { type BridgePorts, interfaceFlows } from "../pipeline/interface-flows.ts";
import { type RemoteEncoder, remoteEncoder } from "../pipeline/remote-encoder.ts";
import { hostFlow, REMOTE_FLOW_COUNT } from "../pipeline/remote-flows.ts";
import type { NetworkInterface } from "../interface.ts";
import { type Entry, nextStep, targetPort } from "./entry.ts";
import type { HostChange } from "./host-counts.ts";

/** What a batch does for one owner: flows for `before` give way to flows for `after`. */
export interface FlowOp {
  readonly entry: Entry;
  readonly before: NetworkInterface | undefined;
  readonly beforePort: number;
  readonly after: NetworkInterface | undefined;
  readonly afterPort: number;
}

/** What an entry that is to be installed or uninstalled needs. */
export function opOf(entry: Entry): FlowOp {
  const after = nextStep(entry) === "install" ? entry.target : undefined;
  const afterPort = after === undefined ? 0 : (targetPort(entry) ?? 0);
  return { entry, before: entry.flows, beforePort: entry.flowsPort, after, afterPort };
}

/** One flow-mod. */
export type FlowMessage =
  { readonly kind: "add"; readonly flow: Flow } | { readonly kind: "delete"; readonly selector: FlowSelector };

/** Deletes exactly this flow. */
export function deleteFlow(flow: Flow): FlowMessage {
  return { kind: "delete", selector: { table: flow.table, priority: flow.priority, match: flow.match } };
}

/** The flow-mods of hosts that appear or go. */
export function hostMessages(change: HostChange, ports: BridgePorts): FlowMessage[] {
  return [
    ...change.added.map((host): FlowMessage => ({ kind: "add", flow: hostFlow(host, ports.tunnelPort, ports.round) })),
    ...change.removed.map((host) => deleteFlow(hostFlow(host, ports.tunnelPort, ports.round))),
  ];
}

/**
 * Kinds of flow-mods, one bit each. Two messages of a kind differ in numbers alone, so a switch that could read one can read
 * the other. Flows that replace each other are of no known kind.
 */
const SHAPE = { leadAdd: 1, leadDelete: 2, localAdd: 4, localDelete: 8, remoteAdd: 16, remoteDelete: 32 } as const;

/** Leading messages, then those of each owner. */
export class FlowBatch implements MessageSource {
  readonly count: number;
  readonly ops: readonly FlowOp[];
  /** The kinds of its messages, a bit each; `undefined` if one is of no known kind. */
  readonly shapes: number | undefined;
  readonly #lead: readonly FlowMessage[];
  readonly #ports: BridgePorts;
  /** The index of each owner's first message. */
  readonly #starts: Uint32Array;
  readonly #remotes: RemoteEncoder;
  #cursor = 0;
  #messages: readonly FlowMessage[] | undefined;

  constructor(lead: readonly FlowMessage[], ops: readonly FlowOp[], ports: BridgePorts) {
    this.ops = ops;
    this.#lead = lead;
    this.#ports = ports;
    this.#remotes = remoteEncoder(ports);
    this.shapes = shapesOf(lead, ops);
    this.#starts = new Uint32Array(ops.length);
    let count = lead.length;
    for (const [index, op] of ops.entries()) {
      this.#starts[index] = count;
      count += this.#sizeOf(op);
    }
    this.count = count;
  }

  encode(index: number, buffer: MessageBuffer, header: MessageHeader): void {
    const at = this.#indexOf(index);
    const op = this.ops[at];
    if (op?.after?.kind === "remote" && op.before === undefined) {
      this.#cursor = at;
      this.#messages = undefined;
      return this.#remotes.encode(op.after, index - (this.#starts[at] ?? 0), buffer, header);
    }
    if (at !== this.#cursor || this.#messages === undefined) {
      this.#cursor = at;
      this.#messages = op === undefined ? [] : opMessages(op, this.#ports);
    }
    const message = op === undefined ? this.#lead[index] : this.#messages[index - (this.#starts[at] ?? 0)];
    if (message?.kind === "add") encodeFlow(buffer, header, "add", message.flow);
    else if (message !== undefined) encodeFlowDelete(buffer, header, message.selector);
  }

  /** True if it adds flows of other hosts' interfaces, and does nothing else. */
  get isAddition(): boolean {
    return this.shapes !== undefined && (this.shapes & ~(SHAPE.leadAdd | SHAPE.remoteAdd)) === 0;
  }

  /** Whose message this is; `undefined` for a leading one. */
  opAt(index: number): FlowOp | undefined {
    return this.ops[this.#indexOf(index)];
  }

  /** Which owner's messages `index` is among, or -1. Messages are asked for in order, so the next is near. */
  #indexOf(index: number): number {
    if (index < this.#lead.length) return -1;
    const starts = this.#starts;
    let low = (starts[this.#cursor] ?? Infinity) <= index ? this.#cursor : 0;
    if ((starts[low + 1] ?? Infinity) > index) return low;
    if ((starts[low + 2] ?? Infinity) > index) return low + 1;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((starts[middle] ?? Infinity) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #sizeOf(op: FlowOp): number {
    if (op.before !== undefined && op.after !== undefined) return opMessages(op, this.#ports).length;
    return flowCount(op.before) + flowCount(op.after);
  }
}

function shapesOf(lead: readonly FlowMessage[], ops: readonly FlowOp[]): number | undefined {
  let shapes = 0;
  for (const { kind } of lead) shapes |= kind === "add" ? SHAPE.leadAdd : SHAPE.leadDelete;
  for (const { before, after } of ops) {
    if (before !== undefined && after !== undefined) return undefined;
    if (after !== undefined) shapes |= after.kind === "local" ? SHAPE.localAdd : SHAPE.remoteAdd;
    if (before !== undefined) shapes |= before.kind === "local" ? SHAPE.localDelete : SHAPE.remoteDelete;
  }
  return shapes;
}

/** How many flows an interface has. */
export function flowCount(place: NetworkInterface | undefined): number {
  if (place === undefined) return 0;
  return place.kind === "local" ? LOCAL_FLOW_COUNT : REMOTE_FLOW_COUNT;
}

/** Strict deletes of flows that are not replaced, then adds. */
function opMessages(op: FlowOp, ports: BridgePorts): FlowMessage[] {
  const before = op.before === undefined ? [] : interfaceFlows(op.before, op.beforePort, ports);
  const after = op.after === undefined ? [] : interfaceFlows(op.after, op.afterPort, ports);
  const kept = before.length === 0 || after.length === 0 ? undefined : new Set(after.map(flowKey));
  const gone = kept === undefined ? before : before.filter((flow) => !kept.has(flowKey(flow)));
  return [...gone.map(deleteFlow), ...after.map((flow): FlowMessage => ({ kind: "add", flow }))];
}
