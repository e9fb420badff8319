// Reading YAML bodies into JSON values: the subset of YAML that means JSON, with the scalars of YAML 1.1 as Kubernetes reads them.
import { err, ok } from "@coracle/base";
import type { Result } from "@coracle/base";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import type { Document, Node } from "yaml";
import type { DecodedValue } from "./decode.ts";
import { STRICT_ERRORS_MAX } from "./duplicate-fields.ts";
import { JSON_DEPTH_MAX } from "./structure-scan.ts";

/** Most values one document may expand to through aliases; the guard against alias bombs. */
export const YAML_NODES_MAX = 200_000;

interface Reading {
  readonly document: Document;
  readonly lines: LineCounter;
  /** One line of text per member written again. */
  readonly duplicates: string[];
  nodes: number;
}

/**
 * Reads the first YAML document of `text`. Timestamps and binary stay text, member names must be scalars (and become text).
 * The error is a message without context.
 */
export function decodeYaml(text: string, options: { readonly findDuplicates: boolean }): Result<DecodedValue, string> {
  try {
    const lineCounter = new LineCounter();
    const documents = parseAllDocuments(text, {
      lineCounter,
      schema: "yaml-1.1",
      merge: true,
      uniqueKeys: false,
      customTags: (tags) =>
        tags.filter((tag) => typeof tag === "string" || (KEPT_TAGS.test(tag.tag) && !isBase60(tag))),
    });
    const document = Array.isArray(documents) ? documents[0] : undefined;
    if (document === undefined) return ok({ value: null, strictErrors: [] });
    const failure = document.errors[0];
    if (failure !== undefined) return err(`yaml: ${firstLine(failure.message)}`);
    const reading: Reading = { document, lines: lineCounter, duplicates: [], nodes: 0 };
    const value = read(reading, document.contents, 0);
    const isStrict = options.findDuplicates && reading.duplicates.length > 0;
    return ok({ value, strictErrors: isStrict ? [duplicatesText(reading.duplicates)] : [] });
  } catch (cause) {
    return err(`yaml: ${firstLine(cause instanceof Error ? cause.message : String(cause))}`);
  }
}

// No timestamps, binary, sets, ordered maps or base-60 numbers: none of them means a JSON value.
const KEPT_TAGS = /^tag:yaml\.org,2002:(map|seq|str|null|bool|int|float|merge)$/;

function isBase60(tag: object): boolean {
  return "format" in tag && tag.format === "TIME";
}

function read(reading: Reading, node: Node | null | undefined, depth: number): unknown {
  reading.nodes += 1;
  if (reading.nodes > YAML_NODES_MAX) throw new Error("document contains excessive aliasing");
  if (depth > JSON_DEPTH_MAX) throw new Error("exceeded max depth");
  if (node === null || node === undefined) return null;
  if (isAlias(node)) {
    const target = node.resolve(reading.document);
    if (target === undefined) throw new Error(`unknown anchor '${node.source}' referenced`);
    return read(reading, target, depth + 1);
  }
  if (isScalar(node)) return scalarValue(node.value);
  if (isSeq<Node>(node)) {
    return node.items.map((item) => read(reading, item, depth + 1));
  }
  if (isMap<Node, Node | null>(node)) return readMap(reading, node.items, depth);
  throw new Error("cannot convert a value to JSON");
}

function readMap(
  reading: Reading,
  items: readonly { readonly key: Node; readonly value: Node | null }[],
  depth: number,
): unknown {
  const members = new Map<string, unknown>();
  const merged = new Map<string, unknown>();
  for (const item of items) {
    const key = isAlias(item.key) ? item.key.resolve(reading.document) : item.key;
    if (!isScalar(key)) throw new Error("invalid map key: must be a scalar");
    const name = String(scalarValue(key.value));
    const value = read(reading, item.value, depth + 1);
    if (name === "<<" && key.type === "PLAIN") {
      mergeInto(merged, value);
      continue;
    }
    if (members.has(name) && reading.duplicates.length < STRICT_ERRORS_MAX) {
      const line = reading.lines.linePos(item.key.range?.[0] ?? 0).line;
      reading.duplicates.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
    }
    members.set(name, value);
  }
  // Own members win over merged ones. fromEntries defines members, so a name like __proto__ stays plain data.
  return Object.fromEntries([...merged, ...members]);
}

function duplicatesText(duplicates: readonly string[]): string {
  return `yaml: unmarshal errors:\n  ${duplicates.join("\n  ")}`;
}

function mergeInto(merged: Map<string, unknown>, value: unknown): void {
  for (const source of Array.isArray(value) ? value : [value]) {
    if (typeof source !== "object" || source === null)
      throw new Error("map merge requires map or sequence of maps as the value");
    for (const [name, member] of Object.entries(source)) if (!merged.has(name)) merged.set(name, member);
  }
}

function scalarValue(value: unknown): unknown {
  if (typeof value === "bigint") throw new Error(`cannot unmarshal number ${value} without loss`);
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error("json: unsupported value: Inf or NaN");
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") return value;
  return typeof value === "symbol" ? (value.description ?? "<<") : null;
}

function firstLine(text: string): string {
  const end = text.indexOf("\n");
  return (end === -1 ? text : text.slice(0, end)).replace(/:$/, "");
}
