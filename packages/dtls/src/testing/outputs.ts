// Finding outputs of a kind in what a machine said.
import { assert } from "@coracle/base";
import type { DtlsOutput } from "../connection/outputs.ts";

/** Every output of a kind. */
export function outputsOf<Kind extends DtlsOutput["kind"]>(
  outputs: readonly DtlsOutput[],
  kind: Kind,
): Extract<DtlsOutput, { kind: Kind }>[] {
  return outputs.filter((output): output is Extract<DtlsOutput, { kind: Kind }> => output.kind === kind);
}

/** The last output of a kind; asserts that there is one. */
export function outputOf<Kind extends DtlsOutput["kind"]>(
  outputs: readonly DtlsOutput[],
  kind: Kind,
): Extract<DtlsOutput, { kind: Kind }> {
  const found = outputsOf(outputs, kind).at(-1);
  const kinds = outputs.map((output) => (output.kind === "handshake-failed" ? output.reason : output.kind));
  assert(found !== undefined, `Cannot find ${kind} among: ${kinds.join(", ")}`);
  return found;
}
