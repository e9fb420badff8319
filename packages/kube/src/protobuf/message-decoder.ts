// From the bytes of one protobuf message to the object its JSON stands for, as far as a plan wants it (protobuf.dev, Encoding).
import { encodeBase64 } from "@coracle/base";
import type { JsonTextDecoder } from "../json-text-decoder.ts";
import type { JsonStreamErrorCode, JsonStreamLimits } from "../json-stream-output.ts";
import type { JsonValue } from "../object.ts";
import { findMember, setMember } from "../projection.ts";
import type { FieldPlan, MessagePlan } from "./message-plan.ts";
import type { MessageField } from "./message-type.ts";
import { formatTimestamp } from "./time-text.ts";

/** Why a message cannot be decoded. */
export type MessageErrorCode = Extract<
  JsonStreamErrorCode,
  "MALFORMED" | "TOO_DEEP" | "STRING_TOO_LONG" | "UNKNOWN_FIELD"
>;

const EMPTY = new Uint8Array(0);
const TWO_32 = 0x1_0000_0000;

type Slots = (JsonValue | undefined)[];

/** Decodes messages one after the other. Fields nobody wants are stepped over. Never throws: bad bytes set {@link error}. */
export class MessageDecoder {
  readonly #limits: JsonStreamLimits;
  readonly #text: JsonTextDecoder;
  #bytes: Uint8Array = EMPTY;
  #at = 0;
  /** Messages inside one another at this point. */
  #depth = 0;
  #error: MessageErrorCode | undefined;

  constructor(limits: JsonStreamLimits, text: JsonTextDecoder) {
    this.#limits = limits;
    this.#text = text;
  }

  /** Why the last message is not one; what came of it is of no use then. */
  get error(): MessageErrorCode | undefined {
    return this.#error;
  }

  /** The object of the message in `bytes[start, end)`. `head` goes before its own members. */
  decode(
    plan: MessagePlan,
    bytes: Uint8Array,
    [start, end]: readonly [number, number],
    head: Record<string, JsonValue> = {},
  ): Record<string, JsonValue> {
    this.#bytes = bytes;
    this.#at = start;
    this.#error = undefined;
    this.#depth = 0;
    const object = this.#message(plan, end, head);
    this.#bytes = EMPTY;
    return object;
  }

  #message(plan: MessagePlan, end: number, object: Record<string, JsonValue>): Record<string, JsonValue> {
    if (this.#depth === this.#limits.depthMax) {
      this.#fail("TOO_DEEP");
      return object;
    }
    this.#depth++;
    const slots: Slots = plan.spareSlots.pop() ?? Array.from({ length: plan.fields.length });
    this.#fill(plan, slots, end);
    for (const { field, slot, node, plan: inner } of plan.fields) {
      let value = slots[slot];
      slots[slot] = undefined;
      if (value === undefined) {
        if (field.empty === "omitted" || field.empty === "unset") continue;
        if (field.empty === "null") value = null;
        else if (inner === undefined) value = zeroValue(field);
        else {
          this.#at = end;
          value = this.#message(inner, end, {});
        }
      } else if (field.empty === "omitted" && isEmpty(value)) continue;
      if (value === null && node.action !== "keep") continue;
      object[field.name] = value;
    }
    plan.spareSlots.push(slots);
    this.#depth--;
    return object;
  }

  /** Reads the fields up to `end` into their slots. */
  #fill(plan: MessagePlan, slots: Slots, end: number): void {
    const { byNumber } = plan;
    while (this.#at < end) {
      const tag = this.#varint(end);
      const wireType = tag & 7;
      const number = tag >>> 3;
      const planned = byNumber[number];
      if (planned === undefined) {
        if (plan.isWhole && number !== 0) this.#fail("UNKNOWN_FIELD");
        this.#skip(number === 0 ? 7 : wireType, end);
      } else if (planned.slot >= 0) this.#field(planned, slots, wireType, end);
      else if (planned.plan === undefined || wireType !== 2) this.#skip(wireType, end);
      else {
        const inner = this.#size(end);
        this.#fill(planned.plan, slots, inner);
      }
      if (this.#error !== undefined) {
        this.#at = end;
        return;
      }
    }
  }

  #field(planned: FieldPlan, slots: Slots, wireType: number, end: number): void {
    const { field, slot } = planned;
    const isVarint = field.form !== "map" && (field.type === "int" || field.type === "bool");
    if (!isVarint || wireType === 2) {
      if (wireType !== 2) return this.#fail("MALFORMED");
      const inner = this.#size(end);
      if (this.#error !== undefined) return;
      if (isVarint) return field.form === "list" ? this.#packed(field, slots, slot, inner) : this.#fail("MALFORMED");
      if (field.form === "map") this.#entry(planned, slots, inner);
      else {
        const value = this.#delimited(planned, inner);
        if (field.form === "list") push(slots, slot, value);
        else slots[slot] = value;
      }
      this.#at = inner;
      return;
    }
    if (wireType !== 0) return this.#fail("MALFORMED");
    const value = this.#number(field, end);
    if (field.form === "list") push(slots, slot, value);
    else slots[slot] = value;
  }

  #packed(field: MessageField, slots: Slots, slot: number, end: number): void {
    while (this.#at < end && this.#error === undefined) push(slots, slot, this.#number(field, end));
  }

  #number(field: MessageField, end: number): number | boolean {
    const value = this.#integer(end);
    return field.type === "bool" ? value !== 0 : value;
  }

  /** One entry of a map: its key is field 1, its value field 2. */
  #entry(planned: FieldPlan, slots: Slots, end: number): void {
    const { field, slot, node } = planned;
    let [keyStart, keyEnd] = [this.#at, this.#at];
    let value: JsonValue | undefined;
    while (this.#at < end && this.#error === undefined) {
      const tag = this.#varint(end);
      if (tag === 10) {
        keyEnd = this.#size(end);
        keyStart = this.#at;
        this.#at = keyEnd;
      } else if (tag === 18) {
        const inner = this.#size(end);
        value = this.#delimited(planned, inner);
        this.#at = inner;
      } else if (tag === 16 && (field.type === "int" || field.type === "bool")) value = this.#number(field, end);
      else this.#skip(tag >>> 3 === 0 ? 7 : tag & 7, end);
    }
    if (this.#error !== undefined) return;
    const map = (slots[slot] ??= {}) as Record<string, JsonValue>;
    if (node.action === "descend") {
      const wanted = findMember(node, this.#bytes, keyStart, keyEnd)?.node ?? node.anyMember;
      if (wanted === undefined || wanted.action === "drop") return;
    }
    if (this.#isTooLong(keyStart, keyEnd)) return;
    const key = this.#text.text(this.#bytes, keyStart, keyEnd);
    setMember(map, key, value ?? this.#absentEntry(planned));
  }

  #absentEntry({ field, plan }: FieldPlan): JsonValue {
    if (plan !== undefined) return this.#message(plan, this.#at, {});
    return field.type === "bytes" ? "" : zeroValue(field);
  }

  /** The value of a length-delimited field that reaches up to `end`. */
  #delimited({ field, plan }: FieldPlan, end: number): JsonValue {
    const start = this.#at;
    switch (field.type) {
      case "string":
        return this.#string(start, end);
      case "bytes":
        return this.#isTooLong(start, end) ? "" : encodeBase64(this.#bytes.subarray(start, end));
      case "message":
        return plan === undefined ? null : this.#message(plan, end, {});
      case "quantity":
        return this.#onlyText(end) || "0";
      case "json":
        return this.#json(end);
      case "list":
        return this.#texts(end);
      case "time":
      case "microtime":
        return this.#time(end, field.type === "microtime");
      case "intorstring":
        return this.#intOrString(end);
      case "int":
      case "bool":
        this.#fail("MALFORMED");
        return null;
    }
  }

  #string(start: number, end: number): string {
    return this.#isTooLong(start, end) ? "" : this.#text.text(this.#bytes, start, end);
  }

  #isTooLong(start: number, end: number): boolean {
    if (end - start <= this.#limits.stringBytesMax) return false;
    this.#fail("STRING_TOO_LONG");
    return true;
  }

  /** The texts in field 1 of the message that reaches up to `end`. */
  #texts(end: number): string[] {
    const texts: string[] = [];
    while (this.#at < end && this.#error === undefined) {
      const tag = this.#varint(end);
      if (tag !== 10) {
        this.#skip(tag >>> 3 === 0 ? 7 : tag & 7, end);
        continue;
      }
      const inner = this.#size(end);
      texts.push(this.#string(this.#at, inner));
      this.#at = inner;
    }
    return texts;
  }

  #onlyText(end: number): string {
    return this.#texts(end).at(-1) ?? "";
  }

  #json(end: number): JsonValue {
    const text = this.#onlyText(end);
    if (text === "") return null;
    try {
      return JSON.parse(text) as JsonValue;
    } catch {
      // The server knows how to show it.
      this.#fail("UNKNOWN_FIELD");
      return null;
    }
  }

  /** Seconds and nanoseconds since 1970; an empty message is no time. */
  #time(end: number, micro: boolean): string | null {
    if (this.#at === end) return null;
    const [seconds = 0, nanos = 0] = this.#integers(end, 2);
    const text = formatTimestamp(seconds, nanos, micro);
    if (text === undefined) this.#fail("UNKNOWN_FIELD");
    return text ?? null;
  }

  #intOrString(end: number): string | number {
    const start = this.#at;
    const [type = 0, value = 0] = this.#integers(end, 2);
    if (type === 0) return value;
    this.#at = start;
    let text = "";
    while (this.#at < end && this.#error === undefined) {
      const tag = this.#varint(end);
      if (tag === 26) {
        const inner = this.#size(end);
        text = this.#string(this.#at, inner);
        this.#at = inner;
      } else this.#skip(tag & 7, end);
    }
    return text;
  }

  /** The integers in fields 1 to `count`. */
  #integers(end: number, count: number): number[] {
    const values: number[] = Array.from({ length: count }, () => 0);
    while (this.#at < end && this.#error === undefined) {
      const tag = this.#varint(end);
      const number = tag >>> 3;
      if ((tag & 7) === 0 && number >= 1 && number <= count) values[number - 1] = this.#integer(end);
      else this.#skip(number === 0 ? 7 : tag & 7, end);
    }
    return values;
  }

  /** The end of a length-delimited value that begins here with its size. */
  #size(end: number): number {
    const size = this.#varint(end);
    const inner = this.#at + size;
    if (inner <= end) return inner;
    this.#fail("MALFORMED");
    this.#at = end;
    return end;
  }

  #skip(wireType: number, end: number): void {
    if (wireType === 2) this.#at = this.#size(end);
    else if (wireType === 0) this.#integer(end);
    else if (wireType === 1 || wireType === 5) {
      this.#at += wireType === 1 ? 8 : 4;
      if (this.#at > end) this.#fail("MALFORMED");
    } else this.#fail("MALFORMED");
  }

  /** A tag or size, which has 32 bits. */
  #varint(end: number): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let scale = 1; scale < TWO_32; scale *= 128) {
      if (this.#at >= end) break;
      const byte = bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 && value < TWO_32) return value;
      if (byte < 0x80) break;
    }
    this.#fail("MALFORMED");
    this.#at = end;
    return 0;
  }

  /** An integer of 64 bits in two's complement; those beyond 2^53 are rounded as JSON's are. */
  #integer(end: number): number {
    const bytes = this.#bytes;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= end) break;
      const byte = bytes[this.#at++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= (bits & 0x0f) << 28;
        high |= bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) return high * TWO_32 + (low >>> 0);
    }
    this.#fail("MALFORMED");
    this.#at = end;
    return 0;
  }

  #fail(code: MessageErrorCode): void {
    this.#error ??= code;
  }
}

function push(slots: Slots, slot: number, value: JsonValue): void {
  const list = slots[slot];
  if (Array.isArray(list)) list.push(value);
  else slots[slot] = [value];
}

/** What JSON has for a field that was not sent and is not left out. */
function zeroValue({ form, type }: MessageField): JsonValue {
  if (form === "list") return null;
  switch (type) {
    case "string":
      return "";
    case "int":
    case "intorstring":
      return 0;
    case "bool":
      return false;
    case "quantity":
      return "0";
    case "bytes":
    case "list":
    case "time":
    case "microtime":
    case "json":
    case "message":
      return null;
  }
}

function isEmpty(value: JsonValue): boolean {
  return value === "" || value === 0 || value === false || value === null;
}
