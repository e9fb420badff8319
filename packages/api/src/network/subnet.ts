// Subnet as a served kind: content rules, columns, selectors.
import { cidrCovers, type Cidr, formatCidr, hasHostBits, maskCidr, parseCidr } from "@coracle/base";
import { ageColumn, conditionColumn, fieldColumn, nameColumn } from "../columns.ts";
import { selectableAt, valueAt } from "../field-path.ts";
import { type FieldError, invalid } from "../field-error.ts";
import type { ResourceDefinition } from "../resource-definition.ts";
import { networkDefinition } from "./network-definition.ts";
import { subnetSchema } from "./subnet-schema.ts";

/** The private ranges of RFC 1918; the address of an interface on the link is made from one of these. */
const PRIVATE_RANGES: readonly Cidr[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].flatMap((text) => {
  const range = parseCidr(text);
  return range.ok ? [range.value] : [];
});

/** Everything the API server needs to serve Subnets. */
export const SUBNET: ResourceDefinition = networkDefinition({
  kind: "Subnet",
  plural: "subnets",
  singular: "subnet",
  shortNames: ["sn"],
  hasStatus: true,
  parser: subnetSchema,
  columns: [
    nameColumn(),
    fieldColumn({ name: "VNI", type: "integer", path: "spec.vni", description: "Virtual network identifier." }),
    fieldColumn({ name: "CIDR", path: "spec.ipv4", description: "Range of addresses." }),
    fieldColumn({
      name: "Validated",
      type: "boolean",
      path: "status.validated",
      description: "The subnet conflicts with no other.",
    }),
    ageColumn(),
    conditionColumn({
      name: "Message",
      condition: "Ready",
      member: "message",
      description: "Why the subnet is usable or not.",
      wide: true,
    }),
  ],
  selectableFields: { "spec.vni": (object) => selectableAt(object, "spec.vni") },
  strategy: {
    validateContent: (object) => validateRange(valueAt(object, "spec.ipv4")),
    validateStatus: () => [],
    immutable: ["spec.vni", "spec.ipv4"],
    specSections: [],
    statusSections: [{ section: "status", fields: ["status.validated", "status.errors"] }],
  },
});

/**
 * A range with host bits is refused, not masked: masking would store something else than the client sent, and every
 * later apply of the same manifest would then try to change an immutable field.
 */
function validateRange(value: unknown): FieldError[] {
  const field = "spec.ipv4";
  const text = typeof value === "string" ? value : "";
  const range = parseCidr(text);
  if (!range.ok) return [invalid(field, text, "must be an IPv4 range in CIDR form, for example 10.1.0.0/24")];
  const cidr = range.value;
  if (cidr.address.family === 6) return [invalid(field, text, "must be an IPv4 range: IPv6 is not supported")];
  if (hasHostBits(cidr)) {
    return [invalid(field, text, `must not have host bits set: the range is ${formatCidr(maskCidr(cidr))}`)];
  }
  if (!PRIVATE_RANGES.some((outer) => cidrCovers(outer, cidr))) {
    return [invalid(field, text, "must be within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")];
  }
  return [];
}
