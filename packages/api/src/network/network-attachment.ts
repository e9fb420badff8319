// NetworkAttachment as a served kind: content rules, columns, selectors, stamps.
import { parseIp, parseTimestampMs } from "@coracle/base";
import { ageColumn, conditionColumn, fieldColumn, nameColumn } from "../columns.ts";
import { selectableAt, textAt, valueAt } from "../field-path.ts";
import { type FieldError, invalid, required } from "../field-error.ts";
import { isJsonObject } from "../json.ts";
import { checkDnsSubdomain } from "../names.ts";
import type { ApiObject } from "../object-meta.ts";
import type { ColumnDefinition, ResourceDefinition } from "../resource-definition.ts";
import { networkAttachmentSchema } from "./network-attachment-schema.ts";
import { networkDefinition } from "./network-definition.ts";
import type { StampedSection } from "./stamp.ts";

const COLUMNS: readonly ColumnDefinition[] = [
  nameColumn(),
  fieldColumn({ name: "Subnet", path: "spec.subnet", description: "Subnet the address is taken from." }),
  fieldColumn({ name: "Node", path: "spec.node", description: "Node that has the interface." }),
  fieldColumn({ name: "Address", path: "status.ipv4", description: "Assigned address." }),
  fieldColumn({ name: "Interface", path: "status.ifcName", description: "Interface on the node." }),
  conditionColumn({
    name: "Ready",
    condition: "Ready",
    before: "AddressAssigned",
    member: "status",
    description: "The interface works.",
  }),
  ageColumn(),
  fieldColumn({ name: "MAC", path: "status.macAddress", description: "Address on the link.", wide: true }),
  fieldColumn({ name: "Host IP", path: "status.hostIP", description: "Address of the node for tunnels.", wide: true }),
];

const STATUS_SECTIONS: readonly StampedSection[] = [
  {
    section: "status.address",
    fields: [
      "status.lockUID",
      "status.addressVNI",
      "status.ipv4",
      "status.addressContention",
      "status.subnetCreationTime",
      "status.errors.ipam",
    ],
    normalise: zeroAsAbsent,
  },
  {
    section: "status.impl",
    fields: ["status.macAddress", "status.ifcName", "status.hostIP", "status.errors.host"],
    normalise: zeroAsAbsent,
  },
  { section: "status.execReport", fields: ["status.postCreateExecReport"], normalise: reportInSeconds },
];

/** Everything the API server needs to serve NetworkAttachments. */
export const NETWORK_ATTACHMENT: ResourceDefinition = networkDefinition({
  kind: "NetworkAttachment",
  plural: "networkattachments",
  singular: "networkattachment",
  shortNames: ["na", "nda"],
  hasStatus: true,
  parser: networkAttachmentSchema,
  columns: COLUMNS,
  selectableFields: {
    "spec.node": (object) => textAt(object, "spec.node"),
    "spec.subnet": (object) => textAt(object, "spec.subnet"),
    "status.ipv4": (object) => textAt(object, "status.ipv4"),
    "status.hostIP": (object) => textAt(object, "status.hostIP"),
    "status.addressVNI": (object) => selectableAt(object, "status.addressVNI", "0"),
  },
  strategy: {
    validateContent,
    validateStatus,
    immutable: ["spec.node", "spec.subnet", "spec.postCreateExec"],
    specSections: [{ section: "spec", fields: ["spec.postDeleteExec"] }],
    statusSections: STATUS_SECTIONS,
  },
});

function validateContent(object: ApiObject): FieldError[] {
  return [
    ...validateName(object, "spec.node"),
    ...validateName(object, "spec.subnet"),
    ...validateCommand(object, "spec.postCreateExec"),
    ...validateCommand(object, "spec.postDeleteExec"),
  ];
}

function validateName(object: ApiObject, field: string): FieldError[] {
  const name = textAt(object, field);
  return name === "" ? [required(field)] : checkDnsSubdomain(name).map((text) => invalid(field, name, text));
}

function validateCommand(object: ApiObject, field: string): FieldError[] {
  const words = valueAt(object, field);
  if (!Array.isArray(words) || words.length === 0) return [];
  const [program] = words as readonly unknown[];
  const errors = program === "" ? [required(`${field}[0]`, "the first word names the program")] : [];
  for (const [index, word] of words.entries()) {
    if (typeof word === "string" && word.includes("\0")) {
      errors.push(invalid(`${field}[${index}]`, word, "must not contain a NUL character"));
    }
  }
  return errors;
}

/** An empty text is "none" in every status field. */
function validateStatus(object: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const checkText = (field: string, isRight: (text: string) => boolean, rule: string): void => {
    const text = textAt(object, field);
    if (text !== "" && !isRight(text)) errors.push(invalid(field, text, rule));
  };
  checkText("status.ipv4", (text) => !text.includes(":") && parseIp(text).ok, "must be an IPv4 address");
  checkText(
    "status.macAddress",
    (text) => /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(text),
    "must be six lower-case hexadecimal bytes separated by colons",
  );
  checkText(
    "status.ifcName",
    (text) => /^[\x21-\x2e\x30-\x39\x3b-\x7e]+$/.test(text) && text !== "." && text !== "..",
    "must be the name of a Linux interface: no white space, no '/', no ':'",
  );
  checkText("status.hostIP", (text) => parseIp(text).ok, "must be an IP address");
  for (const field of ["status.subnetCreationTime", ...REPORT_TIMES]) {
    checkText(field, (text) => parseTimestampMs(text) !== undefined, "must be an RFC 3339 time");
  }
  return errors;
}

const REPORT_TIMES = ["status.postCreateExecReport.startTime", "status.postCreateExecReport.stopTime"];

/** Absent, null, zero, false, empty text and empty list are one state of a status field. */
function zeroAsAbsent(value: unknown): unknown {
  const isZero = value === null || value === 0 || value === false || value === "";
  return isZero || (Array.isArray(value) && value.length === 0) ? undefined : value;
}

/** Two reports are equivalent when exit code, outputs and times in whole seconds are. */
function reportInSeconds(report: unknown): unknown {
  if (!isJsonObject(report)) return undefined;
  const { exitStatus, stdOut, stdErr, startTime, stopTime } = report;
  return { exitStatus, stdOut, stdErr, startTime: inSeconds(startTime), stopTime: inSeconds(stopTime) };
}

function inSeconds(time: unknown): number | undefined {
  const timeMs = typeof time === "string" ? parseTimestampMs(time) : undefined;
  return timeMs === undefined ? undefined : Math.floor(timeMs / 1000);
}
