// Pre-shared keys of devices: lines of identity=base64.
import { ExitError } from "@coracle/lifecycle";
import { readTextFile } from "@coracle/runtime";

/** A device's identity and key. */
export interface DeviceKey {
  readonly identity: Uint8Array;
  readonly key: Uint8Array;
}

const FILE_SIZE_BYTES_MAX = 64 * 1024 * 1024;

/** Reads a file; # starts a comment. The last `=` that is no padding parts a line. Messages never show a key. */
export async function readDeviceKeys(path: string): Promise<readonly DeviceKey[]> {
  const text = await readTextFile(path, FILE_SIZE_BYTES_MAX);
  const keys: DeviceKey[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const match = /^(.+?)\s*=\s*([A-Za-z0-9+/]+={0,2})$/.exec(trimmed);
    const key = match === null ? undefined : decodeBase64(match[2] ?? "");
    if (match === null || key === undefined)
      throw new ExitError(`Cannot use ${path}: line ${index + 1} is not identity=base64`);
    keys.push({ identity: new TextEncoder().encode(match[1]), key });
  }
  if (keys.length === 0) throw new ExitError(`Cannot use ${path}: it holds no key`);
  return keys;
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
