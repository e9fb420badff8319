// The system's libcrypto, opened and checked: its version, its functions, its ciphers.
import process from "node:process";
import { type Foreign, type ForeignPointer, openForeign } from "../../foreign/foreign.ts";
import { PinnedMemory } from "../../foreign/pinned-memory.ts";
import { messageOf } from "../../runtime-error.ts";
import {
  FETCH_SHAPES,
  type FetchFunctions,
  LIBCRYPTO_NAMES,
  LIBCRYPTO_SHAPES,
  type LibcryptoFunctions,
  NAMED_SHAPES,
  type NamedFunctions,
  OPENSSL_INIT_OPTIONS,
} from "./libcrypto-functions.ts";

/** The block ciphers in use, as libcrypto names them. */
export type BlockCipherName = `AES-${128 | 256}-${"CBC" | "ECB" | "GCM"}`;

const CIPHER_NAMES: readonly BlockCipherName[] = [
  "AES-128-CBC",
  "AES-256-CBC",
  "AES-128-ECB",
  "AES-256-ECB",
  "AES-128-GCM",
  "AES-256-GCM",
];

/** An open library. Never closed: contexts of any thread may be in use until the process ends. */
export interface Libcrypto {
  /** The file's name and the version, as `libcrypto.so.3 (3.0.19)`. */
  readonly description: string;
  readonly foreign: Foreign;
  readonly functions: LibcryptoFunctions;
  readonly ciphers: Readonly<Record<BlockCipherName, ForeignPointer>>;
}

/** The first library that can be used, or why none can. */
export function openLibcrypto(names: readonly string[] = LIBCRYPTO_NAMES): Libcrypto | { readonly refusedAs: string } {
  // Elsewhere the names differ, and macOS ends a process that loads the system's.
  if (process.platform !== "linux")
    return { refusedAs: `libcrypto is looked for on Linux: this is ${process.platform}` };
  if (process.arch !== "x64" && process.arch !== "arm64")
    return { refusedAs: `words are laid out for x64 and arm64: this is ${process.arch}` };
  const foreign = openForeign();
  if ("refusedAs" in foreign) return foreign;
  const refusals: string[] = [];
  for (const name of names) {
    try {
      return bind(foreign, name);
    } catch (error) {
      refusals.push(`${name}: ${messageOf(error).split("\n", 1)[0] ?? ""}`);
    }
  }
  return { refusedAs: `no libcrypto can be opened (${refusals.join("; ")})` };
}

function bind(foreign: Foreign, name: string): Libcrypto {
  const functions = foreign.open<LibcryptoFunctions>(name, LIBCRYPTO_SHAPES);
  const version = functions.OpenSSL_version_num() >>> 0;
  const shown = versionText(version);
  if (shown === undefined) throw new Error(`its version is 0x${version.toString(16)}, not OpenSSL 1.1.1 to 4`);
  if (functions.OPENSSL_init_crypto(OPENSSL_INIT_OPTIONS, foreign.none) !== 1) throw new Error("it cannot start");
  return {
    description: `${name} (${shown})`,
    foreign,
    functions,
    ciphers: findCiphers(foreign, name, version),
  };
}

/** `undefined` for versions whose interface is not known to fit, and for other libraries of that name. */
export function versionText(version: number): string | undefined {
  const major = version >>> 28;
  const [minor, fix, patch] = [(version >>> 20) & 0xff, (version >>> 12) & 0xff, (version >>> 4) & 0xff];
  if (major === 3 || major === 4) return `${major}.${minor}.${patch}`;
  // LibreSSL says 2.0.0.
  if (major !== 1 || minor !== 1 || fix !== 1) return undefined;
  return `1.1.1${patch === 0 ? "" : String.fromCharCode(0x60 + patch)}`;
}

function findCiphers(foreign: Foreign, library: string, version: number): Record<BlockCipherName, ForeignPointer> {
  const text = new PinnedMemory(foreign, 16);
  const pointer = text.pointer(0, text.bytes.length);
  const find = version >>> 28 >= 3 ? fetching(foreign, library) : byName(foreign, library);
  const found = CIPHER_NAMES.map((name) => {
    text.bytes.fill(0);
    new TextEncoder().encodeInto(name, text.bytes);
    const cipher = find(pointer);
    if (foreign.isNone(cipher)) throw new Error(`it does not have ${name}`);
    return [name, cipher] as const;
  });
  return Object.fromEntries(found) as Record<BlockCipherName, ForeignPointer>;
}

function fetching(foreign: Foreign, library: string): (name: ForeignPointer) => ForeignPointer {
  const functions = foreign.open<FetchFunctions>(library, FETCH_SHAPES);
  return (name) => functions.EVP_CIPHER_fetch(foreign.none, name, foreign.none);
}

function byName(foreign: Foreign, library: string): (name: ForeignPointer) => ForeignPointer {
  const functions = foreign.open<NamedFunctions>(library, NAMED_SHAPES);
  return (name) => functions.EVP_get_cipherbyname(name);
}
