// `ofp_meter_mod` (§7.3.4.5): rate limits. Open vSwitch takes meters outside bundles only.
import type { MessageBuffer } from "./message-buffer.ts";
import { MESSAGE_TYPE, type OpenflowVersion } from "./version.ts";

const COMMAND = { add: 0, modify: 1, delete: 2 } as const;
const BAND_DROP = 1;
const BAND_SIZE_BYTES = 16;

/** `ofp_meter_flags`. */
export const METER_FLAG = { kilobits: 1, packets: 2, burst: 4, stats: 8 } as const;

/** A change of the meter table. Rates are in the unit of the flags, per second. */
export interface MeterMod {
  readonly command: keyof typeof COMMAND;
  readonly meter: number;
  /** Bits of {@link METER_FLAG}. */
  readonly flags: number;
  readonly dropBands: readonly { readonly rate: number; readonly burst: number }[];
}

/** Appends a meter-mod. */
export function encodeMeterMod(
  buffer: MessageBuffer,
  header: { readonly version: OpenflowVersion; readonly xid: number },
  mod: MeterMod,
): void {
  const start = buffer.beginMessage(header.version, MESSAGE_TYPE.meterMod, header.xid);
  buffer.uint16(COMMAND[mod.command]);
  buffer.uint16(mod.flags);
  buffer.uint32(mod.meter);
  for (const band of mod.dropBands) {
    buffer.uint16(BAND_DROP);
    buffer.uint16(BAND_SIZE_BYTES);
    buffer.uint32(band.rate);
    buffer.uint32(band.burst);
    buffer.uint32(0);
  }
  buffer.endMessage(start);
}
