// Answers that are no failure by their status and still cannot be used.

/** What is wrong with an answer. */
export type KubeAnswerErrorCode = "NOT_JSON" | "NOT_AN_OBJECT" | "NOT_A_TABLE" | "BAD_DISCOVERY";

/** A successful answer whose body is not what was asked for, such as a proxy's login page. Quotes none of the body. */
export class KubeAnswerError extends Error {
  override readonly name = "KubeAnswerError";
  readonly code: KubeAnswerErrorCode;

  constructor(code: KubeAnswerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
