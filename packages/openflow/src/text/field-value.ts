// Values and masks of fields as text, in the forms of ovs-ofctl.
import { formatIp, ipv4ToNumber, numberToIpv4, ok, parseIp, type Result } from "@coracle/base";
import type { BigField, NumberField } from "../flow/field.ts";
import { bigMax, fitsBig, fitsNumber } from "../flow/match.ts";
import { formatPort, ofPort, parsePort } from "../wire/of-port.ts";
import { type FlowTextError, textError } from "./text-error.ts";

const CT_STATES = ["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"] as const;

/** A value without its field: which bits, and which of them count. */
export interface MaskedNumber {
  readonly value: number;
  readonly mask?: number;
}

/** As {@link MaskedNumber} for wide fields. */
export interface MaskedBig {
  readonly value: bigint;
  readonly mask?: bigint;
}

/** `VALUE` or `VALUE/MASK` of a narrow field. */
export function formatNumber(field: NumberField, value: number, mask?: number): string {
  switch (field.form) {
    case "mac":
      return mask === undefined ? formatMac(value) : `${formatMac(value)}/${formatMac(mask)}`;
    case "ipv4":
      return mask === undefined ? formatIpv4(value) : `${formatIpv4(value)}/${formatIpv4Mask(mask)}`;
    case "port":
      return formatPort(ofPort(value));
    case "ct-state":
      return formatCtState(value, mask);
    case "decimal":
      return mask === undefined ? String(value) : `${hex(value)}/${hex(mask)}`;
    case "hex":
    case "ipv6":
      return mask === undefined ? hex(value) : `${hex(value)}/${hex(mask)}`;
  }
}

/** `VALUE` or `VALUE/MASK` of a wide field. */
export function formatBig(field: BigField, value: bigint, mask?: bigint): string {
  if (field.form !== "ipv6") return mask === undefined ? hex(value) : `${hex(value)}/${hex(mask)}`;
  if (mask === undefined) return formatIpv6(value);
  const length = mask.toString(2).lastIndexOf("1") + 1;
  const isPrefix = mask === bigMax(field) - (bigMax(field) >> BigInt(length));
  return `${formatIpv6(value)}/${isPrefix ? length : formatIpv6(mask)}`;
}

/** Parses what {@link formatNumber} writes, and decimal or hexadecimal numbers for any field. */
export function parseNumber(field: NumberField, text: string): Result<MaskedNumber, FlowTextError> {
  if (field.form === "ct-state") return parseCtState(text);
  const slash = text.indexOf("/");
  const value = parseOneNumber(field, slash < 0 ? text : text.slice(0, slash));
  if (value === undefined) return textError(text, `it is no value of ${field.name}`);
  if (slash < 0) return ok({ value });
  const mask = parseMask(field, text.slice(slash + 1));
  return mask === undefined ? textError(text, `it has no mask of ${field.name}`) : ok({ value, mask });
}

/** Parses what {@link formatBig} writes. */
export function parseBig(field: BigField, text: string): Result<MaskedBig, FlowTextError> {
  const slash = text.indexOf("/");
  const value = parseOneBig(field, slash < 0 ? text : text.slice(0, slash));
  if (value === undefined) return textError(text, `it is no value of ${field.name}`);
  if (slash < 0) return ok({ value });
  const maskText = text.slice(slash + 1);
  const isLength = field.form === "ipv6" && /^\d{1,3}$/.test(maskText) && Number(maskText) <= 128;
  const mask = isLength ? bigMax(field) - (bigMax(field) >> BigInt(maskText)) : parseOneBig(field, maskText);
  return mask === undefined ? textError(text, `it has no mask of ${field.name}`) : ok({ value, mask });
}

/** A number in lower-case hexadecimal with `0x`. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** A MAC address of 48 bits, as `06:00:00:02:00:01`. */
export function formatMac(value: number): string {
  return value
    .toString(16)
    .padStart(12, "0")
    .replace(/..(?=.)/g, "$&:");
}

/** The 48 bits of a MAC address with colons, or `undefined`. */
export function parseMac(text: string): number | undefined {
  return /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text) ? Number.parseInt(text.replaceAll(":", ""), 16) : undefined;
}

/** A non-negative integer in decimal or hexadecimal, up to 53 bits. */
export function parseInteger(text: string): number | undefined {
  if (!/^(0x[0-9a-fA-F]{1,14}|\d{1,16})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A non-negative integer in decimal or hexadecimal, up to 128 bits. */
export function parseBigInteger(text: string): bigint | undefined {
  return /^(0x[0-9a-fA-F]{1,32}|\d{1,39})$/.test(text) ? BigInt(text) : undefined;
}

function parseOneNumber(field: NumberField, text: string): number | undefined {
  const value = parseByForm(field, text) ?? parseInteger(text);
  return value !== undefined && fitsNumber(field, value) ? value : undefined;
}

function parseByForm(field: NumberField, text: string): number | undefined {
  if (field.form === "mac") return parseMac(text);
  if (field.form === "port") return parsePort(text);
  if (field.form !== "ipv4") return undefined;
  const address = parseIp(text);
  return address.ok && address.value.family === 4 ? ipv4ToNumber(address.value) : undefined;
}

function parseMask(field: NumberField, text: string): number | undefined {
  if (field.form === "ipv4" && /^\d{1,2}$/.test(text)) {
    return Number(text) <= 32 ? 2 ** 32 - 2 ** (32 - Number(text)) : undefined;
  }
  return parseOneNumber(field, text);
}

function parseOneBig(field: BigField, text: string): bigint | undefined {
  const address = field.form === "ipv6" ? parseIp(text) : undefined;
  if (address?.ok === true && address.value.family === 6) {
    return address.value.bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }
  const value = parseBigInteger(text);
  return value !== undefined && fitsBig(field, value) ? value : undefined;
}

function formatIpv4(value: number): string {
  return formatIp(numberToIpv4(value));
}

function formatIpv4Mask(mask: number): string {
  const length = mask.toString(2).lastIndexOf("1") + 1;
  const isPrefix = mask === 2 ** 32 - 2 ** (32 - length) && mask >= 0x8000_0000;
  return isPrefix ? String(length) : formatIpv4(mask);
}

function formatIpv6(value: bigint): string {
  const bytes = Uint8Array.from({ length: 16 }, (_, index) => Number((value >> BigInt(120 - index * 8)) & 0xffn));
  return formatIp({ family: 6, bytes });
}

function formatCtState(value: number, mask: number | undefined): string {
  const bits = CT_STATES.map((name, bit) => ({ name, bit: 1 << bit }));
  if (mask === undefined)
    return value === 0
      ? "0"
      : bits
          .filter(({ bit }) => value & bit)
          .map(({ name }) => name)
          .join("|");
  return bits
    .filter(({ bit }) => mask & bit)
    .map(({ name, bit }) => `${value & bit ? "+" : "-"}${name}`)
    .join("");
}

function parseCtState(text: string): Result<MaskedNumber, FlowTextError> {
  const bad = textError(text, "a connection state is written as +trk-new, of new est rel rpl inv trk snat dnat");
  if (!/^([+-][a-z]+)+$/.test(text)) {
    const [value, mask, more] = text.split("/").map(parseInteger);
    if (value === undefined || more !== undefined || (text.includes("/") && mask === undefined)) return bad;
    return value > 0xffff_ffff || (mask ?? 0) > 0xffff_ffff
      ? bad
      : ok({ value, ...(mask === undefined ? {} : { mask }) });
  }
  let value = 0;
  let mask = 0;
  for (const [, sign, name] of text.matchAll(/([+-])([a-z]+)/g)) {
    const bit = 1 << CT_STATES.findIndex((known) => known === name);
    if (bit < 0 || bit > 0x80 || mask & bit) return bad;
    mask |= bit;
    if (sign === "+") value |= bit;
  }
  return ok({ value, mask });
}
