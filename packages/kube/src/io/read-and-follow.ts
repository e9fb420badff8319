// One ConfigMap or Secret: its values now, and again on each change, without listing any other (core/v1).
import { type GroupVersionResource, type KubeObject, type KubeStatus } from "../mod.ts";
import { follow } from "./follow.ts";
import type { FollowOptions } from "./follow-options.ts";
import type { KubeClient } from "./kube-client.ts";
import { objectStates } from "./object-states.ts";

/** Which object. */
export interface ConfigReference {
  readonly kind: "ConfigMap" | "Secret";
  readonly namespace: string;
  readonly name: string;
}

/** The content of a ConfigMap or Secret, decoded. A Secret's is not to be logged. */
export interface ConfigValue {
  readonly reference: ConfigReference;
  readonly uid: string;
  readonly resourceVersion: string;
  /** A Secret's type; "" for a ConfigMap. */
  readonly type: string;
  /** `data` and `binaryData`, as bytes. */
  readonly data: ReadonlyMap<string, Uint8Array>;
}

/** What the caller is told. */
export type ConfigEvent =
  | { readonly kind: "value"; readonly value: ConfigValue }
  /** There is no such object: yet, or any more. */
  | { readonly kind: "absent" }
  /** Trouble on the way; it goes on by itself unless `retryInMs` is absent. */
  | { readonly kind: "error"; readonly status: KubeStatus; readonly retryInMs?: number };

const RESOURCES: Readonly<Record<ConfigReference["kind"], GroupVersionResource>> = {
  ConfigMap: { group: "", version: "v1", resource: "configmaps" },
  Secret: { group: "", version: "v1", resource: "secrets" },
};

/**
 * The object's content now, then after each change; "absent" when it is not there or is deleted. Needs permission to list and
 * watch the one name alone (`resourceNames`). Ends when the consumer leaves the loop or the signal aborts.
 */
export async function* readAndFollow(
  client: KubeClient,
  reference: ConfigReference,
  options: Pick<FollowOptions, "signal" | "times" | "giveUpAfterMs"> = {},
): AsyncGenerator<ConfigEvent, void, void> {
  const events = follow(client, RESOURCES[reference.kind], {
    ...options,
    namespace: reference.namespace,
    fieldSelector: `metadata.name=${reference.name}`,
  });
  for await (const state of objectStates(events)) {
    if (state.kind === "error") yield state;
    else if (state.object === undefined) yield { kind: "absent" };
    else yield { kind: "value", value: decodeConfig(reference, state.object) };
  }
}

/** The value `name` as text, or `undefined` when there is none. Bytes that are not UTF-8 become replacement characters. */
export function configText(value: ConfigValue, name: string): string | undefined {
  const bytes = value.data.get(name);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

function decodeConfig(reference: ConfigReference, object: KubeObject): ConfigValue {
  const data = new Map<string, Uint8Array>();
  const isSecret = reference.kind === "Secret";
  for (const [name, text] of entries(object["data"]))
    data.set(name, isSecret ? fromBase64(text) : encoder.encode(text));
  for (const [name, text] of entries(object["binaryData"])) data.set(name, fromBase64(text));
  const { uid = "", resourceVersion = "" } = object.metadata;
  const type = object["type"];
  return { reference, uid, resourceVersion, type: typeof type === "string" ? type : "", data };
}

const encoder = new TextEncoder();

function entries(value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string");
}

/** Servers send padded base64 only; anything else decodes to nothing rather than stopping the stream. */
function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return new Uint8Array(0);
  }
}
