// Rules for the content of a node: its taints, with the messages of kube-apiserver.
import { duplicate, type FieldError, invalid, notSupported, required } from "../field-error.ts";
import { textAt } from "../field-path.ts";
import { checkLabelValue, checkQualifiedName } from "../names.ts";
import type { ApiObject } from "../object-meta.ts";
import type { JsonObject } from "../json.ts";
import { objectsAt } from "./members.ts";

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** Every broken rule of a new or changed node. */
export function validateNode(node: ApiObject): FieldError[] {
  const seen = new Set<string>();
  return objectsAt(node, "spec.taints").flatMap((taint, index) => {
    // kube-apiserver names the place so.
    const path = `metadata.taints[${index}]`;
    const identity = JSON.stringify([textAt(taint, "key"), textAt(taint, "effect")]);
    const errors = taintErrors(taint, path);
    if (seen.has(identity)) errors.push(duplicate(path, taint));
    seen.add(identity);
    return errors;
  });
}

function taintErrors(taint: JsonObject, path: string): FieldError[] {
  const [key, value, effect] = [textAt(taint, "key"), textAt(taint, "value"), textAt(taint, "effect")];
  const errors = checkQualifiedName(key).map((text) => invalid(`${path}.key`, key, text));
  const wrong = checkLabelValue(value);
  if (wrong.length > 0) errors.push(invalid(`${path}.value`, value, wrong.join(";")));
  if (effect === "") errors.push(required(`${path}.effect`));
  else if (!EFFECTS.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, EFFECTS));
  return errors;
}
