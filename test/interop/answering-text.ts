// A text sent and echoed by way of a client that carries bytes as hexadecimal.
import type { LinePeer } from "./line-log.ts";

/** Sends `text` and gives the answer as text. */
export async function answeringText(client: LinePeer, text: string): Promise<string> {
  const [, hex = ""] = await client.ask(`send ${Buffer.from(text).toString("hex")}`, /^data (\S+)/);
  return Buffer.from(hex, "hex").toString("utf8");
}
