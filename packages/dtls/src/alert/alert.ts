// The alert protocol (RFC 5246 §7.2, RFC 4279 §2, RFC 6066 §9): two bytes, level and description.

/** Alerts this library sends or understands. */
export const AlertDescription = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  handshakeFailure: 40,
  badCertificate: 42,
  unsupportedCertificate: 43,
  certificateRevoked: 44,
  certificateExpired: 45,
  certificateUnknown: 46,
  illegalParameter: 47,
  unknownCa: 48,
  accessDenied: 49,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  insufficientSecurity: 71,
  internalError: 80,
  userCanceled: 90,
  noRenegotiation: 100,
  unsupportedExtension: 110,
  unknownPskIdentity: 115,
} as const;

/** Name of an alert, as logs and metrics show it. */
export type AlertName = keyof typeof AlertDescription;

/** A parsed alert. Descriptions outside {@link AlertDescription} keep their number alone. */
export interface Alert {
  readonly fatal: boolean;
  readonly description: number;
}

/** Bytes of an alert. */
export const ALERT_SIZE = 2;

/** The two bytes of an alert. Every alert but close_notify, user_canceled and no_renegotiation is fatal. */
export function encodeAlert(name: AlertName): Uint8Array {
  const isWarning = name === "closeNotify" || name === "userCanceled" || name === "noRenegotiation";
  return Uint8Array.of(isWarning ? 1 : 2, AlertDescription[name]);
}

/** Parses an alert; `undefined` if it is not two bytes or has no known level. */
export function parseAlert(bytes: Uint8Array): Alert | undefined {
  const [level, description] = bytes;
  if (bytes.length !== ALERT_SIZE || description === undefined || (level !== 1 && level !== 2)) return undefined;
  return { fatal: level === 2, description };
}

/** The name of a description, or `undefined` if this library has none for it. */
export function alertName(description: number): AlertName | undefined {
  for (const [name, value] of Object.entries(AlertDescription)) {
    if (value === description) return name as AlertName;
  }
  return undefined;
}

/** True for what ends a handshake: a fatal alert, and close_notify, whose sender says nothing more (RFC 5246 §7.2.1). */
export function endsHandshake(alert: Alert | undefined): alert is Alert {
  return alert !== undefined && (alert.fatal || alert.description === AlertDescription.closeNotify);
}
