// Rules for the content of a pod: those that users run into, with the messages of kube-apiserver.
import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from "../field-error.ts";
import { textAt, valueAt } from "../field-path.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import { checkDnsLabel, checkDnsSubdomain } from "../names.ts";
import type { ApiObject } from "../object-meta.ts";
import { validateContainer } from "./container-rules.ts";
import { objectAt, objectsAt } from "./members.ts";

const RESTART_POLICIES = ["Always", "Never", "OnFailure"];
const DNS_POLICIES = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];

/** Every rule for the spec of a new or changed pod. */
export function validatePod(pod: ApiObject): FieldError[] {
  const spec = objectAt(pod, "spec");
  const errors: FieldError[] = [];
  const volumes = validateVolumes(spec, errors);
  const names = new Set<string>();
  const containers = objectsAt(spec, "containers");
  if (containers.length === 0) errors.push(required("spec.containers"));
  for (const list of ["containers", "initContainers"]) {
    for (const [index, container] of objectsAt(spec, list).entries()) {
      const path = `spec.${list}[${index}]`;
      errors.push(...validateContainer(container, path, volumes));
      const name = textAt(container, "name");
      if (name !== "" && names.has(name)) errors.push(duplicate(`${path}.name`, name));
      names.add(name);
    }
  }
  errors.push(...oneOf(spec, "restartPolicy", RESTART_POLICIES), ...oneOf(spec, "dnsPolicy", DNS_POLICIES));
  for (const field of ["nodeName", "serviceAccountName"]) {
    const name = textAt(spec, field);
    if (name !== "") errors.push(...checkDnsSubdomain(name).map((text) => invalid(`spec.${field}`, name, text)));
  }
  const deadline = valueAt(spec, "activeDeadlineSeconds");
  if (typeof deadline === "number" && (deadline < 1 || deadline > 2_147_483_647)) {
    errors.push(invalid("spec.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive"));
  }
  return errors;
}

/** Checks the volumes and gives back their names. */
function validateVolumes(spec: JsonObject, errors: FieldError[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [index, volume] of objectsAt(spec, "volumes").entries()) {
    const path = `spec.volumes[${index}]`;
    const name = textAt(volume, "name");
    if (name === "") errors.push(required(`${path}.name`));
    else errors.push(...checkDnsLabel(name).map((text) => invalid(`${path}.name`, name, text)));
    if (name !== "" && names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    const sources = Object.keys(volume).filter((key) => isJsonObject(volume[key]));
    for (const extra of sources.slice(1)) {
      errors.push(forbidden(`${path}.${extra}`, "may not specify more than 1 volume type"));
    }
  }
  return names;
}

function oneOf(spec: JsonObject, field: string, allowed: readonly string[]): FieldError[] {
  const value = textAt(spec, field);
  if (value === "") return [required(`spec.${field}`)];
  return allowed.includes(value) ? [] : [notSupported(`spec.${field}`, value, allowed)];
}
