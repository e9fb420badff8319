// HelloVerifyRequest (RFC 6347 §4.2.1): the cookie a client must echo.
import { ByteReader, ByteWriter } from "@coracle/base";
import { DTLS_1_0, DTLS_1_2 } from "../record/content-type.ts";

/** The body for a cookie of at most 255 bytes. The version shown here decides nothing (RFC 6347 §4.2.1). */
export function encodeHelloVerifyRequest(cookie: Uint8Array): Uint8Array {
  return new ByteWriter().uint16(DTLS_1_2).uint8(cookie.length).bytes(cookie).finish();
}

/** The cookie; `undefined` if the body is malformed. */
export function parseHelloVerifyRequest(body: Uint8Array): Uint8Array | undefined {
  const reader = new ByteReader(body);
  const version = reader.uint16();
  const cookie = reader.bytes(reader.uint8());
  if (reader.failed || reader.remaining > 0) return undefined;
  return version === DTLS_1_0 || version === DTLS_1_2 ? cookie.slice() : undefined;
}
