// What the controllers ask of the API server, and what they can be answered; who carries it out is not their business.
import type { AttachmentStatus } from "./assign/attachment-status.ts";
import type { AttachmentView, LockView, SubnetView } from "./table/views.ts";
import type { SubnetStatus } from "./validate/subnet-status.ts";

/** One object, as it was when a decision was taken. */
export interface ObjectVersion {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** A request. Reads ask for the most recent state, never for a cached one. */
export type ApiCall =
  | { readonly kind: "read-lock"; readonly namespace: string; readonly name: string }
  | { readonly kind: "read-attachment"; readonly namespace: string; readonly name: string }
  | { readonly kind: "read-subnet"; readonly namespace: string; readonly name: string }
  /** Makes a lock owned by an attachment. */
  | {
      readonly kind: "create-lock";
      readonly namespace: string;
      readonly name: string;
      readonly owner: { readonly name: string; readonly uid: string };
      readonly subnet: string;
    }
  /** Gives a lock a new resource version, if it still has this one. */
  | { readonly kind: "touch-lock"; readonly lock: ObjectVersion; readonly mark: string }
  /** Deletes a lock if it still has this UID and, unless "", this resource version. */
  | { readonly kind: "delete-lock"; readonly lock: ObjectVersion }
  /** Replaces what the address controller says in a status, if the attachment still has this UID and resource version. */
  | { readonly kind: "write-attachment"; readonly attachment: ObjectVersion; readonly status: AttachmentStatus }
  /** Every Subnet of a virtual network, in all namespaces. */
  | { readonly kind: "list-subnets"; readonly vni: number }
  | { readonly kind: "write-subnet"; readonly subnet: ObjectVersion; readonly status: SubnetStatus };

/** Why a call failed. */
export type ApiFailureCode =
  /** The object is not there. */
  | "not-found"
  /** An object of this name is there already. */
  | "exists"
  /** The object has another UID or resource version. */
  | "conflict"
  /** The server will never take this. */
  | "invalid"
  /** Anything else: try again. What was asked for may have been done. */
  | "failed";

/** An answer. Server times are in microseconds since 1970, 0 if unknown. */
export type ApiAnswer =
  | { readonly kind: "lock"; readonly lock: LockView; readonly writtenUs: number }
  | { readonly kind: "attachment"; readonly attachment: AttachmentView; readonly addressWrittenUs: number }
  | { readonly kind: "subnet"; readonly subnet: SubnetView }
  | { readonly kind: "subnets"; readonly subnets: readonly SubnetView[] }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly code: ApiFailureCode; readonly message: string };

/** The code of a failure; `undefined` for every other answer. */
export function failureOf(answer: ApiAnswer): ApiFailureCode | undefined {
  return answer.kind === "failed" ? answer.code : undefined;
}
