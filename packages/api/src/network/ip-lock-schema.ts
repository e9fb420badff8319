// IPLock: the exclusive right to one address. Its name is the lock.
import { formatIp, type IpAddress, parseIp } from "@coracle/base";
import { z } from "zod";
import type { ApiObject, ObjectMeta } from "../object-meta.ts";
import { NETWORK_API_VERSION, VNI_MAX } from "./group.ts";
import { type ExtendedMetadata, extendedMetadataSchema, metadataSchema } from "./shared-schema.ts";

/** Informational; the name says all. Immutable. */
export interface IpLockSpec {
  readonly subnetName: string;
}

/** An IPLock as it is stored and sent. Its one owner reference is the attachment that has the address. */
export interface IpLock {
  readonly apiVersion: typeof NETWORK_API_VERSION;
  readonly kind: "IPLock";
  readonly metadata: ObjectMeta;
  readonly extendedMetadata?: ExtendedMetadata;
  readonly spec: IpLockSpec;
}

/** Parses an {@link IpLock}; unknown fields are dropped. */
export const ipLockSchema: z.ZodType<IpLock> = z
  .object({
    apiVersion: z.literal(NETWORK_API_VERSION),
    kind: z.literal("IPLock"),
    metadata: metadataSchema,
    extendedMetadata: extendedMetadataSchema.exactOptional(),
    spec: z
      .object({ subnetName: z.string().max(253).describe("Name of the subnet the address was taken from. Immutable.") })
      .describe("Where the address came from."),
  })
  .describe("IPLock is the exclusive right to one address of a virtual network; its name is the lock.");

/** Reads an API object as an {@link IpLock}, or `undefined` if it is not one. */
export function parseIpLock(object: ApiObject): IpLock | undefined {
  return ipLockSchema.safeParse(object).data;
}

/** The address that a lock's name stands for. */
export interface LockedAddress {
  readonly vni: number;
  readonly address: IpAddress;
}

/** `v1-<vni>-<a>-<b>-<c>-<d>`, all decimal. */
export function formatLockName({ vni, address }: LockedAddress): string {
  return `v1-${vni}-${formatIp(address).replaceAll(".", "-")}`;
}

/** The inverse of {@link formatLockName}; `undefined` unless the name is exactly of that form. */
export function parseLockName(name: string): LockedAddress | undefined {
  const match = /^v1-([1-9]\d{0,6})-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})$/.exec(name);
  if (match === null) return undefined;
  const vni = Number(match[1]);
  const address = parseIp(match.slice(2).join("."));
  return vni <= VNI_MAX && address.ok ? { vni, address: address.value } : undefined;
}
