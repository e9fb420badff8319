// The two invariants of a virtual network: its subnets do not overlap, and all of them are in one namespace.
import { type Cidr, cidrsOverlap, parseCidr } from "@coracle/base";
import { type FieldError, forbidden } from "../field-error.ts";

/** As much of a Subnet as the rule needs. */
export interface SubnetClaim {
  readonly metadata: { readonly name?: string; readonly namespace?: string; readonly uid?: string };
  readonly spec: { readonly ipv4: string; readonly vni: number };
}

/** How a rival breaks an invariant. */
export interface SubnetConflict<T extends SubnetClaim = SubnetClaim> {
  readonly kind: "namespace" | "overlap";
  readonly rival: T;
}

/** Rivals named in errors at most; one is enough to refuse. */
const CONFLICTS_SHOWN_MAX = 10;

/**
 * Every conflict of `candidate` with `rivals` in the order of the rivals. Those of other VNIs, malformed ones and the
 * candidate itself (same namespace and name) are passed over. A rival may break both invariants.
 */
export function findSubnetConflicts<T extends SubnetClaim>(
  candidate: SubnetClaim,
  rivals: Iterable<T>,
): SubnetConflict<T>[] {
  const range = rangeOf(candidate);
  const conflicts: SubnetConflict<T>[] = [];
  for (const rival of rivals) {
    if (rival.spec.vni !== candidate.spec.vni || isSame(rival, candidate)) continue;
    const rivalRange = rangeOf(rival);
    if (rivalRange === undefined) continue;
    if (rival.metadata.namespace !== candidate.metadata.namespace) conflicts.push({ kind: "namespace", rival });
    if (range !== undefined && cidrsOverlap(range, rivalRange)) conflicts.push({ kind: "overlap", rival });
  }
  return conflicts;
}

/** The conflicts as the API server refuses a create with them. */
export function subnetConflictErrors(candidate: SubnetClaim, conflicts: readonly SubnetConflict[]): FieldError[] {
  return conflicts.slice(0, CONFLICTS_SHOWN_MAX).map(({ kind, rival }) => {
    const { namespace = "", name = "" } = rival.metadata;
    if (kind === "namespace") {
      const text = `VNI ${candidate.spec.vni} belongs to namespace ${namespace}, where subnet ${name} uses it`;
      return forbidden("spec.vni", text);
    }
    return forbidden(
      "spec.ipv4",
      `${candidate.spec.ipv4} overlaps ${rival.spec.ipv4} of subnet ${namespace}/${name}, same VNI`,
    );
  });
}

function rangeOf(claim: SubnetClaim): Cidr | undefined {
  const range = parseCidr(claim.spec.ipv4);
  return range.ok && range.value.address.family === 4 ? range.value : undefined;
}

function isSame(a: SubnetClaim, b: SubnetClaim): boolean {
  return a.metadata.namespace === b.metadata.namespace && a.metadata.name === b.metadata.name;
}
