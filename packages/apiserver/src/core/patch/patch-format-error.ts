// A strategic merge patch that is not well formed. Thrown inside this folder, turned into a failure value at its door.

/** Carries the HTTP status and the text of the refusal. */
export class PatchFormatError extends Error {
  readonly code = "PATCH_FORMAT";
  readonly status: 400 | 422 | 500;

  constructor(status: 400 | 422 | 500, message: string) {
    super(message);
    this.status = status;
  }
}
