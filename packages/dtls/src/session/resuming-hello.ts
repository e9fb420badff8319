// Which node and worker a ClientHello means that wants to resume: read from the session id in it, before anything is verified.
import { ExtensionType, findExtension } from "../extension/extension.ts";
import { parseClientHello } from "../handshake/client-hello.ts";
import { HandshakeType, parseFragments } from "../handshake/handshake-header.ts";
import { ContentType } from "../record/content-type.ts";
import { parseRecordHeader } from "../record/record-header.ts";
import { CLIENT_HELLO_SESSION_ID_AT, readSessionIdHome, SESSION_ID_SIZE, type SessionIdMask } from "./session-id.ts";

/** The bytes of a session id at the places of node and worker. Whether they mean one is for the caller to know. */
export interface ResumptionHome {
  readonly nodeId: number;
  readonly worker: number;
}

/**
 * Where the session is that a datagram's ClientHello names; `undefined` for every other datagram, at the cost of a few
 * comparisons. Also `undefined` if the hello offers no connection IDs: then the rest of the handshake would be known by its
 * address alone, so it has to stay where addresses lead. `mask` is that of the ids, if they have one.
 */
export function resumptionHome(
  bytes: Uint8Array,
  start: number,
  end: number,
  mask?: SessionIdMask,
): ResumptionHome | undefined {
  const idAt = start + CLIENT_HELLO_SESSION_ID_AT;
  if (end - idAt < SESSION_ID_SIZE || bytes[start] !== ContentType.handshake) return undefined;
  if (bytes[idAt - 1] !== SESSION_ID_SIZE) return undefined;
  const header = parseRecordHeader(bytes.subarray(start, end), 0, () => -1);
  if (header === undefined || header.epoch !== 0) return undefined;
  const first = parseFragments(bytes.subarray(start + header.payloadStart, start + header.end))?.[0];
  if (first?.type !== HandshakeType.clientHello || first.body.length !== first.messageSizeBytes) return undefined;
  const hello = parseClientHello(first.body);
  if (hello === undefined || findExtension(hello.extensions, ExtensionType.connectionId) === undefined)
    return undefined;
  return readSessionIdHome(bytes.subarray(idAt, idAt + SESSION_ID_SIZE), mask);
}
