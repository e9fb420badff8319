// Port numbers (OpenFlow 1.5.1 §7.2.1.1) and the names ovs-ofctl gives the reserved ones.
import type { Brand } from "@coracle/base";

/** An OpenFlow port number: a port of the bridge, or one of the reserved ports. */
export type OfPort = Brand<number, "OfPort">;

/** Takes a 32-bit unsigned integer as a port number. */
export function ofPort(value: number): OfPort {
  return value as OfPort;
}

/** The reserved ports. */
export const PORT: {
  readonly inPort: OfPort;
  readonly table: OfPort;
  readonly normal: OfPort;
  readonly flood: OfPort;
  readonly all: OfPort;
  readonly controller: OfPort;
  readonly local: OfPort;
  readonly any: OfPort;
} = {
  inPort: ofPort(0xffff_fff8),
  table: ofPort(0xffff_fff9),
  normal: ofPort(0xffff_fffa),
  flood: ofPort(0xffff_fffb),
  all: ofPort(0xffff_fffc),
  controller: ofPort(0xffff_fffd),
  local: ofPort(0xffff_fffe),
  any: ofPort(0xffff_ffff),
};

const NAMES: ReadonlyMap<number, string> = new Map<number, string>([
  [PORT.inPort, "IN_PORT"],
  [PORT.table, "TABLE"],
  [PORT.normal, "NORMAL"],
  [PORT.flood, "FLOOD"],
  [PORT.all, "ALL"],
  [PORT.controller, "CONTROLLER"],
  [PORT.local, "LOCAL"],
  [PORT.any, "ANY"],
]);
const BY_NAME: ReadonlyMap<string, OfPort> = new Map([...NAMES].map(([port, name]) => [name, ofPort(port)]));

/** The name of a reserved port, or the number in decimal. */
export function formatPort(port: OfPort): string {
  return NAMES.get(port) ?? String(port);
}

/** A reserved port's name in any case, or a decimal number; `undefined` for anything else. */
export function parsePort(text: string): OfPort | undefined {
  const named = BY_NAME.get(text.toUpperCase());
  if (named !== undefined) return named;
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xffff_ffff ? ofPort(value) : undefined;
}

/** A port number as the 16 bits that Nicira's extensions carry: reserved ports keep their low half. */
export function portTo16(port: OfPort): number {
  return port & 0xffff;
}

/** The port number behind the 16 bits of a Nicira extension: 0xff00 and up are the reserved ports. */
export function portFrom16(value: number): OfPort {
  return ofPort(value >= 0xff00 ? (0xffff_0000 | value) >>> 0 : value);
}
