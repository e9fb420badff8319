// Rules for one container of a pod.
import { duplicate, type FieldError, invalid, notFound, notSupported, required } from "../field-error.ts";
import { textAt, valueAt } from "../field-path.ts";
import type { JsonObject } from "../json.ts";
import { checkDnsLabel } from "../names.ts";
import { numberAt, objectAt, objectsAt } from "./members.ts";
import { parseQuantity } from "./quantity.ts";

const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES = ["File", "FallbackToLogsOnError"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const QUANTITY = String.raw`^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$`;

/** Every rule for the container at `path`; `volumes` are the names that mounts may use. */
export function validateContainer(container: JsonObject, path: string, volumes: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  const name = textAt(container, "name");
  if (name === "") errors.push(required(`${path}.name`));
  else errors.push(...checkDnsLabel(name).map((text) => invalid(`${path}.name`, name, text)));
  if (textAt(container, "image") === "") errors.push(required(`${path}.image`));
  errors.push(
    ...oneOf(container, path, "terminationMessagePolicy", MESSAGE_POLICIES),
    ...validatePorts(container, path),
    ...validateEnvironment(container, path),
    ...validateMounts(container, path, volumes),
    ...oneOf(container, path, "imagePullPolicy", PULL_POLICIES),
    ...validateResources(container, path),
  );
  return errors;
}

function oneOf(container: JsonObject, path: string, field: string, allowed: readonly string[]): FieldError[] {
  const value = textAt(container, field);
  if (value === "") return [required(`${path}.${field}`)];
  return allowed.includes(value) ? [] : [notSupported(`${path}.${field}`, value, allowed)];
}

function validatePorts(container: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, port] of objectsAt(container, "ports").entries()) {
    const place = `${path}.ports[${index}]`;
    const name = textAt(port, "name");
    const wrong = name === "" ? [] : portNameErrors(name);
    errors.push(...wrong.map((text) => invalid(`${place}.name`, name, text)));
    if (name !== "" && wrong.length === 0 && names.has(name)) errors.push(duplicate(`${place}.name`, name));
    names.add(name);
    if (numberAt(port, "containerPort") === 0) errors.push(required(`${place}.containerPort`));
    for (const field of ["containerPort", "hostPort"]) {
      const value = numberAt(port, field);
      if (value < 0 || value > 65_535) {
        errors.push(invalid(`${place}.${field}`, value, "must be between 1 and 65535, inclusive"));
      }
    }
    const protocol = textAt(port, "protocol");
    if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${place}.protocol`, protocol, PROTOCOLS));
  }
  return errors;
}

/** An IANA service name: 15 characters, one letter at least. */
function portNameErrors(name: string): string[] {
  const errors: string[] = [];
  if (name.length > 15) errors.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(name)) {
    errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(name)) errors.push("must contain at least one letter (a-z)");
  if (name.includes("--")) errors.push("must not contain consecutive hyphens");
  if (name.startsWith("-") || name.endsWith("-")) errors.push("must not begin or end with a hyphen");
  return errors;
}

function validateEnvironment(container: JsonObject, path: string): FieldError[] {
  const rule = "a valid environment variable name must consist only of printable ASCII characters other than '='";
  return objectsAt(container, "env").flatMap((variable, index) => {
    const field = `${path}.env[${index}].name`;
    const name = textAt(variable, "name");
    if (name === "") return [required(field)];
    return /^[ -<>-~]+$/.test(name)
      ? []
      : [invalid(field, name, `${rule} (regex used for validation is '^[ -<>-~]+$')`)];
  });
}

function validateMounts(container: JsonObject, path: string, volumes: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  const places = new Set<string>();
  for (const [index, mount] of objectsAt(container, "volumeMounts").entries()) {
    const place = `${path}.volumeMounts[${index}]`;
    const [name, mountPath] = [textAt(mount, "name"), textAt(mount, "mountPath")];
    if (name === "") errors.push(required(`${place}.name`));
    if (!volumes.has(name)) errors.push(notFound(`${place}.name`, name));
    if (mountPath === "") errors.push(required(`${place}.mountPath`));
    if (places.has(mountPath)) errors.push(invalid(`${place}.mountPath`, mountPath, "must be unique"));
    places.add(mountPath);
  }
  return errors;
}

function validateResources(container: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const limits = objectAt(container, "resources.limits");
  for (const list of ["limits", "requests"]) {
    for (const [name, value] of Object.entries(objectAt(container, `resources.${list}`))) {
      const place = `${path}.resources.${list}[${name}]`;
      const amount = parseQuantity(value);
      if (amount === undefined)
        errors.push(invalid(place, value, `quantities must match the regular expression '${QUANTITY}'`));
      else if (amount < 0) errors.push(invalid(place, value, "must be greater than or equal to 0"));
      const limit = parseQuantity(valueAt(limits, name));
      if (list === "requests" && amount !== undefined && limit !== undefined && amount > limit) {
        const text = `must be less than or equal to ${name} limit of ${String(limits[name])}`;
        errors.push(invalid(`${path}.resources.requests`, value, text));
      }
    }
  }
  return errors;
}
