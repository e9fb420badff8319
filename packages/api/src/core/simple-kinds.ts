// Core kinds with few rules: ConfigMap, Secret, ServiceAccount, Lease.
import { type FieldError, forbidden, invalid, required, tooLong } from "../field-error.ts";
import { textAt } from "../field-path.ts";
import { isJsonObject, type JsonObject, jsonEqual } from "../json.ts";
import { utf8Size } from "../metadata-rules.ts";
import { checkDataKey } from "../names.ts";
import type { ApiObject } from "../object-meta.ts";
import type { ResourceDefinition } from "../resource-definition.ts";
import { coreAgeColumn, coreColumn, coreDefinition, coreNameColumn } from "./core-definition.ts";
import { coreSchema } from "./core-schema.ts";
import { base64Size, DATA_SIZE_BYTES_MAX } from "./data-size.ts";
import { numberAt, objectAt } from "./members.ts";
import { validateSecret, withStringData } from "./secret-rules.ts";

const UPDATE_OF_IMMUTABLE = "field is immutable when `immutable` is set";

/** ConfigMap. */
export const CONFIG_MAP: ResourceDefinition = coreDefinition({
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  namespaced: true,
  schemaName: "io.k8s.api.core.v1.ConfigMap",
  columns: [
    coreNameColumn(),
    coreColumn("Data", "Number of keys.", (object) => countKeys(object, "data") + countKeys(object, "binaryData")),
    coreAgeColumn(),
  ],
  rules: {
    validate: validateConfigMap,
    validateUpdate: (object, old) => validateImmutable(object, old, ["data", "binaryData"]),
  },
});

/** Secret. */
export const SECRET: ResourceDefinition = coreDefinition({
  kind: "Secret",
  plural: "secrets",
  namespaced: true,
  schemaName: "io.k8s.api.core.v1.Secret",
  columns: [
    coreNameColumn(),
    coreColumn("Type", "What the secret is for.", (object) => textAt(object, "type")),
    coreColumn("Data", "Number of keys.", (object) => countKeys(object, "data")),
    coreAgeColumn(),
  ],
  selectableFields: { type: (object) => textAt(object, "type") },
  rules: {
    setDefaults: (object) => withStringData(object["type"] === undefined ? { ...object, type: "Opaque" } : object),
    prepareForUpdate: (object, old) => (textAt(object, "type") === "" ? { ...object, type: old["type"] } : object),
    validate: validateSecret,
    validateUpdate: (object, old) => {
      const { type } = object;
      const errors = type === old["type"] ? [] : [invalid("type", type, "field is immutable")];
      return [...errors, ...validateImmutable(object, old, ["data"])];
    },
  },
});

/** ServiceAccount. */
export const SERVICE_ACCOUNT: ResourceDefinition = coreDefinition({
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  namespaced: true,
  schemaName: "io.k8s.api.core.v1.ServiceAccount",
  columns: [coreNameColumn(), coreAgeColumn()],
  subresources: [
    {
      name: "token",
      group: "authentication.k8s.io",
      version: "v1",
      kind: "TokenRequest",
      verbs: ["create"],
      get schema() {
        return coreSchema("io.k8s.api.authentication.v1.TokenRequest");
      },
    },
  ],
  rules: {
    prepareForCreate: withNamesOfSecrets,
    prepareForUpdate: withNamesOfSecrets,
  },
});

/** References to secrets keep only their names: a service account's secrets are in its own namespace. */
function withNamesOfSecrets(object: ApiObject): ApiObject {
  const { secrets } = object;
  if (!Array.isArray(secrets)) return object;
  return { ...object, secrets: secrets.map((secret) => (isJsonObject(secret) ? nameOf(secret) : secret)) };
}

function nameOf({ name }: JsonObject): JsonObject {
  return name === undefined ? {} : { name };
}

/** Lease of `coordination.k8s.io`. */
export const LEASE: ResourceDefinition = coreDefinition({
  group: "coordination.k8s.io",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
  schemaName: "io.k8s.api.coordination.v1.Lease",
  columns: [
    coreNameColumn(),
    coreColumn("Holder", "Who holds the lease.", (object) => textAt(object, "spec.holderIdentity")),
    coreAgeColumn(),
  ],
  allowUnconditionalUpdate: false,
  allowCreateOnUpdate: true,
  rules: {
    setDefaults: (object) => (object["spec"] === undefined ? { ...object, spec: {} } : object),
    validate: validateLease,
  },
});

function validateConfigMap(object: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const [data, binaryData] = [objectAt(object, "data"), objectAt(object, "binaryData")];
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...checkDataKey(key).map((text) => invalid(`data[${key}]`, key, text)));
    if (binaryData[key] !== undefined)
      errors.push(invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
    sizeBytes += typeof value === "string" ? utf8Size(value) : 0;
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.push(...checkDataKey(key).map((text) => invalid(`binaryData[${key}]`, key, text)));
    sizeBytes += typeof value === "string" ? base64Size(value) : 0;
  }
  if (sizeBytes > DATA_SIZE_BYTES_MAX) errors.push(tooLong("[]", DATA_SIZE_BYTES_MAX));
  return errors;
}

function validateImmutable(object: ApiObject, old: ApiObject, fields: readonly string[]): FieldError[] {
  if (old["immutable"] !== true) return [];
  const errors = object["immutable"] === true ? [] : [forbidden("immutable", UPDATE_OF_IMMUTABLE)];
  for (const field of fields) {
    if (!jsonEqual(objectAt(object, field), objectAt(old, field))) errors.push(forbidden(field, UPDATE_OF_IMMUTABLE));
  }
  return errors;
}

function validateLease(object: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const duration = numberAt(object, "spec.leaseDurationSeconds", 1);
  if (duration <= 0) errors.push(invalid("spec.leaseDurationSeconds", duration, "must be greater than 0"));
  const transitions = numberAt(object, "spec.leaseTransitions");
  if (transitions < 0) errors.push(invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
  if (textAt(object, "spec.preferredHolder") !== "" && textAt(object, "spec.strategy") === "") {
    errors.push(required("spec.strategy", "must be specified when `spec.preferredHolder` is specified"));
  }
  return errors;
}

function countKeys(object: ApiObject, field: string): number {
  return Object.keys(objectAt(object, field)).length;
}
