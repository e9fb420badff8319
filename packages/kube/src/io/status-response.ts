// The Status of a failed request, decoded from its body or made from its HTTP status (apimachinery NewGenericServerResponse).
import { type KubeStatus, parseRetryAfter, STATUS_REASON_CODES, type StatusReason } from "../mod.ts";

/** Where HTTP codes that several reasons share go. */
const REASON_OF_CODE: ReadonlyMap<number, StatusReason> = new Map<number, StatusReason>([
  ...Object.entries(STATUS_REASON_CODES).map(([reason, code]): [number, StatusReason] => [
    code,
    reason as StatusReason,
  ]),
  [409, "Conflict"],
  [410, "Gone"],
  [500, "InternalError"],
]);

/** Text of a proxy's error page that goes into a message. */
const TEXT_MAX = 2048;

/** An answer as far as its Status goes. */
export interface FailedAnswer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Wall clock, for a `Retry-After` date. */
  readonly wallMs: number;
}

/** The Status `answer` carries. `retryAfterSeconds` is filled from the header when the body has none. */
export function statusOfAnswer(answer: FailedAnswer): KubeStatus {
  const retryAfterMs = parseRetryAfter(answer.headers["retry-after"], answer.wallMs);
  const status = decodeStatus(answer.body) ?? genericStatus(answer);
  if (retryAfterMs === undefined || status.details?.retryAfterSeconds !== undefined) return status;
  return { ...status, details: { ...status.details, retryAfterSeconds: Math.ceil(retryAfterMs / 1000) } };
}

/** `text` as a Status, or `undefined` when it is something else. Its `code` is left as the server wrote it. */
function decodeStatus(text: string): KubeStatus | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isStatus(value) ? value : undefined;
}

/** Whether a decoded body is a Status. */
export function isStatus(value: unknown): value is KubeStatus {
  return (
    typeof value === "object" &&
    value !== null &&
    Reflect.get(value, "kind") === "Status" &&
    Reflect.get(value, "apiVersion") === "v1"
  );
}

function genericStatus(answer: FailedAnswer): KubeStatus {
  const reason = REASON_OF_CODE.get(answer.code) ?? (answer.code >= 500 ? "InternalError" : undefined);
  const text = answer.body.trim().slice(0, TEXT_MAX);
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: text === "" ? `the server answered ${answer.code} without a Status` : text,
    ...(reason === undefined ? {} : { reason }),
    details: { causes: [{ reason: "UnexpectedServerResponse", message: text === "" ? "unknown" : text }] },
    code: answer.code,
  };
}
