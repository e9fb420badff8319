// The error every boundary of this package throws: a literal code, a sentence, and the runtime's own error as cause.

/** A failure at the boundary to the operating system. `code` is stable, `cause` is what the runtime threw. */
export class RuntimeError<Code extends string = string> extends Error {
  override readonly name: string = "RuntimeError";
  readonly code: Code;

  constructor(code: Code, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The `code` of something thrown by a runtime (`ENOENT`, `ERR_…`), or "" if it has none. */
export function codeOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return "";
  const code: unknown = Reflect.get(thrown, "code");
  return typeof code === "string" ? code : "";
}

/** The message of something thrown, whatever it is. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
