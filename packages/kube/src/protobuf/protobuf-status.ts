// The Status of a request that failed, in protobuf: what a server answers when protobuf was the first choice.
import { JSON_STREAM_LIMITS } from "../json-stream-output.ts";
import { JsonTextDecoder } from "../json-text-decoder.ts";
import type { JsonObject } from "../object.ts";
import { KEEP_NODE } from "../projection.ts";
import { parseEnvelope } from "./envelope.ts";
import { MessageDecoder } from "./message-decoder.ts";
import { planMessage } from "./message-plan.ts";

/** The JSON of a Status in Kubernetes' protobuf; `undefined` for bytes that are something else. */
export function decodeProtobufStatus(bytes: Uint8Array): JsonObject | undefined {
  const envelope = parseEnvelope(bytes, [0, bytes.length]);
  const plan = planMessage("meta/v1.Status", KEEP_NODE);
  if (plan === undefined || envelope?.kind !== "Status") return undefined;
  const decoder = new MessageDecoder(JSON_STREAM_LIMITS, new JsonTextDecoder());
  const { kind, apiVersion, message } = envelope;
  const status = decoder.decode(plan, bytes, message, { kind, apiVersion });
  return decoder.error === undefined ? status : undefined;
}
