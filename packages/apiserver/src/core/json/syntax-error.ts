// Why text is not JSON, in the words Kubernetes' clients know from Go's decoder (RFC 8259 grammar, one message per broken place).

/** First syntax error of `text`, or undefined when the grammar is kept. `offset` counts UTF-16 units. */
export function jsonSyntaxError(text: string): { readonly message: string; readonly offset: number } | undefined {
  const reader = new SyntaxReader(text);
  reader.document();
  return reader.failure;
}

const END = "unexpected end of JSON input";
const DEPTH_MAX = 10_000;

class SyntaxReader {
  failure: { readonly message: string; readonly offset: number } | undefined;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** One value and nothing after it. Containers are kept on a list, so depth costs no stack. */
  document(): void {
    const open: string[] = [];
    if (!this.#value(open)) return;
    while (open.length > 0) {
      const container = open.at(-1);
      const isObject = container === "{";
      const next = this.#peek();
      if (next === undefined) return void this.#fails(END);
      if (next === ",") {
        this.#at += 1;
        if (isObject && !this.#memberName()) return;
        if (!this.#value(open)) return;
      } else if (next === (isObject ? "}" : "]")) {
        this.#at += 1;
        open.pop();
      } else {
        return void this.#fails(isObject ? "after object key:value pair" : "after array element");
      }
    }
    if (this.#peek() !== undefined) this.#fails("after top-level value");
  }

  /** Reads a scalar, or opens containers down to the first scalar or empty container. */
  #value(open: string[]): boolean {
    for (;;) {
      const next = this.#peek();
      if (next === undefined) return this.#fails(END);
      if (next === '"') return this.#string();
      if (next === "t" || next === "f" || next === "n") return this.#literal(next);
      if (next === "-" || isDigit(next)) return this.#number();
      if (next !== "{" && next !== "[") return this.#fails("looking for beginning of value");
      this.#at += 1;
      if (open.length >= DEPTH_MAX) return this.#fails("exceeded max depth");
      const close = next === "{" ? "}" : "]";
      if (this.#peek() === close) {
        this.#at += 1;
        return true;
      }
      open.push(next);
      if (next === "{" && !this.#memberName()) return false;
    }
  }

  #memberName(): boolean {
    const next = this.#peek();
    if (next === undefined) return this.#fails(END);
    if (next !== '"') return this.#fails("looking for beginning of object key string");
    if (!this.#string()) return false;
    const colon = this.#peek();
    if (colon === undefined) return this.#fails(END);
    if (colon !== ":") return this.#fails("after object key");
    this.#at += 1;
    return true;
  }

  #string(): boolean {
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text.charAt(this.#at);
      if (character === '"') {
        this.#at += 1;
        return true;
      }
      if (character < " ") return this.#fails("in string literal");
      if (character === "\\" && !this.#escape()) return false;
    }
    return this.#fails(END);
  }

  #escape(): boolean {
    this.#at += 1;
    const kind = this.#text.charAt(this.#at);
    if (kind === "") return this.#fails(END);
    if (kind !== "u") return 'bfnrt\\/"'.includes(kind) || this.#fails("in string escape code");
    for (let digit = 0; digit < 4; digit += 1) {
      this.#at += 1;
      const hex = this.#text.charAt(this.#at);
      if (hex === "") return this.#fails(END);
      if (!/[0-9a-fA-F]/.test(hex)) return this.#fails("in \\u hexadecimal character escape");
    }
    return true;
  }

  #literal(first: string): boolean {
    const word = first === "t" ? "true" : first === "f" ? "false" : "null";
    for (let index = 0; index < word.length; index += 1, this.#at += 1) {
      const got = this.#text.charAt(this.#at);
      if (got === "") return this.#fails(END);
      if (got !== word.charAt(index)) return this.#fails(`in literal ${word} (expecting '${word.charAt(index)}')`);
    }
    return true;
  }

  #number(): boolean {
    if (this.#text.charAt(this.#at) === "-") {
      this.#at += 1;
      if (!this.#digitHere("in numeric literal")) return false;
    }
    if (this.#text.charAt(this.#at) === "0") this.#at += 1;
    else this.#digits();
    if (this.#text.charAt(this.#at) === ".") {
      this.#at += 1;
      if (!this.#digitHere("after decimal point in numeric literal")) return false;
      this.#digits();
    }
    if (this.#text.charAt(this.#at).toLowerCase() === "e") {
      this.#at += 1;
      if ("+-".includes(this.#text.charAt(this.#at)) && this.#text.charAt(this.#at) !== "") this.#at += 1;
      if (!this.#digitHere("in exponent of numeric literal")) return false;
      this.#digits();
    }
    return true;
  }

  #digitHere(where: string): boolean {
    const character = this.#text.charAt(this.#at);
    if (character === "") return this.#fails(END);
    return isDigit(character) || this.#fails(where);
  }

  #digits(): void {
    while (isDigit(this.#text.charAt(this.#at))) this.#at += 1;
  }

  #peek(): string | undefined {
    while (this.#at < this.#text.length && " \t\r\n".includes(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#at < this.#text.length ? this.#text.charAt(this.#at) : undefined;
  }

  #fails(what: string): false {
    const whole = what === END || what === "exceeded max depth";
    const message = whole ? what : `invalid character ${quoteCharacter(this.#text.charAt(this.#at))} ${what}`;
    this.failure ??= { message, offset: this.#at };
    return false;
  }
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9" && character.length === 1;
}

// Go looks at bytes: a character outside ASCII is named by its first byte, read as Latin-1.
function quoteCharacter(character: string): string {
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  const first = new TextEncoder().encode(character)[0] ?? 0;
  const controls: Readonly<Record<number, string>> = {
    7: "\\a",
    8: "\\b",
    9: "\\t",
    10: "\\n",
    11: "\\v",
    12: "\\f",
    13: "\\r",
  };
  if (first === 0x5c) return "'\\\\'";
  const control = controls[first];
  if (control !== undefined) return `'${control}'`;
  if (first < 0x20 || first === 0x7f) return `'\\x${first.toString(16).padStart(2, "0")}'`;
  const printable = first < 0x7f || (first > 0xa0 && first !== 0xad);
  return printable ? `'${String.fromCharCode(first)}'` : `'\\u00${first.toString(16)}'`;
}
