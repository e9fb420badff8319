// What passes between the main thread and the packet thread besides datagrams: members one way, counts and strangers the other.
import type { ClusterMacKeyMaterial, Endpoint, NodeId } from "@coracle/cluster";
import type { RouterOutput } from "./router-io.ts";

/** Numbers of the messages. */
export const PacketMessage = { memberSet: 1, memberRemoved: 2, counts: 3, stranger: 4 } as const;

/** A change of the members. */
export type MemberUpdate = Extract<RouterOutput, { readonly kind: "member-set" | "member-removed" }>;

/** A member as it is posted; `keys` only where frames carry a MAC. */
export interface PostedMember {
  readonly nodeId: NodeId;
  readonly endpoint: Endpoint;
  readonly keys: ClusterMacKeyMaterial | undefined;
}

/** What a packet thread has counted so far. */
export interface PostedCounts {
  readonly routes: readonly (readonly [name: string, count: number])[];
  readonly drops: readonly (readonly [name: string, count: number])[];
  readonly flows: number;
  readonly flowsConfirmed: number;
}

/** Any of the messages as bytes. Arrays of bytes are written as lists of numbers; members change seldom. */
export function encodeMessage(message: unknown): Uint8Array {
  const json = JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Uint8Array ? { bytes: Array.from(value) } : value,
  );
  return new TextEncoder().encode(json);
}

/** The inverse of {@link encodeMessage}; both ends are this program. */
export function decodeMessage(bytes: Uint8Array): unknown {
  const revive = (_key: string, value: unknown): unknown => {
    const listed: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "bytes") : undefined;
    return Array.isArray(listed) ? Uint8Array.from(listed as number[]) : value;
  };
  return JSON.parse(new TextDecoder().decode(bytes), revive);
}
