// The subnet conflict rule: same VNI, another namespace or an overlapping range.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { findSubnetConflicts, formatFieldErrors, type SubnetClaim, subnetConflictErrors } from "../mod.ts";

function claim(namespace: string, name: string, ipv4: string, vni: number): SubnetClaim {
  return { metadata: { namespace, name }, spec: { ipv4, vni } };
}

const candidate = claim("blue", "new", "10.1.0.0/24", 7);

test("no conflict with another VNI, a disjoint range, a malformed rival, or itself", () => {
  const rivals = [
    claim("red", "a", "10.1.0.0/24", 8),
    claim("blue", "b", "10.1.1.0/24", 7),
    claim("red", "c", "nonsense", 7),
    claim("red", "d", "fd00::/64", 7),
    claim("blue", "new", "10.1.0.0/24", 7),
  ];
  assert.deepEqual(findSubnetConflicts(candidate, rivals), []);
});

test("another namespace and an overlap are refused on their own fields, a rival may be both", () => {
  const rivals = [
    claim("red", "a", "10.2.0.0/24", 7),
    claim("blue", "b", "10.1.0.128/25", 7),
    claim("red", "c", "10.0.0.0/8", 7),
  ];
  const conflicts = findSubnetConflicts(candidate, rivals);
  assert.deepEqual(
    conflicts.map(({ kind, rival }) => [kind, rival.metadata.name]),
    [
      ["namespace", "a"],
      ["overlap", "b"],
      ["namespace", "c"],
      ["overlap", "c"],
    ],
  );
  const errors = subnetConflictErrors(candidate, conflicts);
  assert.deepEqual(
    errors.map((error) => [error.reason, error.field]),
    [
      ["FieldValueForbidden", "spec.vni"],
      ["FieldValueForbidden", "spec.ipv4"],
      ["FieldValueForbidden", "spec.vni"],
      ["FieldValueForbidden", "spec.ipv4"],
    ],
  );
  assert.match(
    formatFieldErrors(errors.slice(1, 2)),
    /^spec\.ipv4: Forbidden: 10\.1\.0\.0\/24 overlaps 10\.1\.0\.128\/25 of subnet blue\/b/,
  );
});

test("a crowd of rivals does not make an answer of any length", () => {
  const rivals = Array.from({ length: 500 }, (_, index) => claim("red", `r${index}`, "10.1.0.0/24", 7));
  const conflicts = findSubnetConflicts(candidate, rivals);
  assert.equal(conflicts.length, 1000);
  assert.equal(subnetConflictErrors(candidate, conflicts).length, 10);
});

test("overlap is symmetric and equals a comparison of bounds", () => {
  const cidr = fc.tuple(fc.nat(0xffff), fc.integer({ min: 16, max: 32 })).map(([low, length]) => {
    const start = length === 32 ? low : (low >>> (32 - length)) * 2 ** (32 - length);
    return { text: `10.0.${start >>> 8}.${start & 255}/${length}`, start, end: start + 2 ** (32 - length) };
  });
  fc.assert(
    fc.property(cidr, cidr, (a, b) => {
      const forward = findSubnetConflicts(claim("n", "a", a.text, 1), [claim("n", "b", b.text, 1)]);
      const back = findSubnetConflicts(claim("n", "b", b.text, 1), [claim("n", "a", a.text, 1)]);
      assert.equal(forward.length, back.length);
      assert.equal(forward.length === 1, a.start < b.end && b.start < a.end);
    }),
  );
});
