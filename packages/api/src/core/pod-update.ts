// What may change in a pod after its creation: images, the deadline, more tolerations (Kubernetes pod update rules).
import { type FieldError, forbidden, invalid, required } from "../field-error.ts";
import { textAt, valueAt } from "../field-path.ts";
import { type JsonObject, jsonEqual } from "../json.ts";
import type { ApiObject } from "../object-meta.ts";
import { mapItems, objectAt, objectsAt } from "./members.ts";

const CHANGEABLE = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];

/** Every change of a pod's spec that is not allowed. */
export function validatePodUpdate(pod: ApiObject, old: ApiObject): FieldError[] {
  const spec = objectAt(pod, "spec");
  const before = objectAt(old, "spec");
  const errors: FieldError[] = [];
  for (const list of ["containers", "initContainers"]) {
    if (objectsAt(spec, list).length !== objectsAt(before, list).length) {
      return [...errors, forbidden(`spec.${list}`, "pod updates may not add or remove containers")];
    }
    errors.push(...imageErrors(spec, list));
  }
  const deadline = deadlineError(spec, before);
  if (deadline !== undefined) errors.push(deadline.error);
  if (deadline?.stops === true) return errors;
  if (!keepsTolerations(spec, before)) {
    errors.push(forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"));
  }
  if (!jsonEqual(fixedPart(spec, before), fixedPart(before, before))) {
    errors.push(forbidden("spec", `pod updates may not change fields other than ${CHANGEABLE.join(",")}`));
  }
  return errors;
}

// Looked at here once more than in the rules for every pod; kube-apiserver reports a missing image twice.
function imageErrors(spec: JsonObject, list: string): FieldError[] {
  return objectsAt(spec, list).flatMap((container, index) => {
    const field = `spec.${list}[${index}].image`;
    const image = textAt(container, "image");
    if (image === "") return [required(field)];
    return image.trim() === image ? [] : [invalid(field, image, "must not have leading or trailing whitespace")];
  });
}

function deadlineError(
  spec: JsonObject,
  before: JsonObject,
): { readonly error: FieldError; readonly stops: boolean } | undefined {
  const field = "spec.activeDeadlineSeconds";
  const now = valueAt(spec, "activeDeadlineSeconds");
  const was = valueAt(before, "activeDeadlineSeconds");
  if (typeof was !== "number") return undefined;
  if (typeof now !== "number") {
    return { error: invalid(field, undefined, "must not update from a positive integer to nil value"), stops: false };
  }
  if (now <= was) return undefined;
  return { error: invalid(field, now, "must be less than or equal to previous value"), stops: true };
}

/** The spec without what may change; a negative grace period may become 1. */
function fixedPart(spec: JsonObject, before: JsonObject): JsonObject {
  const { activeDeadlineSeconds: _, tolerations: _tolerations, terminationGracePeriodSeconds, ...rest } = spec;
  const was = valueAt(before, "terminationGracePeriodSeconds");
  const isShortened = typeof was === "number" && was < 0 && terminationGracePeriodSeconds === 1;
  const withoutImage = (container: JsonObject): JsonObject => {
    const { image: _image, ...other } = container;
    return other;
  };
  const containers = mapItems(mapItems(rest, "containers", withoutImage), "initContainers", withoutImage);
  return { ...containers, terminationGracePeriodSeconds: isShortened ? was : terminationGracePeriodSeconds };
}

function keepsTolerations(spec: JsonObject, old: JsonObject): boolean {
  const withoutSeconds = ({ tolerationSeconds: _tolerationSeconds, ...rest }: JsonObject): JsonObject => rest;
  const now = objectsAt(spec, "tolerations").map(withoutSeconds);
  return objectsAt(old, "tolerations").every((one) => now.some((other) => jsonEqual(other, withoutSeconds(one))));
}
