// Parts of a flow table by bits of the cookie's subject, so that a comparison holds only one part in memory.

/** Flows that one dump should bring at most, roughly. */
const SHARD_FLOWS = 8192;
const SHARDS_MAX = 1024;
/** Bits 0–15 of a guest's MAC address are its VNI's; the address's last octets are above. */
const SHIFT = 16;

/** One part of a table. */
export interface CookieShard {
  readonly index: number;
  /** A power of two. */
  readonly count: number;
}

/** As many parts as `flowCount` flows need. */
export function cookieShards(flowCount: number): readonly CookieShard[] {
  let count = 1;
  while (count < SHARDS_MAX && flowCount / count > SHARD_FLOWS) count *= 2;
  return Array.from({ length: count }, (_, index) => ({ index, count }));
}

/** True if flows with this cookie subject are in the part. */
export function isInShard(shard: CookieShard, subject: number): boolean {
  return Math.floor(subject / 2 ** SHIFT) % shard.count === shard.index;
}

/** Selects the part's flows in a dump. */
export function shardCookie(shard: CookieShard): { readonly value: bigint; readonly mask: bigint } {
  return { value: BigInt(shard.index) << BigInt(SHIFT), mask: BigInt(shard.count - 1) << BigInt(SHIFT) };
}
