// Names to addresses, by the system's resolver.
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { codeOf, RuntimeError } from "./runtime-error.ts";

/** A name that has no address now. */
export class ResolveError extends RuntimeError<"NOT_RESOLVED"> {}

/** Every IP address of a host, as text; an IP address is its own. Throws {@link ResolveError}. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    const found = await lookup(host, { all: true });
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    throw new ResolveError("NOT_RESOLVED", `Cannot find the address of ${host}: ${codeOf(error)}`, error);
  }
}
