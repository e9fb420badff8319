// What goes wrong when a UDP socket or a packet thread is opened. Failures of single datagrams are counted instead.
import { RuntimeError } from "../runtime-error.ts";

/**
 * Why. BAD_ADDRESS: not an IP address and port; ADDRESS_IN_USE, ADDRESS_NOT_AVAILABLE, PERMISSION: refused by the system;
 * UNSUPPORTED: this runtime or machine has no such path; WORKER: a packet thread failed; FAILED: anything else.
 */
export type UdpErrorCode =
  "BAD_ADDRESS" | "ADDRESS_IN_USE" | "ADDRESS_NOT_AVAILABLE" | "PERMISSION" | "UNSUPPORTED" | "WORKER" | "FAILED";

/** A UDP socket or packet thread could not be opened, or a thread broke. */
export class UdpError extends RuntimeError<UdpErrorCode> {}

const BY_ERRNO_NAME: Readonly<Record<string, UdpErrorCode>> = {
  EADDRINUSE: "ADDRESS_IN_USE",
  AddrInUse: "ADDRESS_IN_USE",
  EADDRNOTAVAIL: "ADDRESS_NOT_AVAILABLE",
  AddrNotAvailable: "ADDRESS_NOT_AVAILABLE",
  EAFNOSUPPORT: "ADDRESS_NOT_AVAILABLE",
  EACCES: "PERMISSION",
  EPERM: "PERMISSION",
  PermissionDenied: "PERMISSION",
};

/** The code for the name of a system error. */
export function udpErrorCode(errnoName: string): UdpErrorCode {
  return BY_ERRNO_NAME[errnoName] ?? "FAILED";
}
