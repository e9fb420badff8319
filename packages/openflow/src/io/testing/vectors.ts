// Recorded bytes of Open vSwitch, for tests.
import { readFileSync } from "node:fs";
import type { OpenflowVersion } from "../../wire/version.ts";

/** The shape of `test/vectors/openflow/ovs-3.1.json`. */
export interface OpenflowVectors {
  readonly source: string;
  readonly flowMods: readonly { readonly version: OpenflowVersion; readonly text: string; readonly hex: string }[];
  readonly requests: Readonly<Record<"5" | "6", Readonly<Record<string, string>>>>;
  readonly replies: Readonly<Record<"5" | "6", Readonly<Record<string, string>>>>;
}

/** Reads the recorded bytes. */
export function openflowVectors(): OpenflowVectors {
  const url = new URL("../../../../../test/vectors/openflow/ovs-3.1.json", import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as OpenflowVectors;
}

/** Bytes from hexadecimal text. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Bytes as hexadecimal text. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
