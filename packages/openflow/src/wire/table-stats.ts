// `ofp_table_stats` (OpenFlow 1.3 and later): how full each table is.
import { ByteReader, ok, type Result } from "@coracle/base";
import { type WireError, wireError } from "./wire-error.ts";

/** Counters of one table. */
export interface TableStats {
  readonly table: number;
  readonly flowCount: number;
  readonly lookupCount: bigint;
  readonly matchedCount: bigint;
}

/** Reads the tables of one part of a table reply, and hands each to `take`. */
export function parseTableStats(body: Uint8Array, take: (stats: TableStats) => void): Result<undefined, WireError> {
  const reader = new ByteReader(body);
  while (reader.remaining > 0) {
    const table = reader.uint8();
    reader.skip(3);
    const [flowCount, lookupCount, matchedCount] = [reader.uint32(), reader.uint64(), reader.uint64()];
    if (reader.failed) return wireError("TRUNCATED", "table statistics", `${body.length} bytes`);
    take({ table, flowCount, lookupCount, matchedCount });
  }
  return ok(undefined);
}
