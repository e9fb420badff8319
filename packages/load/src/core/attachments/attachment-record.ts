// One attachment of a run from its creation to its end, and the latencies that its changes give.
import type { Millis } from "@coracle/base";
import type { LatencyName } from "./latencies.ts";
import type { Observation } from "./observation.ts";

/** What is known of an attachment; times are the client's. */
export interface AttachmentRecord {
  readonly name: string;
  readonly network: number;
  readonly test: "full" | "half" | undefined;
  /** Name of the attachment that a full test pings. */
  readonly peer: string | undefined;
  readonly createCalledAt: Millis;
  createAnswered: boolean;
  /** The call that creates it got no answer: it may exist. */
  isUncertain: boolean;
  isSeen: boolean;
  deleteCalledAt: Millis | undefined;
  isDeleted: boolean;
  isGone: boolean;
  ipv4: number | undefined;
  contention: boolean;
  addressedAt: Millis | undefined;
  readyAt: Millis | undefined;
  testedAt: Millis | undefined;
  brokenAt: Millis | undefined;
}

/** A record of an attachment that is being created. */
export function newRecord(
  first: Pick<AttachmentRecord, "name" | "network" | "test" | "peer" | "createCalledAt">,
): AttachmentRecord {
  return {
    ...first,
    createAnswered: false,
    isUncertain: false,
    isSeen: false,
    deleteCalledAt: undefined,
    isDeleted: false,
    isGone: false,
    ipv4: undefined,
    contention: false,
    addressedAt: undefined,
    readyAt: undefined,
    testedAt: undefined,
    brokenAt: undefined,
  };
}

/** What an observation showed for the first time. */
export interface Progress {
  readonly addressed: boolean;
  readonly ready: boolean;
  readonly tested: boolean;
  readonly broken: boolean;
  readonly latencies: readonly (readonly [latency: LatencyName, seconds: number])[];
}

/** Takes an observation in and answers what is new. */
export function advanceRecord(record: AttachmentRecord, seen: Observation, now: Millis): Progress {
  record.isSeen = true;
  record.contention ||= seen.contention;
  record.ipv4 = seen.ipv4;
  const addressed = record.addressedAt === undefined && seen.ipv4 !== undefined;
  const ready = record.readyAt === undefined && seen.ifcName !== "";
  const tested = record.testedAt === undefined && record.test !== undefined && seen.report !== undefined;
  const broken = record.brokenAt === undefined && seen.breakage !== undefined;
  if (addressed) record.addressedAt = now;
  if (ready) record.readyAt = now;
  if (tested) record.testedAt = now;
  if (broken) record.brokenAt = now;
  const latencies: (readonly [LatencyName, number])[] = [];
  const sinceCreate = (now - record.createCalledAt) / 1000;
  if (addressed) latencies.push(...addressedLatencies(record, seen, sinceCreate));
  if (ready) latencies.push(...readyLatencies(record, seen, sinceCreate));
  if (tested && seen.report?.exitStatus === 0) latencies.push(...testedLatencies(record, seen, now));
  if (broken) latencies.push(["createToBroken", sinceCreate]);
  return { addressed, ready, tested, broken, latencies };
}

/** What to say of an attachment that should have had its interface by now; absent when nothing is wrong. */
export function stuckMessage(record: AttachmentRecord, now: Millis, readyWithinMs: number): string | undefined {
  const ageMs = now - record.createCalledAt;
  const isSettled = record.readyAt !== undefined || record.brokenAt !== undefined;
  const mayNotExist = record.isUncertain && !record.isSeen;
  if (isSettled || record.contention || mayNotExist || ageMs < readyWithinMs) return undefined;
  const stage = record.addressedAt === undefined ? "no address" : "an address and no interface";
  return `${record.name} had ${stage} after ${(ageMs / 1000).toFixed(1)} s`;
}

function addressedLatencies(record: AttachmentRecord, seen: Observation, sinceCreate: number): [LatencyName, number][] {
  const latencies: [LatencyName, number][] = [["createToAddressed", sinceCreate]];
  if (!record.contention) latencies.push(["createToAddressedEasy", sinceCreate]);
  return [...latencies, ...between("serverCreateToAddressed", seen.times.specMs, seen.times.addressMs)];
}

function readyLatencies(record: AttachmentRecord, seen: Observation, sinceCreate: number): [LatencyName, number][] {
  const latencies: [LatencyName, number][] = [["createToReady", sinceCreate]];
  if (!record.contention) latencies.push(["createToReadyEasy", sinceCreate]);
  const { specMs, addressMs, implMs } = seen.times;
  return [
    ...latencies,
    ...between("serverAddressedToReady", addressMs, implMs),
    ...between("serverCreateToReady", specMs, implMs),
  ];
}

function testedLatencies(record: AttachmentRecord, seen: Observation, now: Millis): [LatencyName, number][] {
  const isFull = record.test === "full";
  const latencies: [LatencyName, number][] = [
    [isFull ? "createToTested" : "createToHalfTested", (now - record.createCalledAt) / 1000],
  ];
  if (record.readyAt !== undefined) {
    latencies.push([isFull ? "readyToTested" : "readyToHalfTested", (now - record.readyAt) / 1000]);
  }
  return [...latencies, ...between("serverReadyToTested", seen.times.implMs, seen.times.reportMs)];
}

/** Servers that stamp no sections give no such latency. */
function between(latency: LatencyName, fromMs: number | undefined, toMs: number | undefined): [LatencyName, number][] {
  return fromMs === undefined || toMs === undefined ? [] : [[latency, (toMs - fromMs) / 1000]];
}
