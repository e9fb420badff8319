// Where plaintext goes, as it is written: the built-in CoAP server, or a UDP server's address.
import { err, ok, type Result } from "@coracle/base";
import { parsePeerList } from "@coracle/cluster";

/** A parsed `--upstream`. */
export type Upstream =
  { readonly kind: "coap" } | { readonly kind: "udp"; readonly host: string; readonly port: number };

const SCHEME = "udp://";

/** Reads `coap` or `udp://HOST:PORT`; the error reads on from the quoted text. */
export function parseUpstream(text: string): Result<Upstream, string> {
  if (text === "coap") return ok({ kind: "coap" });
  if (!text.startsWith(SCHEME)) return err("is neither coap nor udp://HOST:PORT");
  const parsed = parsePeerList(text.slice(SCHEME.length));
  const [address, ...more] = parsed.ok ? parsed.value : [];
  if (address === undefined || more.length > 0) return err("is not udp://HOST:PORT");
  return ok({ kind: "udp", ...address });
}
