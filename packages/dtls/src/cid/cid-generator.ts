// How a deployment makes connection IDs and tells how long one is on the wire.
import { assert, type Random } from "@coracle/base";
import { CID_SIZE_MAX } from "../extension/connection-id.ts";
import type { CidSizeAt } from "../record/record-header.ts";

/** Makes the connection IDs that this endpoint asks its peers to send. */
export interface CidGenerator {
  /** A fresh ID. Empty: this endpoint sends its peers' IDs and wants none itself. */
  generate(random: Random): Uint8Array;
  /** The size of an ID found on the wire, or -1 if it cannot be one of this deployment. */
  readonly sizeAt: CidSizeAt;
}

/** IDs of one fixed size, all random. Size 0 understands IDs and asks for none. */
export class RandomCids implements CidGenerator {
  readonly #sizeBytes: number;
  readonly sizeAt: CidSizeAt;

  constructor(sizeBytes: number) {
    assert(sizeBytes >= 0 && sizeBytes <= CID_SIZE_MAX, `Cannot make IDs of ${sizeBytes} bytes`);
    this.#sizeBytes = sizeBytes;
    this.sizeAt = () => sizeBytes;
  }

  generate(random: Random): Uint8Array {
    return random.bytes(this.#sizeBytes);
  }
}
