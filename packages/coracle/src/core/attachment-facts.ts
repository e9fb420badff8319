// What `up` needs of a NetworkAttachment object: where it is to be, what it got, and when (extendedMetadata.writes).
import { member, text } from "./json-member.ts";

/** Facts of one attachment; texts are "" and numbers 0 until they are known. */
export interface AttachmentFacts {
  readonly node: string;
  /** `namespace/name` of its subnet. */
  readonly subnet: string;
  readonly ipv4: string;
  readonly vni: number;
  readonly mac: string;
  readonly device: string;
  /** Clock of the API server when it was created, Unix milliseconds with a fraction. */
  readonly createdMs: number;
  /** From creation to address; `undefined` before. */
  readonly addressMs: number | undefined;
  /** From creation to interface; `undefined` before. */
  readonly interfaceMs: number | undefined;
  /** Why it is not ready, if something is wrong. */
  readonly trouble: string;
}

/** Reads an attachment. */
export function readAttachment(object: unknown): AttachmentFacts {
  const status = member(object, "status");
  const namespace = text(member(object, "metadata", "namespace"));
  const vni = member(status, "addressVNI");
  const writes = readWrites(object);
  const createdMs = writes.get("spec") ?? 0;
  const since = (section: string): number | undefined => {
    const at = writes.get(section);
    return at === undefined || createdMs === 0 ? undefined : at - createdMs;
  };
  const ipv4 = text(member(status, "ipv4"));
  const device = text(member(status, "ifcName"));
  return {
    node: text(member(object, "spec", "node")),
    subnet: `${namespace}/${text(member(object, "spec", "subnet"))}`,
    ipv4,
    vni: typeof vni === "number" ? vni : 0,
    mac: text(member(status, "macAddress")),
    device,
    createdMs,
    addressMs: ipv4 === "" ? undefined : since("status.address"),
    interfaceMs: device === "" ? undefined : since("status.impl"),
    trouble: readTrouble(status),
  };
}

function readWrites(object: unknown): Map<string, number> {
  const writes = member(object, "extendedMetadata", "writes");
  const times = new Map<string, number>();
  if (!Array.isArray(writes)) return times;
  for (const write of writes) {
    const atMs = parseMicroTime(text(member(write, "serverTime")));
    if (atMs !== undefined) times.set(text(member(write, "section")), atMs);
  }
  return times;
}

/** Unix milliseconds of Kubernetes' MicroTime; `Date.parse` alone would cut it to whole milliseconds. */
function parseMicroTime(time: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?Z$/.exec(time);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const days = daysFromCivil(year, month, day);
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + Number(match[7] ?? 0) * 1000;
}

/** Days since 1970-01-01 in the Gregorian calendar, with the year beginning in March so that leap days end it. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The first error, or the message of a condition that says no. */
function readTrouble(status: unknown): string {
  for (const side of ["ipam", "host"]) {
    const errors = member(status, "errors", side);
    if (Array.isArray(errors) && errors.length > 0) return text(errors[0]);
  }
  const conditions = member(status, "conditions");
  if (!Array.isArray(conditions)) return "";
  const ready: unknown = conditions.find((condition: unknown) => text(member(condition, "type")) === "Ready");
  return text(member(ready, "status")) === "False" ? text(member(ready, "message")) : "";
}
