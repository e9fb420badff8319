// Owner references that say the same twice are dropped, and the client is told (Kubernetes apiserver, endpoints/handlers).
import { type ApiObject, jsonEqual, type OwnerReference } from "@coracle/api";

/** The object without repeated owner references; a warning names their uids. */
export function withoutDuplicateOwners(object: ApiObject, warnings: string[]): ApiObject {
  const references = object.metadata.ownerReferences;
  if (references === undefined || references.length < 2) return object;
  const byUid = new Map<string, OwnerReference[]>();
  const duplicates: string[] = [];
  const kept = references.filter((reference) => {
    const same = byUid.get(reference.uid) ?? [];
    if (same.some((other) => jsonEqual(other, reference))) {
      duplicates.push(reference.uid);
      return false;
    }
    byUid.set(reference.uid, [...same, reference]);
    return true;
  });
  if (duplicates.length === 0) return object;
  warnings.push(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${duplicates.join(", ")}`,
  );
  return { ...object, metadata: { ...object.metadata, ownerReferences: kept } };
}
