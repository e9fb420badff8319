// Actions from ovs-ofctl's text.
import { type Err, ok, type Result } from "@coracle/base";
import { type Action, type ConntrackAction, setBig, setNumber, type Subfield } from "../flow/action.ts";
import { fieldByName, fieldByNxmName } from "../flow/field.ts";
import { parsePort, PORT } from "../wire/of-port.ts";
import { parseBig, parseBigInteger, parseInteger, parseNumber } from "./field-value.ts";
import { type FlowTextError, textError } from "./text-error.ts";

const ACTIONS_MAX = 1024;
const NESTING_MAX = 3;

type ParsedAction = Result<Action, FlowTextError>;
type Refused = Err<FlowTextError>;
type ConntrackParts = { -readonly [Key in keyof ConntrackAction]: ConntrackAction[Key] };

/** Parses the text behind `actions=`. */
export function parseActionsText(text: string): Result<readonly Action[], FlowTextError> {
  return parseList(text, 0);
}

function parseList(text: string, depth: number): Result<readonly Action[], FlowTextError> {
  const parts = splitTopLevel(text);
  if (parts === undefined || depth > NESTING_MAX) return textError(text, "its parentheses do not match");
  if (parts.length > ACTIONS_MAX) return textError(text, `more than ${ACTIONS_MAX} actions`);
  if (parts.length === 1 && parts[0] === "drop") return ok([]);
  const actions: Action[] = [];
  for (const part of parts) {
    const action = parseAction(part, depth);
    if (!action.ok) return action;
    actions.push(action.value);
  }
  return ok(actions);
}

/** Splits at commas and spaces outside parentheses; `undefined` if these do not match. */
function splitTopLevel(text: string): string[] | undefined {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const char = text[at] ?? ",";
    if (char === "(") depth++;
    else if (char === ")") depth--;
    if (depth < 0) return undefined;
    if (depth === 0 && (char === "," || char === " ")) {
      if (at > start) parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return depth === 0 ? parts : undefined;
}

/** Parsers by action name. `text` is the whole action, `inner` what stands behind the colon or in the parentheses. */
const PARSERS: ReadonlyMap<string, (inner: string, text: string, depth: number) => ParsedAction> = new Map([
  ["output", (inner: string) => parseOutput(inner)],
  ["controller", (inner: string, text: string) => parseController(text, inner)],
  [
    "resubmit",
    (inner: string, text: string) => (text.includes("(") ? parseResubmit(text, inner) : parseResubmitPort(text, inner)),
  ],
  ["set_field", (inner: string) => parseSetField(inner)],
  ["load", (inner: string) => parseLoad(inner)],
  ["move", (inner: string) => parseMove(inner)],
  ["ct", (inner: string, _: string, depth: number) => parseConntrack(inner, depth)],
  ["nat", (inner: string, text: string) => withoutArgument(text, inner, { kind: "nat" })],
  ["dec_ttl", (inner: string, text: string) => withoutArgument(text, inner, { kind: "dec-ttl" })],
  ["group", (inner: string, text: string) => withInteger(text, inner, (group) => ({ kind: "group", group }))],
  ["meter", (inner: string, text: string) => withInteger(text, inner, (meter) => ({ kind: "meter", meter }))],
  [
    "goto_table",
    (inner: string, text: string) => withInteger(text, inner, (table) => ({ kind: "goto-table", table }), 0xff),
  ],
  ["write_metadata", (inner: string) => parseWriteMetadata(inner)],
  ["opaque_action", (inner: string) => parseOpaque("opaque-action", inner)],
  ["opaque_instruction", (inner: string) => parseOpaque("opaque-instruction", inner)],
]);

function parseAction(text: string, depth: number): ParsedAction {
  const [, name = "", rest = ""] = /^([A-Za-z_0-9]+)[:(]?([\s\S]*)$/.exec(text) ?? [];
  const inner = text[name.length] === "(" ? rest.replace(/\)$/, "") : rest;
  return PARSERS.get(name.toLowerCase())?.(inner, text, depth) ?? parseOutput(text);
}

function withoutArgument(text: string, inner: string, action: Action): ParsedAction {
  return inner === "" ? ok(action) : textError(text, "it takes no argument here");
}

function withInteger(text: string, inner: string, make: (value: number) => Action, max = 0xffff_ffff): ParsedAction {
  const value = parseInteger(inner);
  return value === undefined || value > max ? textError(text, `a number up to ${max} is expected`) : ok(make(value));
}

function parseOutput(text: string): ParsedAction {
  const port = parsePort(text);
  if (port === undefined) return textError(text, "it is no action, and no port");
  return port === PORT.controller ? ok({ kind: "controller", sizeBytesMax: 0xffff }) : ok({ kind: "output", port });
}

function parseController(text: string, inner: string): ParsedAction {
  if (inner === "") return ok({ kind: "controller", sizeBytesMax: 0xffff });
  return withInteger(text, inner, (sizeBytesMax) => ({ kind: "controller", sizeBytesMax }), 0xffff);
}

function parseResubmitPort(text: string, inner: string): ParsedAction {
  const port = parsePort(inner);
  return port === undefined ? textError(text, "a port is expected") : ok({ kind: "resubmit", port });
}

function parseResubmit(text: string, inner: string): ParsedAction {
  const [portText = "", tableText = "", ...more] = inner.split(",");
  const port = portText === "" ? undefined : parsePort(portText);
  const table = tableText === "" ? undefined : parseInteger(tableText);
  const isBad = (portText !== "" && port === undefined) || (tableText !== "" && (table === undefined || table > 0xff));
  if (isBad || more.length > 0) return textError(text, "resubmit(PORT,TABLE) is expected");
  return ok({
    kind: "resubmit",
    ...(port === undefined || port === PORT.inPort ? {} : { port }),
    ...(table === undefined ? {} : { table }),
  });
}

function parseSetField(text: string): ParsedAction {
  const [valueText = "", name = ""] = splitArrow(text);
  const field = fieldByName(name);
  if (field === undefined) return textError(text, `"${name.slice(0, 40)}" is no field`);
  if (field.kind === "number") {
    const parsed = parseNumber(field, valueText);
    return parsed.ok ? ok(setNumber(field, parsed.value.value, parsed.value.mask)) : parsed;
  }
  const parsed = parseBig(field, valueText);
  return parsed.ok ? ok(setBig(field, parsed.value.value, parsed.value.mask)) : parsed;
}

function parseLoad(text: string): ParsedAction {
  const [valueText = "", name = ""] = splitArrow(text);
  const into = parseSubfield(name);
  const value = parseBigInteger(valueText);
  if (into === undefined || value === undefined) return textError(text, "load:VALUE->FIELD[FROM..TO] is expected");
  if (into.sizeBits > 64 || value >> BigInt(into.sizeBits) !== 0n) return textError(text, "the value is too wide");
  return ok({ kind: "load", into, value });
}

function parseMove(text: string): ParsedAction {
  const [fromText = "", intoText = ""] = splitArrow(text);
  const from = parseSubfield(fromText);
  const into = parseSubfield(intoText);
  if (from === undefined || into === undefined || from.sizeBits !== into.sizeBits) {
    return textError(text, "move:FIELD[FROM..TO]->FIELD[FROM..TO] of equal widths is expected");
  }
  return ok({ kind: "move", from, into });
}

function splitArrow(text: string): string[] {
  const at = text.indexOf("->");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 2)];
}

/** Parses `NAME[]`, `NAME[BIT]` or `NAME[FROM..TO]`. */
export function parseSubfield(text: string): Subfield | undefined {
  const [, name = "", first = "", last = ""] = /^([A-Za-z0-9_]+)\[(\d{0,3})(?:\.\.(\d{1,3}))?\]$/.exec(text) ?? [];
  const field = fieldByNxmName(name);
  if (field === undefined) return undefined;
  if (first === "" && last === "") return { field, offset: 0, sizeBits: field.sizeBits };
  const offset = Number(first);
  const end = last === "" ? offset : Number(last);
  if (first === "" || end < offset || end >= field.sizeBits) return undefined;
  return { field, offset, sizeBits: end - offset + 1 };
}

function parseConntrack(text: string, depth: number): ParsedAction {
  const parts = splitTopLevel(text);
  if (parts === undefined) return textError(text, "its parentheses do not match");
  const found: ConntrackParts = {
    kind: "ct",
    commit: false,
    force: false,
    actions: [],
  };
  for (const part of parts) {
    const problem = takeConntrackPart(found, part, depth);
    if (problem !== undefined) return problem;
  }
  return ok(found);
}

function takeConntrackPart(found: ConntrackParts, part: string, depth: number): Refused | undefined {
  const [, name = "", rest = ""] = /^([a-z]+)[=(]?([\s\S]*)$/.exec(part) ?? [];
  if (part === "commit") found.commit = true;
  else if (part === "force") found.force = true;
  else if (part === "nat") found.actions = [{ kind: "nat" }, ...found.actions];
  else if (name === "table" || name === "zone") return takeConntrackPlace(found, name, rest);
  else if (name === "exec" && part.endsWith(")")) {
    const executed = parseList(rest.slice(0, -1), depth + 1);
    if (!executed.ok) return executed;
    found.actions = [...found.actions, ...executed.value];
  } else return textError(part, "ct knows commit, force, table, zone, nat and exec");
  return undefined;
}

function takeConntrackPlace(found: ConntrackParts, name: "table" | "zone", text: string): Refused | undefined {
  const value = parseInteger(text);
  if (value !== undefined && value <= (name === "table" ? 0xff : 0xffff)) {
    found[name] = value;
    return undefined;
  }
  const subfield = name === "zone" ? parseSubfield(text) : undefined;
  if (subfield?.sizeBits !== 16) return textError(text, `${name} has no such value`);
  found.zone = subfield;
  return undefined;
}

function parseWriteMetadata(text: string): ParsedAction {
  const [valueText = "", maskText] = text.split("/");
  const value = parseBigInteger(valueText);
  const mask = maskText === undefined ? undefined : parseBigInteger(maskText);
  const isBad = value === undefined || (maskText !== undefined && mask === undefined);
  if (isBad || value >> 64n !== 0n || (mask ?? 0n) >> 64n !== 0n)
    return textError(text, "VALUE/MASK of 64 bits is expected");
  return ok({ kind: "write-metadata", value, ...(mask === undefined ? {} : { mask }) });
}

function parseOpaque(kind: "opaque-action" | "opaque-instruction", text: string): ParsedAction {
  if (!/^([0-9a-f]{16}){1,512}$/.test(text))
    return textError(text, "bytes in hexadecimal, a multiple of 8, are expected");
  return ok({ kind, bytes: Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)) });
}
