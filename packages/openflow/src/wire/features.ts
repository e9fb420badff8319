// `ofp_switch_features` (OpenFlow 1.5.1 §7.3.1).
import { ByteReader, ok, type Result } from "@coracle/base";
import { HEADER_SIZE_BYTES } from "./version.ts";
import { type WireError, wireError } from "./wire-error.ts";

/** What a switch says about itself. */
export interface SwitchFeatures {
  /** 64 bits: the bridge's MAC in the low 48. */
  readonly datapathId: bigint;
  readonly bufferCount: number;
  readonly tableCount: number;
  readonly auxiliaryId: number;
  readonly capabilities: number;
}

/** Reads a features reply, header included. */
export function parseFeatures(message: Uint8Array): Result<SwitchFeatures, WireError> {
  const reader = new ByteReader(message);
  reader.skip(HEADER_SIZE_BYTES);
  const [datapathId, bufferCount] = [reader.uint64(), reader.uint32()];
  const [tableCount, auxiliaryId] = [reader.uint8(), reader.uint8()];
  reader.skip(2);
  const capabilities = reader.uint32();
  if (reader.failed) return wireError("TRUNCATED", "a features reply", `${message.length} bytes`);
  return ok({ datapathId, bufferCount, tableCount, auxiliaryId, capabilities });
}
