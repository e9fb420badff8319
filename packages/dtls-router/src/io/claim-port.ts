// Making sure that nobody has a port that workers are about to share: the system would let them join, and cut the devices in two.
import { type Address, ExitError, formatAddress } from "@coracle/lifecycle";
import { openUdpEndpoint, UdpError } from "@coracle/runtime";

/**
 * Throws an `ExitError` if another process has the address. Sockets that share a port are let in by every process of the same
 * user, so the kernel refuses a second router only as long as it does not share.
 */
export async function claimPort(address: Address): Promise<void> {
  if (address.port === 0) return;
  try {
    const { endpoint } = await openUdpEndpoint({ ...address, onBatch: () => undefined });
    endpoint.close();
  } catch (error) {
    if (!(error instanceof UdpError) || error.code !== "ADDRESS_IN_USE") throw error;
    const advice = "another process has it; stop that, or choose another address";
    throw new ExitError(`Cannot bind ${formatAddress(address)} for several workers: ${advice}`, { cause: error });
  }
}
