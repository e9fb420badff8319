// Names as Kubernetes checks them (apimachinery pkg/api/validate/content): each check returns what is wrong, in its words.

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = `(${QUALIFIED})?`;
const DATA_KEY = "[-._a-zA-Z0-9]+";

const LABEL_PATTERN = anchored(LABEL);
const SUBDOMAIN_PATTERN = anchored(SUBDOMAIN);
const LABEL_1035_PATTERN = anchored(LABEL_1035);
const QUALIFIED_PATTERN = anchored(QUALIFIED);
const LABEL_VALUE_PATTERN = anchored(LABEL_VALUE);
const DATA_KEY_PATTERN = anchored(DATA_KEY);

/** Texts of what is wrong with a value; empty if it is right. */
export type NameCheck = (value: string) => readonly string[];

/** A lower-case RFC 1123 label: namespaces, container names. */
export function checkDnsLabel(value: string): readonly string[] {
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return check(value, 63, LABEL_PATTERN, () =>
    SUBDOMAIN_PATTERN.test(value) ? "must not contain dots" : regexMessage(rule, LABEL, ["my-name", "123-abc"]),
  );
}

/** A lower-case RFC 1123 subdomain: the names of most kinds. */
export function checkDnsSubdomain(value: string): readonly string[] {
  return check(value, 253, SUBDOMAIN_PATTERN, () =>
    regexMessage(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      SUBDOMAIN,
      ["example.com"],
    ),
  );
}

/** An RFC 1035 label: starts with a letter. */
export function checkDns1035Label(value: string): readonly string[] {
  return check(value, 63, LABEL_1035_PATTERN, () =>
    regexMessage(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
      LABEL_1035,
      ["my-name", "abc-123"],
    ),
  );
}

/** `[PREFIX/]NAME`: label keys, annotation keys (after lowering), finalizers. */
export function checkQualifiedName(value: string): readonly string[] {
  const parts = value.split("/");
  const rule = regexMessage(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    QUALIFIED,
    ["MyName", "my.name", "123-abc"],
  );
  if (parts.length > 2) {
    return [`a valid label key ${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const messages: string[] = [];
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix === "") messages.push("prefix part must be non-empty");
  else if (prefix !== undefined) messages.push(...checkDnsSubdomain(prefix).map((text) => `prefix part ${text}`));
  if (name === "") messages.push("name part must be non-empty");
  else if (name.length > 63) messages.push("name part must be no more than 63 bytes");
  if (!QUALIFIED_PATTERN.test(name)) messages.push(`name part ${rule}`);
  return messages;
}

/** The value of a label; empty is allowed. */
export function checkLabelValue(value: string): readonly string[] {
  const rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const messages: string[] = [];
  if (value.length > 63) messages.push("must be no more than 63 bytes");
  if (!LABEL_VALUE_PATTERN.test(value))
    messages.push(regexMessage(rule, LABEL_VALUE, ["MyValue", "my_value", "12345"]));
  return messages;
}

/** A key of a ConfigMap or Secret: also a safe file name. */
export function checkDataKey(value: string): readonly string[] {
  const messages: string[] = [];
  if (value.length > 253) messages.push("must be no more than 253 characters");
  if (!DATA_KEY_PATTERN.test(value)) {
    const rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    messages.push(regexMessage(rule, DATA_KEY, ["key.name", "KEY_NAME", "key-name"]));
  }
  if (value === ".") messages.push("must not be '.'");
  else if (value === "..") messages.push("must not be '..'");
  else if (value.startsWith("..")) messages.push("must not start with '..'");
  return messages;
}

/** A name that is one segment of a URL path: all that Kubernetes asks of the names of custom data keys and roles. */
export function checkPathSegment(value: string): readonly string[] {
  if (value === "." || value === "..") return [`may not be '${value}'`];
  return ["/", "%"]
    .filter((character) => value.includes(character))
    .map((character) => `may not contain '${character}'`);
}

/** The same check for a `generateName`: a dash at its end will not be the end of the name. */
export function asPrefix(checkName: NameCheck): NameCheck {
  return (value) => checkName(value.endsWith("-") ? `${value.slice(0, -1)}a` : value);
}

function check(value: string, lengthMax: number, pattern: RegExp, message: () => string): readonly string[] {
  const messages: string[] = [];
  if (value.length > lengthMax) messages.push(`must be no more than ${lengthMax} characters`);
  if (!pattern.test(value)) messages.push(message());
  return messages;
}

function anchored(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

function regexMessage(rule: string, pattern: string, examples: readonly string[]): string {
  const list = examples.map((example) => `'${example}', `).join(" or ");
  return `${rule} (e.g. ${list}regex used for validation is '${pattern}')`;
}
