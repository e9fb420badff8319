// The gate in front of a server's handshakes: nothing is kept before a cookie came back (RFC 6347 §4.2.1).
import { plainRecord, type RecordSource } from "../connection/flight.ts";
import type { Counters } from "../connection/counters.ts";
import type { PeerAddress } from "../connection/outputs.ts";
import { type ClientHello, parseClientHello } from "../handshake/client-hello.ts";
import type { CookieJar } from "../handshake/cookie.ts";
import {
  encodeMessage,
  type HandshakeFragment,
  type HandshakeMessage,
  HandshakeType,
} from "../handshake/handshake-header.ts";
import { encodeHelloVerifyRequest } from "../handshake/hello-verify-request.ts";
import { ContentType } from "../record/content-type.ts";

/** What the gate decided. */
export type GateVerdict =
  | { readonly kind: "dropped" }
  | { readonly kind: "answer"; readonly bytes: Uint8Array }
  | { readonly kind: "admitted"; readonly hello: ClientHello; readonly message: HandshakeMessage };

const DROPPED: GateVerdict = { kind: "dropped" };

/** Looks at a ClientHello. `recordSequence` is that of its record: the answer repeats it. */
export function checkHello(
  cookies: CookieJar,
  counters: Counters,
  arrival: { readonly peer: PeerAddress; readonly recordSequence: number; readonly recordSizeBytes: number },
  fragment: HandshakeFragment,
): GateVerdict {
  // To put fragments together there would have to be state for an address that nobody has verified.
  if (fragment.body.length !== fragment.messageSizeBytes) {
    counters.dropFragmentedHello++;
    return DROPPED;
  }
  const hello = parseClientHello(fragment.body);
  if (hello === undefined) {
    counters.dropBadHello++;
    return DROPPED;
  }
  const { messageSequence, type, body } = fragment;
  if (hello.cookie.length > 0 && cookies.accepts(arrival.peer, hello)) {
    return { kind: "admitted", hello, message: { type, messageSequence, body } };
  }
  if (hello.cookie.length > 0) counters.dropBadCookie++;
  const answer = encodeMessage({
    type: HandshakeType.helloVerifyRequest,
    messageSequence,
    body: encodeHelloVerifyRequest(cookies.make(arrival.peer, hello)),
  });
  const source: RecordSource = { plainSequence: arrival.recordSequence, protection: undefined };
  const bytes = plainRecord(source, ContentType.handshake, answer);
  // Measured by the record: a datagram may hold many hellos, and all answers together must not exceed it.
  if (bytes.length > arrival.recordSizeBytes) {
    counters.dropBadHello++;
    return DROPPED;
  }
  counters.helloVerifyRequestsSent++;
  return { kind: "answer", bytes };
}
