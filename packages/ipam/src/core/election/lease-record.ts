// A Lease as leader election reads and writes it (coordination.k8s.io/v1; client-go tools/leaderelection/resourcelock).
import { formatMicroTime } from "@coracle/base";
import type { KubeObject } from "@coracle/kube";

/** Who leads. */
export interface LeaseRecord {
  /** "" when nobody does. */
  readonly holder: string;
  readonly durationSeconds: number;
  readonly acquiredAt: string;
  readonly renewedAt: string;
  readonly transitions: number;
}

/** Where a Lease is. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

/** Reads a Lease; what it does not say is "" or 0. */
export function readLease(object: KubeObject): { readonly record: LeaseRecord; readonly resourceVersion: string } {
  const spec = (object["spec"] ?? {}) as Readonly<Record<string, unknown>>;
  const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
  const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0);
  return {
    record: {
      holder: textOf(spec["holderIdentity"]),
      durationSeconds: numberOf(spec["leaseDurationSeconds"]),
      acquiredAt: textOf(spec["acquireTime"]),
      renewedAt: textOf(spec["renewTime"]),
      transitions: numberOf(spec["leaseTransitions"]),
    },
    resourceVersion: object.metadata.resourceVersion ?? "",
  };
}

/** The Lease object of a record. Without a resource version it is a new one. */
export function leaseObject(name: LeaseName, record: LeaseRecord, resourceVersion?: string): KubeObject {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { ...name, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: {
      holderIdentity: record.holder,
      leaseDurationSeconds: record.durationSeconds,
      acquireTime: record.acquiredAt,
      renewTime: record.renewedAt,
      leaseTransitions: record.transitions,
    },
  };
}

/** MicroTime of now, for a record. */
export function leaseTime(wallMs: number): string {
  return formatMicroTime(wallMs);
}
