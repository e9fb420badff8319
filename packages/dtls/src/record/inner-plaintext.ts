// DTLSInnerPlaintext: content, its real type, zeros (RFC 9146 §4), and how many zeros a policy adds.
import { assert } from "@coracle/base";
import { RECORD_CONTENT_SIZE_MAX } from "./content-type.ts";

/** How records with a connection ID hide their length. Records without one cannot be padded. */
export type PaddingPolicy =
  | { readonly kind: "none" }
  /** Up to the next multiple of `blockSizeBytes`, the type octet counted. */
  | { readonly kind: "blocks"; readonly blockSizeBytes: number }
  /** Up to at least `sizeBytes`, the type octet counted. */
  | { readonly kind: "minimum"; readonly sizeBytes: number };

/** No padding. */
export const NO_PADDING: PaddingPolicy = { kind: "none" };

/** The size of the inner plaintext of `contentSizeBytes` bytes of content. */
export function paddedSize(policy: PaddingPolicy, contentSizeBytes: number): number {
  const unpadded = contentSizeBytes + 1;
  const largest = Math.max(unpadded, RECORD_CONTENT_SIZE_MAX);
  switch (policy.kind) {
    case "none":
      return unpadded;
    case "blocks":
      assert(policy.blockSizeBytes >= 1, `Cannot pad to blocks of ${policy.blockSizeBytes} bytes`);
      return Math.min(Math.ceil(unpadded / policy.blockSizeBytes) * policy.blockSizeBytes, largest);
    case "minimum":
      return Math.min(Math.max(unpadded, policy.sizeBytes), largest);
  }
}

/**
 * Where the real type is in the first `sizeBytes` bytes: the last octet that is not zero. -1 if all are zero, which is an
 * error (RFC 9146 §4).
 */
export function innerTypeIndex(inner: Uint8Array, sizeBytes: number): number {
  let at = sizeBytes - 1;
  while (at >= 0 && inner[at] === 0) at--;
  return at;
}
