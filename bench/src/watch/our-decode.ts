// Our side of the decoder row: a JsonStreamParser that keeps the projected fields, in this process.
import { compileProjection, JsonStreamParser, type Projection } from "@coracle/kube";
import { PROJECTED_FIELDS } from "./followers.ts";

/** Decodes the chunks of a recording; answers how many events they held. */
export function decodeEvents(chunks: readonly Uint8Array[], projection: Projection): number {
  const parser = new JsonStreamParser({ mode: "watch", projection });
  let seen = 0;
  for (const chunk of chunks) {
    parser.push(chunk);
    for (let output = parser.next(); output !== undefined; output = parser.next()) {
      if (output.kind === "error") throw new Error(output.message);
      seen++;
    }
  }
  return seen;
}

/** The projection of the benchmark. */
export function benchProjection(): Projection {
  const compiled = compileProjection(PROJECTED_FIELDS);
  if (!compiled.ok) throw new Error(compiled.error.message);
  return compiled.value;
}
