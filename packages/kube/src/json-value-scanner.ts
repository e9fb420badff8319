// Finding the end of a JSON value in bytes that arrive in pieces, without building anything (RFC 8259).

/** Why a scan stopped for good. */
export type ScanError = "MISMATCHED_BRACKET" | "TOO_DEEP" | "NOT_A_VALUE";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Characters that may begin a value: quote, brackets, minus, digits, t, f, n. */
const VALUE_START: Uint8Array = makeTable('"{[-0123456789tfn');
/** Characters that end a number or a literal. */
const SCALAR_END: Uint8Array = makeTable(',]}: \t\r\n"[{');

/** Characters that may follow a string. */
const STRING_FOLLOWER: Uint8Array = makeTable(",:]}");

function makeTable(chars: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let index = 0; index < chars.length; index++) table[chars.charCodeAt(index)] = 1;
  return table;
}

/**
 * Scans one value at a time. It checks that brackets pair up and strings close; numbers and literals inside skipped
 * values are not checked, as nothing is made of them. Resumes at any byte: inside escapes, UTF-8 sequences, numbers.
 *
 * Strings are scanned four bytes at a time (a word has a quote or a backslash exactly when one of its bytes XOR the
 * character is zero), which about doubles the speed over a byte loop.
 */
export class JsonValueScanner {
  readonly #brackets: Uint8Array;
  #depth = 0;
  #floor = 0;
  #mode: "idle" | "container" | "string" | "scalar" = "idle";
  /** Inside a string of a container. */
  #inString = false;
  /** The chunk ended right after a backslash. */
  #escaped = false;
  #error: ScanError | undefined;

  /** @param depthMax Deepest nesting accepted, counting the brackets the caller opened. */
  constructor(depthMax: number) {
    this.#brackets = new Uint8Array(depthMax);
  }

  /** True when the last scan reached the value's end. */
  get done(): boolean {
    return this.#mode === "idle";
  }

  /** Set when the value cannot be JSON; scanning must stop then. */
  get error(): ScanError | undefined {
    return this.#error;
  }

  /** Notes a bracket the caller walks into itself; false when that is too deep. */
  open(bracket: number): boolean {
    if (this.#depth === this.#brackets.length) return false;
    // The closing bracket is two behind the opening one in ASCII, for both kinds.
    this.#brackets[this.#depth++] = bracket + 2;
    return true;
  }

  /** Takes back the last `open`; false when `bracket` does not match it. */
  close(bracket: number): boolean {
    return this.#depth > 0 && this.#brackets[--this.#depth] === bracket;
  }

  /** Forgets everything, for the next document. */
  reset(): void {
    this.#depth = 0;
    this.#mode = "idle";
    this.#inString = false;
    this.#escaped = false;
    this.#error = undefined;
  }

  /**
   * Starts on the value whose first byte is `bytes[at]` and scans as far as the bytes go. Answers the position after
   * the value when `done`, else the end of the bytes. A scalar is done only at the byte after it.
   */
  begin(bytes: Uint8Array, view: DataView, at: number): number {
    const first = bytes[at] ?? 0;
    if (first === QUOTE) {
      const end = skipString(bytes, view, at + 1);
      if (end >= 0) return end;
      this.#mode = "string";
      return this.#cutInString(bytes, end);
    }
    if (first === 0x7b || first === 0x5b) {
      this.#floor = this.#depth;
      this.#mode = "container";
      return this.#container(bytes, view, at);
    }
    if (VALUE_START[first] === 0) {
      this.#error = "NOT_A_VALUE";
      return at;
    }
    this.#mode = "scalar";
    return this.#scalar(bytes, at);
  }

  /**
   * The same as {@link begin} for a value of which nothing is wanted, faster on arrays. Answers -1, and nothing has
   * changed, when no value begins at `at`.
   */
  skip(bytes: Uint8Array, view: DataView, at: number): number {
    const first = bytes[at];
    if (first === undefined || VALUE_START[first] === 0) return -1;
    const leap = first === 0x5b ? leapArray(bytes, at) : -1;
    return leap < 0 ? this.begin(bytes, view, at) : leap;
  }

  /** Goes on with the value after more bytes came. */
  resume(bytes: Uint8Array, view: DataView): number {
    switch (this.#mode) {
      case "string":
        return this.#string(bytes, view, this.#restart());
      case "container": {
        if (!this.#inString) return this.#container(bytes, view, 0);
        const at = skipString(bytes, view, this.#restart());
        return at < 0 ? this.#cutInString(bytes, at) : this.#container(bytes, view, at);
      }
      case "scalar":
        return this.#scalar(bytes, 0);
      case "idle":
        return 0;
    }
  }

  #string(bytes: Uint8Array, view: DataView, at: number): number {
    const end = skipString(bytes, view, at);
    if (end < 0) return this.#cutInString(bytes, end);
    this.#mode = "idle";
    return end;
  }

  #cutInString(bytes: Uint8Array, end: number): number {
    this.#inString = true;
    this.#escaped = end === CUT_IN_ESCAPE;
    return bytes.length;
  }

  /** Where to go on inside a string: past the byte a backslash before the cut was for. */
  #restart(): number {
    const at = this.#escaped ? 1 : 0;
    this.#inString = false;
    this.#escaped = false;
    return at;
  }

  #scalar(bytes: Uint8Array, at: number): number {
    let index = at;
    while (index < bytes.length && SCALAR_END[bytes[index] ?? 0] === 0) index++;
    if (index < bytes.length) this.#mode = "idle";
    return index;
  }

  /** The hot loop: everything of an object that nobody wants goes through here. */
  #container(bytes: Uint8Array, view: DataView, start: number): number {
    const size = bytes.length;
    const brackets = this.#brackets;
    const floor = this.#floor;
    let depth = this.#depth;
    let at = start;
    while (at < size) {
      const byte = bytes[at++] ?? 0;
      if (byte === QUOTE) {
        at = skipStrings(bytes, view, at);
        if (at < 0) {
          this.#depth = depth;
          return this.#cutInString(bytes, at);
        }
        continue;
      }
      if (byte < 0x5b) continue;
      // Square and curly brackets differ in one bit only.
      const kind = byte & 0xdf;
      if (kind === 0x5b) {
        if (depth === brackets.length) return this.#fail("TOO_DEEP", at);
        brackets[depth++] = byte + 2;
      } else if (kind === 0x5d) {
        if (depth === floor || brackets[--depth] !== byte) return this.#fail("MISMATCHED_BRACKET", at);
        if (depth === floor) {
          this.#depth = depth;
          this.#mode = "idle";
          return at;
        }
      }
    }
    this.#depth = depth;
    return size;
  }

  #fail(error: ScanError, at: number): number {
    this.#error = error;
    return at;
  }
}

/**
 * The position after the array that begins at `start`, found by two searches for a single byte, which run at the speed
 * of memory; -1 when that proves nothing. It skips managedFields, status conditions and the like, most of many objects.
 *
 * Why it is right for all valid JSON: no opening bracket lies between `start` and the closing one found, so that one
 * ends the array unless it stands in a string. It is followed by closing brackets, a comma and a quote. Were it in a
 * string, that quote (no backslash before it) would end the string, and a comma, colon or bracket would have to follow.
 */
function leapArray(bytes: Uint8Array, start: number): number {
  const close = bytes.indexOf(0x5d, start + 1);
  if (close < 0) return -1;
  const nested = bytes.indexOf(0x5b, start + 1);
  if (nested >= 0 && nested < close) return -1;
  let at = close + 1;
  while (bytes[at] === 0x5d || bytes[at] === 0x7d) at++;
  if (bytes[at] !== 0x2c || bytes[at + 1] !== QUOTE) return -1;
  const inside = bytes[at + 2];
  return inside === undefined || inside <= 0x20 || STRING_FOLLOWER[inside] === 1 ? -1 : close + 1;
}

/** The bytes ended inside a string. */
const CUT = -1;
/** The bytes ended inside a string, right after a backslash. */
const CUT_IN_ESCAPE = -2;

/** `:{},` as a little-endian word: what follows most names in managedFields. */
const EMPTY_OBJECT = 0x2c7d7b3a;

/**
 * The same as {@link skipString}, going straight on through a value or member that is again a string: most strings of
 * an object follow one another, and the trip around the caller's loop costs more than they do.
 */
function skipStrings(bytes: Uint8Array, view: DataView, start: number): number {
  const linkMax = bytes.length - 5;
  let at = skipString(bytes, view, start);
  while (at >= 0 && at <= linkMax) {
    const byte = bytes[at];
    if (bytes[at + 1] === QUOTE && (byte === 0x3a || byte === 0x2c)) at = skipString(bytes, view, at + 2);
    else if (bytes[at + 4] === QUOTE && view.getInt32(at, true) === EMPTY_OBJECT) at = skipString(bytes, view, at + 5);
    else break;
  }
  return at;
}

/** The position after the closing quote of the string that goes on at `start`, or one of the two cuts. */
function skipString(bytes: Uint8Array, view: DataView, start: number): number {
  const size = bytes.length;
  const wordMax = size - 4;
  let at = start;
  while (at <= wordMax) {
    const word = view.getInt32(at, true);
    const quotes = word ^ 0x22222222;
    const slashes = word ^ 0x5c5c5c5c;
    const hits = (((quotes - 0x01010101) & ~quotes) | ((slashes - 0x01010101) & ~slashes)) & 0x80808080;
    if (hits === 0) {
      at += 4;
      continue;
    }
    at += (31 - Math.clz32(hits & -hits)) >> 3;
    if (bytes[at] === QUOTE) return at + 1;
    at += 2;
  }
  for (; at < size; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  // One past the end means that the byte after a backslash has not come yet.
  return at > size ? CUT_IN_ESCAPE : CUT;
}
