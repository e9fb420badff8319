// Extensions that say something by being there: extended_master_secret (RFC 7627 §5.1), rrc (RFC 9853 §3),
// and renegotiation_info of a first handshake (RFC 5746 §3.2), whose list of verify_data is empty.
import { type Extension, ExtensionType, findExtension } from "./extension.ts";

export function extendedMasterSecretExtension(): Extension {
  return { type: ExtensionType.extendedMasterSecret, data: new Uint8Array(0) };
}

export function returnRoutabilityCheckExtension(): Extension {
  return { type: ExtensionType.returnRoutabilityCheck, data: new Uint8Array(0) };
}

export function renegotiationInfoExtension(): Extension {
  return { type: ExtensionType.renegotiationInfo, data: Uint8Array.of(0) };
}

/** True unless it claims an earlier handshake, which cannot be: renegotiation is refused. */
export function isFirstHandshake(renegotiationInfo: Uint8Array): boolean {
  return renegotiationInfo.length === 1 && renegotiationInfo[0] === 0;
}

/** Whether an extension without content is among these; `undefined` if it has some, which calls for decode_error. */
export function isSignalled(extensions: readonly Extension[], type: number): boolean | undefined {
  const data = findExtension(extensions, type);
  if (data === undefined) return false;
  return data.length === 0 ? true : undefined;
}
