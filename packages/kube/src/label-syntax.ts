// What a label key and value may hold, with the API server's words for what is wrong (apimachinery util/validation).

const SUBDOMAIN_SIZE_MAX = 253;
const LABEL_SIZE_MAX = 63;

const SUBDOMAIN_PATTERN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const DNS_LABEL_PATTERN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED_NAME_PATTERN = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE_PATTERN = `(${QUALIFIED_NAME_PATTERN})?`;

const SUBDOMAIN = new RegExp(`^${SUBDOMAIN_PATTERN}$`);
const DNS_LABEL = new RegExp(`^${DNS_LABEL_PATTERN}$`);
const QUALIFIED_NAME = new RegExp(`^${QUALIFIED_NAME_PATTERN}$`);
const LABEL_VALUE = new RegExp(`^${LABEL_VALUE_PATTERN}$`);

const QUALIFIED_NAME_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** What is wrong with a DNS-1123 subdomain (most object names); empty when nothing is. */
export function validateDnsSubdomain(value: string): string[] {
  const problems: string[] = [];
  if (value.length > SUBDOMAIN_SIZE_MAX) problems.push(tooLong(SUBDOMAIN_SIZE_MAX));
  if (!SUBDOMAIN.test(value)) {
    problems.push(
      `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character ${pattern(SUBDOMAIN_PATTERN, ["example.com"])}`,
    );
  }
  return problems;
}

/** What is wrong with a DNS-1123 label (namespaces, host names); empty when nothing is. */
export function validateDnsLabel(value: string): string[] {
  const problems: string[] = [];
  if (value.length > LABEL_SIZE_MAX) problems.push(tooLong(LABEL_SIZE_MAX));
  if (!DNS_LABEL.test(value)) {
    problems.push(
      `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character ${pattern(DNS_LABEL_PATTERN, ["my-name", "123-abc"])}`,
    );
  }
  return problems;
}

/** What is wrong with a label or annotation key, `[prefix/]name`; empty when nothing is. */
export function validateQualifiedName(value: string): string[] {
  const parts = value.split("/");
  const rule = `${QUALIFIED_NAME_RULE} ${pattern(QUALIFIED_NAME_PATTERN, ["MyName", "my.name", "123-abc"])}`;
  if (parts.length > 2) {
    return [`a qualified name ${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const name = parts.at(-1) ?? "";
  if (prefix === "") problems.push("prefix part must be non-empty");
  else if (prefix !== undefined) {
    for (const problem of validateDnsSubdomain(prefix)) problems.push(`prefix part ${problem}`);
  }
  if (name === "") problems.push("name part must be non-empty");
  else if (name.length > LABEL_SIZE_MAX) problems.push(`name part ${tooLong(LABEL_SIZE_MAX)}`);
  if (!QUALIFIED_NAME.test(name)) problems.push(`name part ${rule}`);
  return problems;
}

/** What is wrong with a label value; empty when nothing is. "" is a value. */
export function validateLabelValue(value: string): string[] {
  const problems: string[] = [];
  if (value.length > LABEL_SIZE_MAX) problems.push(tooLong(LABEL_SIZE_MAX));
  if (!LABEL_VALUE.test(value)) {
    problems.push(
      `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ${pattern(LABEL_VALUE_PATTERN, ["MyValue", "my_value", "12345"])}`,
    );
  }
  return problems;
}

function tooLong(sizeMax: number): string {
  return `must be no more than ${sizeMax} characters`;
}

function pattern(source: string, examples: readonly string[]): string {
  const quoted = examples.map((example) => `'${example}', `).join(" or ");
  return `(e.g. ${quoted}regex used for validation is '${source}')`;
}
