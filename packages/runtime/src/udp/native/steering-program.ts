// Steering programs of one's own: instructions of classic BPF with names and labels (filter.rst of Linux, bpf(4)).
import { assert } from "@coracle/base";

/** A program for the kernel: instructions as u16 code, u8 jump if true, u8 jump if false, u32 operand. */
export interface SteeringProgram {
  readonly kind: "program";
  readonly code: readonly (readonly [code: number, ifTrue: number, ifFalse: number, operand: number])[];
}

/** Bytes of a load. */
export type LoadSize = 1 | 2 | 4;

const SIZE_CODE: Readonly<Record<LoadSize, number>> = { 1: 0x10, 2: 0x08, 4: 0x00 };
const LOAD_AT = 0x20;
const LOAD_AT_X = 0x40;
const LOAD_LENGTH = 0x80;
const LOAD_HEADER_SIZE_TO_X = 0xb1;
const LOAD_X_STORED = 0x61;
const STORE = 0x02;
const SHIFT_LEFT = 0x64;
const SHIFT_RIGHT = 0x74;
const MULTIPLY = 0x24;
const MODULO = 0x94;
const XOR_X = 0xac;
const OR_X = 0x4c;
const COPY_TO_X = 0x07;
const JUMP = 0x05;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_GREATER = 0x25;
const RETURN_CONSTANT = 0x06;
const RETURN_ACCUMULATOR = 0x16;
/** SKF_NET_OFF: offsets from here on count from the network header. */
const NETWORK_HEADER = 0xfff0_0000;
/** An index that no group has: the kernel then hashes addresses and ports. */
const NO_SOCKET = 0xffff_ffff;
/** Jumps are 8 bits, so a program that stays below needs no care. */
const INSTRUCTIONS_MAX = 255;

interface Pending {
  readonly code: number;
  readonly operand: number;
  readonly ifTrue?: string | undefined;
  readonly ifFalse?: string | undefined;
}

/**
 * Writes a program that answers with the number of a thread, or with none. It has an accumulator and an index register X. Numbers on
 * the wire are big endian. A load beyond the datagram ends the program with thread 0.
 */
export class SteeringAssembler {
  readonly #code: Pending[] = [];
  readonly #labels: Map<string, number> = new Map();

  /** Accumulator = the bytes at `offset` of the UDP payload. */
  load(size: LoadSize, offset: number): this {
    return this.#add(LOAD_AT | SIZE_CODE[size], offset);
  }

  /** Accumulator = the bytes at `offset` + X of the UDP payload. */
  loadAtX(size: LoadSize, offset: number): this {
    return this.#add(LOAD_AT_X | SIZE_CODE[size], offset);
  }

  /** Accumulator = the bytes at `offset` of the IP packet. */
  loadOfPacket(size: LoadSize, offset: number): this {
    return this.#add(LOAD_AT | SIZE_CODE[size], NETWORK_HEADER + offset);
  }

  /** Accumulator = the bytes at `offset` + X of the IP packet. */
  loadOfPacketAtX(size: LoadSize, offset: number): this {
    return this.#add(LOAD_AT_X | SIZE_CODE[size], NETWORK_HEADER + offset);
  }

  /** X = the size of the IPv4 header. */
  ipv4HeaderSizeToX(): this {
    return this.#add(LOAD_HEADER_SIZE_TO_X, NETWORK_HEADER);
  }

  /** Accumulator = the size of the UDP payload. */
  loadLength(): this {
    return this.#add(LOAD_LENGTH, 0);
  }

  copyToX(): this {
    return this.#add(COPY_TO_X, 0);
  }

  /** Keeps the accumulator for {@link storedToX}. */
  store(): this {
    return this.#add(STORE, 0);
  }

  storedToX(): this {
    return this.#add(LOAD_X_STORED, 0);
  }

  shiftLeft(bits: number): this {
    return this.#add(SHIFT_LEFT, bits);
  }

  shiftRight(bits: number): this {
    return this.#add(SHIFT_RIGHT, bits);
  }

  multiply(by: number): this {
    return this.#add(MULTIPLY, by);
  }

  modulo(by: number): this {
    return this.#add(MODULO, by);
  }

  xorX(): this {
    return this.#add(XOR_X, 0);
  }

  orX(): this {
    return this.#add(OR_X, 0);
  }

  /** Goes on at `label`, which must come later. */
  goTo(label: string): this {
    this.#code.push({ code: JUMP, operand: 0, ifTrue: label });
    return this;
  }

  goIfEqual(value: number, label: string): this {
    this.#code.push({ code: JUMP_IF_EQUAL, operand: value, ifTrue: label });
    return this;
  }

  goUnlessEqual(value: number, label: string): this {
    this.#code.push({ code: JUMP_IF_EQUAL, operand: value, ifFalse: label });
    return this;
  }

  goUnlessGreater(value: number, label: string): this {
    this.#code.push({ code: JUMP_IF_GREATER, operand: value, ifFalse: label });
    return this;
  }

  /** The place of a label. */
  label(name: string): this {
    this.#labels.set(name, this.#code.length);
    return this;
  }

  /** The thread with the accumulator's number; if there is none, whichever the kernel's hash says. */
  answer(): this {
    return this.#add(RETURN_ACCUMULATOR, 0);
  }

  /** Whichever thread the kernel's hash says. */
  answerNone(): this {
    return this.#add(RETURN_CONSTANT, NO_SOCKET);
  }

  finish(): SteeringProgram {
    assert(this.#code.length < INSTRUCTIONS_MAX, `Cannot steer by ${this.#code.length} instructions`);
    const code = this.#code.map(({ code: operation, operand, ifTrue, ifFalse }, index) => {
      const jump = (label: string | undefined): number => (label === undefined ? 0 : this.#distance(label, index));
      if (operation === JUMP) return [operation, 0, 0, jump(ifTrue)] as const;
      return [operation, jump(ifTrue), jump(ifFalse), operand] as const;
    });
    return { kind: "program", code };
  }

  #distance(label: string, index: number): number {
    const distance = (this.#labels.get(label) ?? -1) - index - 1;
    assert(distance >= 0, `Cannot go to ${label}: it is not further on`);
    return distance;
  }

  #add(code: number, operand: number): this {
    this.#code.push({ code, operand: operand >>> 0 });
    return this;
  }
}
