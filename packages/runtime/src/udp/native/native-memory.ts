// Memory whose address is given to the system.
import type { Libc } from "./libc.ts";

/**
 * Zeroed memory at a fixed address. The ArrayBuffer is made before any view: asking a view of Bun for its buffer may move
 * it. Whoever uses the address keeps this object reachable: the collector does not see addresses.
 */
export class NativeMemory {
  readonly address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;

  constructor(libc: Libc, sizeBytes: number) {
    const buffer = new ArrayBuffer(Math.ceil(sizeBytes / 8) * 8);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.address = libc.addressOf(this.bytes);
  }

  /** Writes the address `address` at word `at` as a C pointer. */
  writePointer(at: number, address: number): void {
    this.words[at] = address >>> 0;
    this.words[at + 1] = Math.floor(address / 0x1_0000_0000);
  }
}
