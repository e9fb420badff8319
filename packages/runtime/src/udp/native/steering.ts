// Which socket of a port gets a datagram: a classic BPF program of the reuseport group (socket(7), filter.rst of Linux).
import { assert } from "@coracle/base";
import type { SteeringProgram } from "./steering-program.ts";

/**
 * Datagrams whose bytes match all of `where` go to the thread whose number is in the byte at `octetOffset`. Offsets count from
 * the start of the UDP payload. A number without a thread falls back to the kernel's hash of addresses and ports.
 */
export interface SteeringRule {
  readonly where: readonly ByteMatch[];
  readonly octetOffset: number;
}

/** The byte at `offset`, after the mask (default 255), has `value`. */
export interface ByteMatch {
  readonly offset: number;
  readonly value: number;
  readonly mask?: number;
}

/** Bytes of an instruction: u16 code, u8 jump if true, u8 jump if false, u32 operand. */
export const INSTRUCTION_SIZE_BYTES = 8;
/** Kernel's limit is 4096; rules are few. */
const RULES_MAX = 16;
const MATCHES_MAX = 8;

const LOAD_BYTE = 0x30;
const LOAD_SIZE = 0x80;
const AND = 0x54;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_GREATER = 0x25;
const RETURN_CONSTANT = 0x06;
const RETURN_ACCUMULATOR = 0x16;
/** An index no group has: the kernel then hashes. */
const NO_SOCKET = 0xffff_ffff;

/** The records of a DTLS 1.2 session with a connection ID (RFC 9146): the octet `octetInCid` of the CID names the thread. */
export function steerByDtlsCid(octetInCid: number): SteeringRule {
  return { where: [{ offset: 0, value: 25 }], octetOffset: 11 + octetInCid };
}

/** A program, or that of these rules; the first that matches decides. Bytes beyond a datagram match nothing. */
export function compileSteering(steering: readonly SteeringRule[] | SteeringProgram): Uint8Array<ArrayBuffer> {
  return "kind" in steering ? encode(steering.code) : compileRules(steering);
}

function compileRules(rules: readonly SteeringRule[]): Uint8Array<ArrayBuffer> {
  assert(
    rules.length > 0 && rules.length <= RULES_MAX,
    `Cannot steer by ${rules.length} rules: 1 to ${RULES_MAX} work`,
  );
  const code: number[][] = [];
  for (const rule of rules) {
    assert(
      rule.where.length <= MATCHES_MAX,
      `Cannot match ${rule.where.length} bytes in a rule: at most ${MATCHES_MAX}`,
    );
    const furthest = Math.max(rule.octetOffset, ...rule.where.map((match) => match.offset));
    const tests = rule.where.flatMap(({ mask = 0xff, ...match }) => [
      [LOAD_BYTE, 0, 0, match.offset],
      ...(mask === 0xff ? [] : [[AND, 0, 0, mask]]),
      [JUMP_IF_EQUAL, 0, 0, match.value],
    ]);
    // A load beyond the end would end the program with socket 0: the length is tested first.
    const body = [[LOAD_SIZE, 0, 0, 0], [JUMP_IF_GREATER, 0, 0, furthest], ...tests];
    const tail = [
      [LOAD_BYTE, 0, 0, rule.octetOffset],
      [RETURN_ACCUMULATOR, 0, 0, 0],
    ];
    const end = body.length + tail.length;
    for (const [index, instruction] of body.entries())
      if (instruction[0] === JUMP_IF_EQUAL || instruction[0] === JUMP_IF_GREATER) instruction[2] = end - index - 1;
    code.push(...body, ...tail);
  }
  code.push([RETURN_CONSTANT, 0, 0, NO_SOCKET]);
  return encode(code);
}

function encode(code: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(code.length * INSTRUCTION_SIZE_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, [operation = 0, ifTrue = 0, ifFalse = 0, operand = 0]] of code.entries()) {
    const at = index * INSTRUCTION_SIZE_BYTES;
    view.setUint16(at, operation, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, operand, true);
  }
  return bytes;
}
