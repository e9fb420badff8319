// What the fabric's start and its connections may die of.

/** Why Open vSwitch cannot be used now. */
export class FabricError extends Error {
  override readonly name = "FabricError";
  readonly code: "OVS_TOO_OLD" | "NAME_TAKEN" | "NOT_CONFIGURED" | "NO_TUNNEL" | "ABORTED";

  constructor(code: FabricError["code"], message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
