// The check of a new Subnet against the others of its VNI; creates of one VNI are checked and written one after another.
import { findSubnetConflicts, isJsonObject, SUBNET, type SubnetClaim, subnetConflictErrors } from "@coracle/api";
import { decodeStored, type StoredObject } from "../watch/stored-object.ts";
import type { CacheDirectory, CreateCheck } from "./environment.ts";

/** Refuses overlaps within a VNI and a VNI in two namespaces, among the Subnets stored now. */
export function subnetConflictCheck(caches: () => CacheDirectory): CreateCheck {
  return {
    lockKey: (definition, object) => {
      const spec = object["spec"];
      return definition === SUBNET && isJsonObject(spec) ? `vni ${String(spec["vni"])}` : undefined;
    },
    check: (definition, object) => {
      const claim = object as unknown as SubnetClaim;
      const vni = String(claim.spec.vni);
      const rivals: SubnetClaim[] = [];
      for (const stored of caches().cacheOf(definition).objects()) {
        if (stored.fields["spec.vni"] === vni) rivals.push(claimOf(stored));
      }
      return subnetConflictErrors(claim, findSubnetConflicts(claim, rivals));
    },
  };
}

function claimOf(stored: StoredObject): SubnetClaim {
  return decodeStored(stored) as unknown as SubnetClaim;
}
