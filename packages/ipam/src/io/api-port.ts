// Carries out the controllers' calls with the Kubernetes client, and turns what comes back into answers.
import { NETWORK_API_VERSION } from "@coracle/api";
import { type GroupVersionResource, type KubeObject, StatusError } from "@coracle/kube";
import type { KubeClient } from "@coracle/kube/io";
import type { ApiAnswer, ApiCall, ApiFailureCode, ObjectVersion } from "../core/api-call.ts";
import { readAttachment, readLock, readSubnet, sectionTimeUs } from "../core/table/read-objects.ts";

const GROUP = { group: "network.coracle.dev", version: "v1alpha1" } as const;

/** The kinds of the group. */
export const SUBNETS: GroupVersionResource = { ...GROUP, resource: "subnets" };
export const ATTACHMENTS: GroupVersionResource = { ...GROUP, resource: "networkattachments" };
export const LOCKS: GroupVersionResource = { ...GROUP, resource: "iplocks" };

/** Who owns the fields that the controllers write. */
export const FIELD_MANAGER = "coracle-ipam";
/** Changes whenever a lock is adopted. */
const ADOPTION_ANNOTATION = "network.coracle.dev/adopted";

/** The carrying out of calls; a test may put itself between. */
export type ApiPort = (call: ApiCall, signal: AbortSignal) => Promise<ApiAnswer>;

/** Calls the API server. Never throws: a failure is an answer. */
export function createApiPort(client: KubeClient): ApiPort {
  return async (call, signal) => {
    try {
      return await carryOut(client, call, signal);
    } catch (error) {
      return { kind: "failed", code: codeOf(error, call), message: error instanceof Error ? error.message : "unknown" };
    }
  };
}

async function carryOut(client: KubeClient, call: ApiCall, signal: AbortSignal): Promise<ApiAnswer> {
  switch (call.kind) {
    case "read-lock":
      return lockAnswer(await client.get(LOCKS, targetOf(call), { signal }));
    case "read-attachment":
      return attachmentAnswer(await client.get(ATTACHMENTS, targetOf(call), { signal }));
    case "read-subnet":
      return { kind: "subnet", subnet: readSubnet(await client.get(SUBNETS, targetOf(call), { signal })) };
    case "create-lock":
      return lockAnswer(await client.create(LOCKS, lockObject(call), { signal, fieldManager: FIELD_MANAGER }));
    case "touch-lock": {
      const metadata = { ...preconditions(call.lock), annotations: { [ADOPTION_ANNOTATION]: call.mark } };
      const options = { type: "merge", signal, fieldManager: FIELD_MANAGER } as const;
      return lockAnswer(await client.patch(LOCKS, targetOf(call.lock), { metadata }, options));
    }
    case "delete-lock":
      await client.delete(LOCKS, targetOf(call.lock), { signal, preconditions: preconditions(call.lock) });
      return { kind: "done" };
    case "write-attachment":
      return attachmentAnswer(
        await applyStatus(client, { ...call, resource: ATTACHMENTS, kind: "NetworkAttachment" }, signal),
      );
    case "list-subnets": {
      // Without a resource version the answer is the most recent state, not a cached one.
      const list = await client.list(SUBNETS, {}, { fieldSelector: `spec.vni=${call.vni}`, signal });
      return { kind: "subnets", subnets: list.items.map(readSubnet) };
    }
    case "write-subnet": {
      const written = await applyStatus(
        client,
        { resource: SUBNETS, kind: "Subnet", attachment: call.subnet, status: call.status },
        signal,
      );
      return { kind: "subnet", subnet: readSubnet(written) };
    }
  }
}

interface StatusWrite {
  readonly resource: GroupVersionResource;
  readonly kind: string;
  readonly attachment: ObjectVersion;
  readonly status: object;
}

/**
 * Server-side apply: what we no longer say goes, what others say stays, and their conditions need not be known here. The resource
 * version makes it fail if anything has changed since.
 */
function applyStatus(client: KubeClient, write: StatusWrite, signal: AbortSignal): Promise<KubeObject> {
  const { resource, kind, attachment, status } = write;
  const { namespace, name } = attachment;
  const metadata = { namespace, name, ...preconditions(attachment) };
  return client.patch(
    resource,
    { namespace, name, subresource: "status" },
    { apiVersion: NETWORK_API_VERSION, kind, metadata, status },
    { type: "apply", fieldManager: FIELD_MANAGER, force: true, signal },
  );
}

function lockObject(call: Extract<ApiCall, { kind: "create-lock" }>): KubeObject {
  const { namespace, name, owner, subnet } = call;
  const reference = { apiVersion: NETWORK_API_VERSION, kind: "NetworkAttachment", ...owner, controller: true };
  return {
    apiVersion: NETWORK_API_VERSION,
    kind: "IPLock",
    metadata: { namespace, name, ownerReferences: [reference] },
    spec: { subnetName: subnet },
  };
}

function lockAnswer(object: KubeObject): ApiAnswer {
  const lock = readLock(object);
  if (lock === undefined) return { kind: "failed", code: "failed", message: "the server answered with another object" };
  return { kind: "lock", lock, writtenUs: sectionTimeUs(object, "spec") };
}

function attachmentAnswer(object: KubeObject): ApiAnswer {
  return {
    kind: "attachment",
    attachment: readAttachment(object),
    addressWrittenUs: sectionTimeUs(object, "status.address"),
  };
}

function codeOf(error: unknown, call: ApiCall): ApiFailureCode {
  if (!(error instanceof StatusError)) return "failed";
  const { httpCode, reason } = error;
  if (httpCode === 404) return "not-found";
  if (httpCode === 409 && reason === "AlreadyExists") return "exists";
  // Deleting by UID alone, a conflict can only say that it is another object by now.
  if (httpCode === 409 && call.kind === "delete-lock" && call.lock.resourceVersion === "") return "not-found";
  // Kubernetes may say so of an object that is gone already: the UID it then reports is empty (kubernetes/kubernetes#89985).
  if (httpCode === 409 && error.message.includes("UID in record ()")) return "not-found";
  if (httpCode === 409) return "conflict";
  return httpCode === 422 || httpCode === 400 ? "invalid" : "failed";
}

function preconditions({ uid, resourceVersion }: ObjectVersion): {
  readonly uid: string;
  readonly resourceVersion?: string;
} {
  return resourceVersion === "" ? { uid } : { uid, resourceVersion };
}

function targetOf({ namespace, name }: { readonly namespace: string; readonly name: string }): {
  readonly namespace: string;
  readonly name: string;
} {
  return { namespace, name };
}
