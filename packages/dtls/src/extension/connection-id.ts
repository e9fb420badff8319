// connection_id (RFC 9146 §3, number 54): the ID its sender wants to receive. The draft's numbers 53 and 254 are off.
import { type Extension, ExtensionType } from "./extension.ts";

/** The largest connection ID. */
export const CID_SIZE_MAX = 255;

/** Asks the peer to send `cid`; empty means "I will send yours, send me none". */
export function connectionIdExtension(cid: Uint8Array): Extension {
  const data = new Uint8Array(1 + cid.length);
  data[0] = cid.length;
  data.set(cid, 1);
  return { type: ExtensionType.connectionId, data };
}

/** The ID; `undefined` if malformed, to be answered by illegal_parameter. */
export function parseConnectionId(data: Uint8Array): Uint8Array | undefined {
  return data.length > 0 && data[0] === data.length - 1 ? data.slice(1) : undefined;
}
