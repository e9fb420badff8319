// Columns of texts that nearly always have one form, kept in the bytes that form needs: UUIDs and decimal numbers.

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DECIMAL = /^[1-9]\d{0,15}$/;
const WORDS = 4;

/** UIDs: 16 bytes each. Texts of another form are kept beside; "" is "none". */
export class UuidColumn {
  #words: Uint32Array = new Uint32Array(0);
  readonly #others: Map<number, string> = new Map();

  get sizeBytes(): number {
    return this.#words.byteLength;
  }

  resize(rows: number): void {
    const grown = new Uint32Array(rows * WORDS);
    grown.set(this.#words);
    this.#words = grown;
  }

  set(row: number, text: string): void {
    this.#others.delete(row);
    const isUuid = UUID.test(text);
    const hex = isUuid ? text.replaceAll("-", "") : "";
    for (let word = 0; word < WORDS; word++) {
      this.#words[row * WORDS + word] = isUuid ? Number.parseInt(hex.slice(word * 8, word * 8 + 8), 16) : 0;
    }
    // The nil UUID reads as "none" in the words.
    if (text !== "" && (!isUuid || this.#isNil(row))) this.#others.set(row, text);
  }

  get(row: number): string {
    const other = this.#others.get(row);
    if (other !== undefined) return other;
    if (this.#isNil(row)) return "";
    let hex = "";
    for (let word = 0; word < WORDS; word++) {
      hex += (this.#words[row * WORDS + word] ?? 0).toString(16).padStart(8, "0");
    }
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #isNil(row: number): boolean {
    for (let word = 0; word < WORDS; word++) if (this.#words[row * WORDS + word] !== 0) return false;
    return true;
  }
}

/** Resource versions: 8 bytes each. Texts that are no decimal number are kept beside; "" is "none". */
export class VersionColumn {
  #numbers: Float64Array = new Float64Array(0);
  readonly #others: Map<number, string> = new Map();

  get sizeBytes(): number {
    return this.#numbers.byteLength;
  }

  resize(rows: number): void {
    const grown = new Float64Array(rows);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }

  set(row: number, text: string): void {
    this.#others.delete(row);
    const value = DECIMAL.test(text) ? Number(text) : 0;
    const isExact = value !== 0 && Number.isSafeInteger(value);
    this.#numbers[row] = isExact ? value : 0;
    if (!isExact && text !== "") this.#others.set(row, text);
  }

  get(row: number): string {
    const value = this.#numbers[row] ?? 0;
    return value === 0 ? (this.#others.get(row) ?? "") : String(value);
  }
}
