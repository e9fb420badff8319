// Subnet: a range of addresses inside one virtual network.
import { z } from "zod";
import type { ApiObject, ObjectMeta } from "../object-meta.ts";
import { NETWORK_API_VERSION, VNI_MAX } from "./group.ts";
import {
  type Condition,
  conditionsSchema,
  errorsSchema,
  type ExtendedMetadata,
  extendedMetadataSchema,
  metadataSchema,
} from "./shared-schema.ts";

/** What the user wants. Both fields are immutable. */
export interface SubnetSpec {
  /** CIDR without host bits, inside one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16. */
  readonly ipv4: string;
  /** Virtual network, 1 to 2097151. All subnets of one VNI are in one namespace. */
  readonly vni: number;
}

/** What the validator found. `validated` false with no errors means "not examined yet". */
export interface SubnetStatus {
  readonly validated?: boolean;
  readonly errors?: readonly string[];
  readonly conditions?: readonly Condition[];
}

/** A Subnet as it is stored and sent. */
export interface Subnet {
  readonly apiVersion: typeof NETWORK_API_VERSION;
  readonly kind: "Subnet";
  readonly metadata: ObjectMeta;
  readonly extendedMetadata?: ExtendedMetadata;
  readonly spec: SubnetSpec;
  readonly status?: SubnetStatus;
}

/** Parses a {@link Subnet}; unknown fields are dropped. */
export const subnetSchema: z.ZodType<Subnet> = z
  .object({
    apiVersion: z.literal(NETWORK_API_VERSION),
    kind: z.literal("Subnet"),
    metadata: metadataSchema,
    extendedMetadata: extendedMetadataSchema.exactOptional(),
    spec: z
      .object({
        ipv4: z
          .string()
          .max(64)
          .describe(
            "Range in CIDR form without host bits, inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16. Immutable.",
          ),
        vni: z.int().min(1).max(VNI_MAX).describe("Virtual network identifier. Immutable."),
      })
      .describe("The wanted range."),
    status: z
      .object({
        validated: z.boolean().exactOptional().describe("The subnet conflicts with no other; once true it stays true."),
        errors: errorsSchema("Why validation failed; empty until it has.").exactOptional(),
        conditions: conditionsSchema.exactOptional(),
      })
      .describe("What the subnet validator found.")
      .exactOptional(),
  })
  .describe("Subnet is a range of addresses inside one virtual network.");

/** Reads an API object as a {@link Subnet}, or `undefined` if it is not one. */
export function parseSubnet(object: ApiObject): Subnet | undefined {
  return subnetSchema.safeParse(object).data;
}
