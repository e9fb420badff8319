// The grammar of label selectors: tokens and a descent over them, with the API server's error texts.
import { err, ok, type Result } from "@coracle/base";
import { type LabelOperator, type LabelRequirement, validateRequirement } from "./label-requirement.ts";
import { validateQualifiedName } from "./label-syntax.ts";

type TokenKind = "word" | "symbol" | "end";

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const SPACES = " \t\r\n";
const SYMBOLS = "=!(),><";
const TWO_BYTE_SYMBOLS: ReadonlySet<string> = new Set(["==", "!="]);
const BINARY_OPERATORS: ReadonlyMap<string, LabelOperator> = new Map([
  ["in", "in"],
  ["notin", "notin"],
  ["=", "="],
  ["==", "=="],
  ["!=", "!="],
  [">", ">"],
  ["<", "<"],
]);

/** Parses the text of a selector; requirements come in the order written. Errors are the API server's texts. */
export function parseLabelSelectorText(text: string): Result<LabelRequirement[], string> {
  const parser = new SelectorParser(text);
  return parser.parse();
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  while (index < text.length) {
    const char = text.charAt(index);
    if (SPACES.includes(char)) {
      index++;
      continue;
    }
    let end = index + 1;
    if (SYMBOLS.includes(char)) {
      if (TWO_BYTE_SYMBOLS.has(text.slice(index, index + 2))) end++;
      tokens.push({ kind: "symbol", text: text.slice(index, end) });
    } else {
      while (end < text.length && !SPACES.includes(text.charAt(end)) && !SYMBOLS.includes(text.charAt(end))) end++;
      tokens.push({ kind: "word", text: text.slice(index, end) });
    }
    index = end;
  }
  return tokens;
}

const END: Token = { kind: "end", text: "" };

class SelectorParser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): Result<LabelRequirement[], string> {
    const requirements: LabelRequirement[] = [];
    while (true) {
      const token = this.#peek();
      if (token.kind === "end") return ok(requirements);
      if (token.kind !== "word" && token.text !== "!") return unexpected(token, "!, identifier, or 'end of string'");
      const requirement = this.#requirement();
      if (!requirement.ok) return err(`unable to parse requirement: ${requirement.error}`);
      requirements.push(requirement.value);
      const separator = this.#take();
      if (separator.kind === "end") return ok(requirements);
      if (separator.text !== ",") return unexpected(separator, "',' or 'end of string'");
      const following = this.#peek();
      if (following.kind !== "word" && following.text !== "!") return unexpected(following, "identifier after ','");
    }
  }

  #requirement(): Result<LabelRequirement, string> {
    let keyToken = this.#take();
    const negated = keyToken.text === "!";
    if (negated) keyToken = this.#take();
    if (keyToken.kind !== "word") return unexpected(keyToken, "identifier");
    const key = keyToken.text;
    const keyProblems = validateQualifiedName(key);
    if (keyProblems.length > 0) {
      return err(`<nil>: Invalid value: ${JSON.stringify(key)}: ${keyProblems.join("; ")}`);
    }
    if (negated) return checked({ key, operator: "!", values: [] });
    const following = this.#peek();
    if (following.kind === "end" || following.text === ",") return checked({ key, operator: "exists", values: [] });
    const operatorToken = this.#take();
    const operator = BINARY_OPERATORS.get(operatorToken.text);
    if (operator === undefined) return unexpected(operatorToken, "in, notin, =, ==, !=, gt, lt");
    const values = operator === "in" || operator === "notin" ? this.#valueSet() : this.#singleValue();
    return values.ok ? checked({ key, operator, values: values.value }) : values;
  }

  /** The value after a comparison; nothing at all is the empty value. */
  #singleValue(): Result<string[], string> {
    const token = this.#peek();
    if (token.kind === "end" || token.text === ",") return ok([""]);
    this.#next++;
    return token.kind === "word" ? ok([token.text]) : unexpected(token, "identifier");
  }

  /** `(a,b)`; a missing value between commas or parentheses is the empty value. */
  #valueSet(): Result<string[], string> {
    const open = this.#take();
    if (open.text !== "(") return err(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.kind !== "word" && first.text !== "," && first.text !== ")")
      return unexpected(first, "',', ')' or identifier");
    const values = new Set<string>();
    let separated = true;
    while (true) {
      const token = this.#take();
      if (token.text === ")") {
        if (separated) values.add("");
        return ok([...values].toSorted());
      }
      if (token.text === ",") {
        if (separated) values.add("");
        separated = true;
      } else if (!separated) {
        return unexpected(token, "',' or ')'");
      } else if (token.kind === "word") {
        values.add(token.text);
        separated = false;
      } else return unexpected(token, "',', or identifier");
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? END;
  }

  #take(): Token {
    return this.#tokens[this.#next++] ?? END;
  }
}

function checked(requirement: LabelRequirement): Result<LabelRequirement, string> {
  const problem = validateRequirement(requirement);
  return problem === undefined ? ok(requirement) : err(problem);
}

function unexpected(token: Token, expected: string): Result<never, string> {
  return err(`found '${token.text}', expected: ${expected}`);
}
