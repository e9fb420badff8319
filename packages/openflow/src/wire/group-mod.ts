// `ofp_group_mod` (§7.3.4.3): buckets of 1.4 carry weight and watch in place, those of 1.5 as properties.
import type { Action } from "../flow/action.ts";
import { encodeActions } from "./action-encode.ts";
import type { MessageBuffer } from "./message-buffer.ts";
import { type OfPort, PORT } from "./of-port.ts";
import { GROUP_ANY, MESSAGE_TYPE, OPENFLOW_15, type OpenflowVersion } from "./version.ts";

const COMMAND = { add: 0, modify: 1, delete: 2, "add-or-modify": 0x8000 } as const;
const TYPE = { all: 0, select: 1, indirect: 2, "fast-failover": 3 } as const;
const BUCKET_ALL = 0xffff_ffff;
const PROPERTY = { weight: 0, watchPort: 1, watchGroup: 2 } as const;

/** Actions of a group, one alternative. */
export interface Bucket {
  readonly actions: readonly Action[];
  /** For `select`: share of the packets. */
  readonly weight?: number;
  /** For `fast-failover`: usable while this port is up. */
  readonly watchPort?: OfPort;
  /** For `fast-failover`: usable while this group is. */
  readonly watchGroup?: number;
}

/** A change of the group table. `add-or-modify` is Open vSwitch's. */
export interface GroupMod {
  readonly command: keyof typeof COMMAND;
  readonly group: number;
  readonly type: keyof typeof TYPE;
  readonly buckets: readonly Bucket[];
}

/** Appends a group-mod. */
export function encodeGroupMod(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  mod: GroupMod,
): void {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.groupMod, header.xid);
  buffer.uint16(COMMAND[mod.command]);
  buffer.uint8(TYPE[mod.type]);
  buffer.uint8(0);
  buffer.uint32(mod.group);
  if (header.version === OPENFLOW_15) encodeBuckets15(buffer, mod);
  else for (const bucket of mod.buckets) encodeBucket14(buffer, bucket, header.version);
  buffer.endMessage(start);
}

function encodeBuckets15(buffer: MessageBuffer, mod: GroupMod): void {
  const lengthAt = buffer.size;
  buffer.uint32(0);
  buffer.uint32(BUCKET_ALL);
  for (const [index, bucket] of mod.buckets.entries()) encodeBucket15(buffer, bucket, index);
  buffer.patchUint16(lengthAt, buffer.size - lengthAt - 8);
}

function encodeBucket15(buffer: MessageBuffer, bucket: Bucket, index: number): void {
  const start = buffer.size;
  buffer.uint32(0);
  buffer.uint32(index);
  encodeActions(buffer, bucket.actions, OPENFLOW_15);
  buffer.patchUint16(start + 2, buffer.size - start - 8);
  if (bucket.weight !== undefined) encodeProperty(buffer, PROPERTY.weight, bucket.weight * 0x1_0000);
  if (bucket.watchPort !== undefined) encodeProperty(buffer, PROPERTY.watchPort, bucket.watchPort);
  if (bucket.watchGroup !== undefined) encodeProperty(buffer, PROPERTY.watchGroup, bucket.watchGroup);
  buffer.patchUint16(start, buffer.size - start);
}

function encodeProperty(buffer: MessageBuffer, type: number, value: number): void {
  buffer.uint16(type);
  buffer.uint16(8);
  buffer.uint32(value);
}

function encodeBucket14(buffer: MessageBuffer, bucket: Bucket, version: OpenflowVersion): void {
  const start = buffer.size;
  buffer.uint16(0);
  buffer.uint16(bucket.weight ?? 0);
  buffer.uint32(bucket.watchPort ?? PORT.any);
  buffer.uint32(bucket.watchGroup ?? GROUP_ANY);
  buffer.uint32(0);
  encodeActions(buffer, bucket.actions, version);
  buffer.patchUint16(start, buffer.size - start);
}
