// The name of an IPLock, which is the lock: one address of one virtual network.
import { formatLockName, parseLockName } from "@coracle/api";
import { ipv4ToNumber, numberToIpv4 } from "@coracle/base";

/** What a lock's name stands for; the address is an unsigned 32-bit number. */
export interface Locked {
  readonly vni: number;
  readonly address: number;
}

/** `v1-<vni>-<a>-<b>-<c>-<d>`. */
export function lockNameOf({ vni, address }: Locked): string {
  return formatLockName({ vni, address: numberToIpv4(address) });
}

/** `undefined` unless the name is exactly of that form. */
export function readLockName(name: string): Locked | undefined {
  const locked = parseLockName(name);
  return locked === undefined ? undefined : { vni: locked.vni, address: ipv4ToNumber(locked.address) };
}
