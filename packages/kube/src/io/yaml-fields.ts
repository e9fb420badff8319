// Typed access to a parsed YAML document: each getter names the field and the file when the value has the wrong type.
import { KubeConfigError } from "./client-config.ts";

/** One mapping of a document, with the words that name it in messages. */
export class YamlFields {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #label: string;
  readonly #path: string;

  constructor(value: unknown, label: string, path: string) {
    this.#label = label;
    this.#path = path;
    if (value === undefined || value === null) {
      this.#values = new Map();
      return;
    }
    if (typeof value !== "object" || Array.isArray(value)) throw this.#wrongType(label, "a mapping", value);
    this.#values = new Map(Object.entries(value));
  }

  /** A string, or `undefined` when absent, null or empty. */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value === "string") return value;
    throw this.#wrongType(`${this.#label}.${name}`, "a string", value);
  }

  /** A boolean; absent is false. */
  flag(name: string): boolean {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return false;
    if (typeof value === "boolean") return value;
    throw this.#wrongType(`${this.#label}.${name}`, "true or false", value);
  }

  /** A list of strings; absent is empty. */
  texts(name: string): readonly string[] {
    const list = this.list(name);
    for (const value of list) {
      if (typeof value !== "string") {
        throw this.#wrongType(`${this.#label}.${name}`, "a list of strings", value);
      }
    }
    return list.filter((value) => typeof value === "string");
  }

  /** A list of anything; absent is empty. */
  list(name: string): readonly unknown[] {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    throw this.#wrongType(`${this.#label}.${name}`, "a list", value);
  }

  /** A nested mapping; absent is an empty one. */
  mapping(name: string): YamlFields {
    return new YamlFields(this.#values.get(name), `${this.#label}.${name}`, this.#path);
  }

  /** The value as it stands. */
  raw(name: string): unknown {
    return this.#values.get(name);
  }

  has(name: string): boolean {
    const value = this.#values.get(name);
    return value !== undefined && value !== null;
  }

  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** An error about field `name` with the file's path; `problem` completes "Cannot use kubeconfig …: field …". */
  invalid(name: string, problem: string): KubeConfigError {
    return new KubeConfigError("INVALID", `Cannot use kubeconfig "${this.#path}": ${this.#label}.${name} ${problem}`, {
      path: this.#path,
    });
  }

  // The value itself stays out of the message: it may be a token in the wrong place.
  #wrongType(field: string, wanted: string, value: unknown): KubeConfigError {
    const actual = Array.isArray(value) ? "a list" : `a ${typeof value}`;
    return new KubeConfigError(
      "INVALID",
      `Cannot use kubeconfig "${this.#path}": ${field} must be ${wanted}, current value is ${actual}`,
      { path: this.#path },
    );
  }
}
