// VLAN tags in a match as ovs-ofctl writes them: `dl_vlan` for a number, `vlan_tci` for everything else (ovs-fields(7), VLAN).
import { ok, type Result } from "@coracle/base";
import { FIELD, VLAN_PRESENT } from "../flow/field.ts";
import { type FieldMatch, matchNumber } from "../flow/match.ts";
import { type FlowTextError, textError } from "./text-error.ts";
import { parseInteger } from "./field-value.ts";

const VID_MAX = 0xfff;
const VID_BITS = VLAN_PRESENT | VID_MAX;
/** What `dl_vlan` has for a frame without a tag. */
const NO_VLAN = 0xffff;

/** `dl_vlan=N`, or `vlan_tci=VALUE/MASK`. */
export function formatVlan(value: number, mask: number | undefined): string {
  if (mask === undefined && value >= VLAN_PRESENT) return `dl_vlan=${value - VLAN_PRESENT}`;
  return `vlan_tci=${hex4(value)}/${hex4(mask ?? VID_BITS)}`;
}

/** Reads `dl_vlan`, `vlan_vid` and `vlan_tci`; `undefined` for any other name. Priorities (`vlan_pcp`) are not read. */
export function parseVlan(name: string, text: string): Result<FieldMatch, FlowTextError> | undefined {
  if (name !== "dl_vlan" && name !== "vlan_vid" && name !== "vlan_tci") return undefined;
  const slash = text.indexOf("/");
  const value = parseInteger(slash < 0 ? text : text.slice(0, slash));
  const mask = slash < 0 ? undefined : parseInteger(text.slice(slash + 1));
  const bad = textError(`${name}=${text}`, "it is no VLAN number, or has a priority");
  if (value === undefined || (slash >= 0 && mask === undefined)) return bad;
  if (name === "dl_vlan") {
    if (mask !== undefined || (value > VID_MAX && value !== NO_VLAN)) return bad;
    return ok(matchNumber(FIELD.vlan_vid, value === NO_VLAN ? 0 : value + VLAN_PRESENT));
  }
  // Without a mask all 16 bits count in `vlan_tci`, the priority's among them, which are there only with a tag.
  if (name === "vlan_tci" && mask === undefined && value !== 0) return bad;
  if (value > VID_BITS || (mask ?? 0) > VID_BITS) return bad;
  return ok(matchNumber(FIELD.vlan_vid, value, mask));
}

function hex4(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}
