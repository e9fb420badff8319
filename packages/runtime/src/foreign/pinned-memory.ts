// Memory whose address is given to foreign functions.
import { assert } from "@coracle/base";
import type { Foreign, ForeignPointer } from "./foreign.ts";

/**
 * Zeroed memory at a fixed address. The ArrayBuffer is made before any view: asking a view of Bun for its buffer may move
 * it. Whoever keeps a pointer keeps this object too: the collector does not see addresses.
 */
export class PinnedMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #foreign: Foreign;

  constructor(foreign: Foreign, sizeBytes: number) {
    this.#foreign = foreign;
    this.bytes = new Uint8Array(new ArrayBuffer(sizeBytes));
  }

  /** The address of byte `offset`, from which at least `sizeBytes` bytes are this memory's. */
  pointer(offset: number, sizeBytes: number): ForeignPointer {
    const { length } = this.bytes;
    assert(
      offset >= 0 && sizeBytes >= 0 && offset + sizeBytes <= length,
      `Cannot point at ${sizeBytes} bytes from ${offset}: memory has ${length}`,
    );
    return this.#foreign.pointerTo(this.bytes, offset);
  }
}
