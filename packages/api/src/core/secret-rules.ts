// Rules of Secret: write-only stringData, keys that types demand. No message ever holds a value.
import { encodeBase64 } from "@coracle/base";
import { type FieldError, invalid, required, tooLong } from "../field-error.ts";
import { textAt } from "../field-path.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import { checkDataKey } from "../names.ts";
import type { ApiObject } from "../object-meta.ts";
import { base64Size, DATA_SIZE_BYTES_MAX } from "./data-size.ts";
import { objectAt } from "./members.ts";

const SERVICE_ACCOUNT_NAME = "kubernetes.io/service-account.name";

/** Keys that must be there, by type of secret. */
const KEYS_OF_TYPE: { readonly [type: string]: readonly string[] } = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

/** `stringData` merged over `data` and gone, as it is never shown. */
export function withStringData(object: ApiObject): ApiObject {
  const { stringData, ...rest } = object;
  if (!isJsonObject(stringData)) return object;
  const data: { [key: string]: unknown } = { ...objectAt(object, "data") };
  for (const [key, value] of Object.entries(stringData)) {
    if (typeof value !== "string") return object;
    data[key] = encodeBase64(new TextEncoder().encode(value));
  }
  return { ...rest, ...(Object.keys(data).length > 0 ? { data } : {}) } as ApiObject;
}

/** Every rule for the content of a Secret. */
export function validateSecret(object: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const data = objectAt(object, "data");
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...checkDataKey(key).map((text) => invalid(`data[${key}]`, key, text)));
    sizeBytes += typeof value === "string" ? base64Size(value) : 0;
  }
  if (sizeBytes > DATA_SIZE_BYTES_MAX) errors.push(tooLong("data", DATA_SIZE_BYTES_MAX));
  return [...errors, ...validateType(object, data)];
}

function validateType(object: ApiObject, data: JsonObject): FieldError[] {
  const type = textAt(object, "type");
  if (type === "kubernetes.io/service-account-token") {
    const name = object.metadata.annotations?.[SERVICE_ACCOUNT_NAME] ?? "";
    return name === "" ? [required(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`)] : [];
  }
  if (type === "kubernetes.io/basic-auth") {
    const hasOne = data["username"] !== undefined || data["password"] !== undefined;
    return hasOne ? [] : [required("data[username]"), required("data[password]")];
  }
  const missing = (KEYS_OF_TYPE[type] ?? []).filter((key) => data[key] === undefined);
  return missing.map((key) => required(`data[${key}]`));
}
