// Why something cannot be looked up.

/** See `code`. */
export class InspectError extends Error {
  override readonly name = "InspectError";
  readonly code: "NOT_HERE" | "BAD_ADDRESS" | "UNREACHABLE" | "REFUSED" | "BAD_FLOWS";

  constructor(code: InspectError["code"], message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
