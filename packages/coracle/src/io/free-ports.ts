// Whether the addresses that `up` hands to its children are free: asked once before anything starts.
import { type Address, ExitError, formatAddress } from "@coracle/lifecycle";
import { ServeError, serveHttp } from "@coracle/runtime";

/** An address with the flag it came by. */
export interface WantedAddress {
  readonly flag: string;
  readonly address: Address;
}

/**
 * Throws {@link ExitError} naming the first address that cannot be listened on. Without this a child would fail later, while
 * somebody else's server answered for it.
 */
export async function refuseTakenPorts(wanted: readonly WantedAddress[]): Promise<void> {
  const taken = new Map<string, string>();
  for (const { flag, address } of wanted) {
    const text = formatAddress(address);
    const other = taken.get(text);
    if (other !== undefined) throw new ExitError(`${flag}: ${text} is given to ${other} already`, { exitCode: 2 });
    if (address.port !== 0) taken.set(text, flag);
    try {
      const server = await serveHttp({ ...address, handler: () => new Response() });
      await server.close();
    } catch (error) {
      if (!(error instanceof ServeError)) throw error;
      throw new ExitError(`${flag}: ${error.message}; stop what uses it or choose another address`, {
        exitCode: 2,
        cause: error,
      });
    }
  }
}
