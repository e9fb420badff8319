// What workers are told while they serve that is not to pass through rings: secrets, as structured clones.
import type { QuicLbKeys } from "../core/quic-lb-layout.ts";
import type { PostedCredentials } from "./worker-credentials.ts";

/** One letter, to all workers alike. */
export type WorkerMail =
  | { readonly kind: "credentials"; readonly credentials: PostedCredentials }
  | { readonly kind: "cid-keys"; readonly keys: QuicLbKeys };
