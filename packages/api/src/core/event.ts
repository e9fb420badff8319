// Event (core v1) as a served kind.
import { formatAge } from "../age.ts";
import { type FieldError, invalid, required } from "../field-error.ts";
import { textAt, valueAt } from "../field-path.ts";
import { checkDnsSubdomain, checkQualifiedName } from "../names.ts";
import type { ApiObject } from "../object-meta.ts";
import type { ResourceDefinition } from "../resource-definition.ts";
import { coreColumn, coreDefinition, coreNameColumn } from "./core-definition.ts";
import { numberAt } from "./members.ts";

const INVOLVED_FIELDS = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

/** Event. */
export const EVENT: ResourceDefinition = coreDefinition({
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  namespaced: true,
  schemaName: "io.k8s.api.core.v1.Event",
  columns: [
    coreColumn("Last Seen", "When it last happened.", lastSeen),
    coreColumn("Type", "Normal or Warning.", (object) => textAt(object, "type")),
    coreColumn("Reason", "One word for programs.", (object) => textAt(object, "reason")),
    coreColumn("Object", "What it is about.", target),
    coreColumn("Subobject", "Which part of it.", (object) => textAt(object, "involvedObject.fieldPath"), {
      wide: true,
    }),
    coreColumn("Source", "Who reported it.", source, { wide: true }),
    coreColumn("Message", "One sentence for people.", (object) => textAt(object, "message").trim()),
    coreColumn("First Seen", "When it first happened.", firstSeen, { wide: true }),
    coreColumn("Count", "How often it happened.", count, { wide: true }),
    coreNameColumn(true),
  ],
  selectableFields: {
    ...Object.fromEntries(
      INVOLVED_FIELDS.map((field) => [
        `involvedObject.${field}`,
        (object: ApiObject): string => textAt(object, `involvedObject.${field}`),
      ]),
    ),
    reason: (object) => textAt(object, "reason"),
    reportingComponent: (object) => textAt(object, "reportingComponent"),
    source: (object) => textAt(object, "source.component") || textAt(object, "reportingComponent"),
    type: (object) => textAt(object, "type"),
  },
  allowCreateOnUpdate: true,
  rules: {
    checkName: () => [],
    setDefaults: (object) => (object.metadata.resourceVersion === undefined ? object : withUnsetFields(object)),
    prepareForCreate: withUnsetFields,
    prepareForUpdate: withUnsetFields,
    validate: validateEvent,
  },
});

/**
 * Fields that the real server writes even when nobody set them. At creation they come in after field managers have been
 * tracked, since they belong to none.
 */
function withUnsetFields(object: ApiObject): ApiObject {
  return {
    ...object,
    involvedObject: object["involvedObject"] ?? {},
    source: object["source"] ?? {},
    firstTimestamp: object["firstTimestamp"] ?? null,
    lastTimestamp: object["lastTimestamp"] ?? null,
    eventTime: object["eventTime"] ?? null,
    reportingComponent: object["reportingComponent"] ?? "",
    reportingInstance: object["reportingInstance"] ?? "",
  };
}

/** Events with an `eventTime` follow the rules of `events.k8s.io`; older ones only have to name their own namespace. */
function validateEvent(object: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const namespace = object.metadata.namespace ?? "";
  const involved = textAt(object, "involvedObject.namespace");
  const isNew = textAt(object, "eventTime") !== "";
  const fits =
    involved === ""
      ? namespace === "default" || (isNew && namespace === "kube-system")
      : isNew || involved === namespace;
  if (!fits) errors.push(invalid("involvedObject.namespace", involved, "does not match event.namespace"));
  if (isNew) errors.push(...validateNewEvent(object));
  return [...errors, ...checkDnsSubdomain(namespace).map((text) => invalid("namespace", namespace, text))];
}

function validateNewEvent(object: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const component = textAt(object, "reportingComponent");
  if (component === "") errors.push(required("reportingComponent"));
  errors.push(...checkQualifiedName(component).map((text) => invalid("reportingComponent", component, text)));
  for (const field of ["reportingInstance", "action", "reason"]) {
    const text = textAt(object, field);
    if (text === "") errors.push(required(field));
    if (text.length > 128) errors.push(invalid(field, "", "can have at most 128 characters"));
  }
  if (textAt(object, "message").length > 1024) errors.push(invalid("message", "", "can have at most 1024 characters"));
  return errors;
}

function firstSeen(object: ApiObject, nowMs: number): string {
  return formatAge(textAt(object, "firstTimestamp") || textAt(object, "eventTime"), nowMs);
}

function lastSeen(object: ApiObject, nowMs: number): string {
  const series = textAt(object, "series.lastObservedTime");
  if (valueAt(object, "series") !== undefined) return formatAge(series, nowMs);
  const last = textAt(object, "lastTimestamp");
  return last === "" ? firstSeen(object, nowMs) : formatAge(last, nowMs);
}

function count(object: ApiObject): number {
  if (valueAt(object, "series") !== undefined) return numberAt(object, "series.count");
  return numberAt(object, "count") || 1;
}

function target(object: ApiObject): string {
  const kind = textAt(object, "involvedObject.kind").toLowerCase();
  const name = textAt(object, "involvedObject.name");
  return name === "" ? kind : `${kind}/${name}`;
}

function source(object: ApiObject): string {
  const component = textAt(object, "source.component") || textAt(object, "reportingComponent");
  const instance = textAt(object, "source.host") || textAt(object, "reportingInstance");
  return instance === "" ? component : `${component}, ${instance}`;
}
