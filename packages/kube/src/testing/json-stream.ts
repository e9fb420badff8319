// Feeding the streaming parsers in tests: whole documents, cut at given places, with chunks that are destroyed after use.
import {
  compileProjection,
  type JsonStreamError,
  type JsonStreamOptions,
  type JsonStreamOutput,
  JsonStreamParser,
  type Projection,
} from "../mod.ts";

const encoder = new TextEncoder();

/** Compiles paths that are known to be right. */
export function projection(...paths: string[]): Projection {
  const compiled = compileProjection(paths);
  if (!compiled.ok) throw new SyntaxError(compiled.error.message);
  return compiled.value;
}

/** What both streaming parsers are. */
export interface StreamParser {
  push(chunk: Uint8Array): void;
  next(): JsonStreamOutput | undefined;
  end(): JsonStreamOutput | undefined;
}

/** Parses `bytes` cut at `cuts` (taken modulo the size); each piece is a copy that is overwritten once it is drained. */
export function drain(parser: StreamParser, bytes: Uint8Array, cuts: readonly number[]): JsonStreamOutput[] {
  const outputs: JsonStreamOutput[] = [];
  const inner = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b);
  const bounds = [0, ...inner, bytes.length];
  for (let index = 1; index < bounds.length; index++) {
    const chunk = bytes.slice(bounds[index - 1], bounds[index]);
    parser.push(chunk);
    for (let output = parser.next(); output !== undefined; output = parser.next()) {
      outputs.push(output);
      if (output.kind === "error") return outputs;
    }
    chunk.fill(0xff);
  }
  const end = parser.end();
  return end === undefined ? outputs : [...outputs, end];
}

/** What a new parser of JSON makes of `bytes`. */
export function parseBytes(
  options: JsonStreamOptions,
  bytes: Uint8Array,
  cuts: readonly number[] = [],
): JsonStreamOutput[] {
  return drain(new JsonStreamParser(options), bytes, cuts);
}

/** The same for text. */
export function parseText(options: JsonStreamOptions, text: string, cuts: readonly number[] = []): JsonStreamOutput[] {
  return parseBytes(options, encoder.encode(text), cuts);
}

/** Cuts that give every byte its own chunk. */
export function everyByte(input: string | Uint8Array): number[] {
  return Array.from(typeof input === "string" ? encoder.encode(input) : input, (_, index) => index);
}

/** The code of the error the outputs end with, if they do. */
export function errorOf(outputs: readonly JsonStreamOutput[]): JsonStreamError["code"] | undefined {
  const last = outputs.at(-1);
  return last?.kind === "error" ? last.code : undefined;
}
