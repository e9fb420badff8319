// The sample network as `up` sees it: attachments become guests, guests ping each other, and what came back is counted.
import { type AttachmentFacts, readAttachment } from "./attachment-facts.ts";
import type { WatcherLine } from "./event-line.ts";
import { member, text } from "./json-member.ts";

/** Something to do with a guest. */
export type GuestAction =
  | {
      readonly kind: "place";
      readonly name: string;
      readonly host: string;
      readonly device: string;
      readonly address: string;
    }
  | { readonly kind: "remove"; readonly name: string };

/** One ping to send. `isolated` pings cross from one virtual network to another: they must come back empty. */
export interface PingPlan {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  readonly isIsolated: boolean;
}

/** How a ping ended: the round-trip time, or nothing came back. */
export type PingOutcome = { readonly rttMs: number } | "lost";

/** News of the network for people. */
export interface NetworkNews {
  readonly event: string;
  readonly text: string;
}

/** Replies among pings sent. */
export interface PingCount {
  sent: number;
  replies: number;
}

/** One attachment as it stands. */
export interface AttachmentRow {
  readonly name: string;
  facts: AttachmentFacts;
  /** What it was placed with; `undefined` while it is no guest. */
  placed: GuestAction | undefined;
  isPlaced: boolean;
  /** A ping of it was answered since it was placed. */
  hasAnswered: boolean;
  /** Who answered it and then did not. */
  silent: string | undefined;
  /** From creation to its first reply. */
  pingedMs: number | undefined;
  lastPing: { readonly to: string; readonly outcome: PingOutcome } | undefined;
  /** Since its first reply, or since it was placed while there is none. */
  pings: PingCount;
}

/** More guests than this are not made: each is a namespace, and a ping a second. */
const GUESTS_MAX = 64;

/** The model. `hosts` are the hosts whose devices can be had; with none there are rows, and no guests. */
export class NetworkModel {
  readonly #hosts: ReadonlySet<string>;
  readonly #startedWallMs: number;
  readonly #rows = new Map<string, AttachmentRow>();
  readonly #prefixBits = new Map<string, string>();
  readonly #actions: GuestAction[] = [];
  readonly #news: NetworkNews[] = [];
  readonly isolation: PingCount = { sent: 0, replies: 0 };

  constructor(hosts: readonly string[], startedWallMs: number) {
    this.#hosts = new Set(hosts);
    this.#startedWallMs = startedWallMs;
  }

  /** Takes in a line about an object; others do nothing. */
  take(line: WatcherLine): void {
    if (line.kind === "Subnet") this.#takeSubnet(line);
    else if (line.kind === "NetworkAttachment") this.#takeAttachment(line);
  }

  /** Every attachment, by name. */
  rows(): readonly AttachmentRow[] {
    return [...this.#rows.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The next thing to do with a guest. */
  pollAction(): GuestAction | undefined {
    return this.#actions.shift();
  }

  /** The next news. */
  pollNews(): NetworkNews | undefined {
    return this.#news.shift();
  }

  /** The guest's device is in its namespace. */
  guestPlaced(action: GuestAction): void {
    const row = this.#rows.get(action.name);
    if (row?.placed === action) row.isPlaced = true;
  }

  /** True until something newer was decided about the guest. */
  isWanted(action: GuestAction): boolean {
    return this.#rows.get(action.name)?.placed === action;
  }

  /** The guest could not be placed yet. */
  guestFailed(action: GuestAction, reason: string): void {
    if (this.isWanted(action))
      this.#news.push({ event: "guest", text: `guest ${action.name} is not placed: ${reason}` });
  }

  /** The pings of one round: within a network each guest to the next, on another host if there is one; and one between networks. */
  planPings(): PingPlan[] {
    const networks = new Map<number, AttachmentRow[]>();
    for (const row of this.rows()) {
      if (row.isPlaced) networks.set(row.facts.vni, [...(networks.get(row.facts.vni) ?? []), row]);
    }
    const plans = [...networks.values()].flatMap((rows) => rows.flatMap((row) => planWithin(row, rows)));
    const firsts = [...networks.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
    const between = firsts.flatMap((row, index) => {
      const other = firsts[(index + 1) % firsts.length];
      return other === undefined || other === row ? [] : [planPing(row, other, true)];
    });
    return [...plans, ...between];
  }

  /** Pings to or from a guest within its network whose sender has had no answer yet. */
  planFirstPings(name: string): PingPlan[] {
    const concerns = ({ from, to, isIsolated }: PingPlan): boolean => !isIsolated && (from === name || to === name);
    return this.planPings().filter((plan) => concerns(plan) && this.#rows.get(plan.from)?.hasAnswered === false);
  }

  /** Counts a ping that has ended; `wallMs` is the time now. */
  pingEnded(plan: PingPlan, outcome: PingOutcome, wallMs: number): void {
    const row = this.#rows.get(plan.from);
    const isReply = outcome !== "lost";
    if (plan.isIsolated) {
      count(this.isolation, isReply);
      if (isReply) this.#news.push({ event: "ping", text: `isolation broken: ${plan.to} answered ${plan.from}` });
      return;
    }
    if (row === undefined || !row.isPlaced) return;
    const hadReply = row.lastPing?.to === plan.to && row.lastPing.outcome !== "lost";
    row.lastPing = { to: plan.to, outcome };
    count(row.pings, isReply);
    if (isReply && !row.hasAnswered) {
      row.hasAnswered = true;
      // Until then pings measured how long the network took to come: that is what the steps say.
      row.pings = { sent: 1, replies: 1 };
      // What an earlier run created has waited for us, not for its network.
      const isNew = row.facts.createdMs >= this.#startedWallMs;
      if (isNew) row.pingedMs = Math.max(0, wallMs - row.facts.createdMs);
      const steps = isNew ? stepsText(row) : "answered";
      this.#news.push({ event: "pinged", text: `attachment ${row.name}  ${steps}  ${rttText(outcome)} to ${plan.to}` });
    } else if (!isReply && hadReply) {
      row.silent = plan.to;
      this.#news.push({ event: "ping", text: `${plan.to} does not answer ${plan.from}` });
    } else if (isReply && row.silent === plan.to) {
      row.silent = undefined;
      this.#news.push({ event: "ping", text: `${plan.to} answers ${plan.from} again` });
    }
  }

  #takeSubnet({ type, name, object }: WatcherLine): void {
    const bits = text(member(object, "spec", "ipv4")).split("/")[1] ?? "";
    if (type === "DELETED") this.#prefixBits.delete(name);
    else this.#prefixBits.set(name, bits);
    for (const row of this.#rows.values()) if (row.facts.subnet === name) this.#place(row);
  }

  #takeAttachment({ type, name, object }: WatcherLine): void {
    const known = this.#rows.get(name);
    if (type === "DELETED") {
      if (known?.placed !== undefined) this.#actions.push({ kind: "remove", name });
      this.#rows.delete(name);
      return;
    }
    const facts = readAttachment(object);
    if (known !== undefined && known.facts.createdMs !== facts.createdMs) {
      this.#takeAttachment({ type: "DELETED", kind: "", name, initial: false, text: "", object: undefined });
    }
    const row = this.#rows.get(name) ?? newRow(name, facts);
    this.#rows.set(name, row);
    row.facts = facts;
    this.#place(row);
  }

  /** Places, moves or removes the guest of a row so that it fits the facts. */
  #place(row: AttachmentRow): void {
    const { node, subnet, ipv4, device } = row.facts;
    const bits = this.#prefixBits.get(subnet);
    const isWanted = ipv4 !== "" && device !== "" && this.#hosts.has(node) && bits !== undefined;
    if (row.placed?.kind === "place") {
      const isSame = isWanted && row.placed.device === device && row.placed.address === `${ipv4}/${bits}`;
      // The interface may be unknown for a moment while an agent starts again: the guest keeps its device until it is another.
      if (isSame || (device === "" && row.placed.address.split("/")[0] === ipv4)) return;
      this.#actions.push({ kind: "remove", name: row.name });
      row.placed = undefined;
      row.isPlaced = false;
      row.hasAnswered = false;
    }
    const guests = [...this.#rows.values()].filter(({ placed }) => placed !== undefined).length;
    if (!isWanted || guests >= GUESTS_MAX) return;
    row.placed = { kind: "place", name: row.name, host: node, device, address: `${ipv4}/${bits}` };
    this.#actions.push(row.placed);
  }
}

/** A round-trip time for people; `lost` as it is. */
export function rttText(outcome: PingOutcome): string {
  return outcome === "lost" ? "lost" : `${outcome.rttMs.toFixed(2)} ms`;
}

/** `address 12 ms → interface 31 ms → pinged 33 ms`, as far as it has come. */
export function stepsText({ facts, pingedMs }: Pick<AttachmentRow, "facts" | "pingedMs">): string {
  const steps: readonly [string, number | undefined][] = [
    ["address", facts.addressMs],
    ["interface", facts.interfaceMs],
    ["pinged", pingedMs],
  ];
  return steps.flatMap(([step, ms]) => (ms === undefined ? [] : [`${step} ${durationText(ms)}`])).join(" → ");
}

function durationText(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${Math.round(ms / 1000)} s`;
}

function newRow(name: string, facts: AttachmentFacts): AttachmentRow {
  return {
    name,
    facts,
    placed: undefined,
    isPlaced: false,
    hasAnswered: false,
    silent: undefined,
    pingedMs: undefined,
    lastPing: undefined,
    pings: { sent: 0, replies: 0 },
  };
}

function planWithin(row: AttachmentRow, rows: readonly AttachmentRow[]): PingPlan[] {
  const index = rows.indexOf(row);
  const others = [...rows.slice(index + 1), ...rows.slice(0, index)];
  const target = others.find(({ facts }) => facts.node !== row.facts.node) ?? others[0];
  return target === undefined ? [] : [planPing(row, target, false)];
}

function planPing(from: AttachmentRow, to: AttachmentRow, isIsolated: boolean): PingPlan {
  return { from: from.name, to: to.name, address: to.facts.ipv4, isIsolated };
}

function count(pings: PingCount, isReply: boolean): void {
  pings.sent++;
  if (isReply) pings.replies++;
}
