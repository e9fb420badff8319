// The folder a server on its own keeps everything in: certificates and keys, the database, the administrator's kubeconfig.
import { ExitError } from "@coracle/lifecycle";
import {
  fileExists,
  joinPath,
  makeDirectory,
  readTextFile,
  removePath,
  RuntimeError,
  statPath,
  writeFileAtomic,
} from "@coracle/runtime";
import type { KeyPairPem } from "./certificate-authority.ts";

/** Secrets are for their owner alone. */
const SECRET_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Files of a data folder. */
export class DataFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder if it is not there; one that cannot be written is an ExitError that says why. */
  static async open(path: string): Promise<DataFolder> {
    try {
      await makeDirectory(path, { mode: FOLDER_MODE });
      await makeDirectory(joinPath(path, "pki"), { mode: FOLDER_MODE });
      const probe = joinPath(path, ".writable");
      await writeFileAtomic(probe, "", { mode: SECRET_MODE });
      await removePath(probe);
    } catch (cause) {
      if (!(cause instanceof RuntimeError)) throw cause;
      throw new ExitError(`cannot use the data folder ${path}: ${await explain(path, cause.code)}`, { cause });
    }
    return new DataFolder(path);
  }

  /** Path of a file in the folder. */
  file(name: string): string {
    return joinPath(this.path, name);
  }

  /** A stored certificate and key, or `undefined` when either is missing. */
  async readPair(name: string): Promise<KeyPairPem | undefined> {
    const cert = await this.readText(`pki/${name}.crt`);
    const key = await this.readText(`pki/${name}.key`);
    return cert === undefined || key === undefined ? undefined : { cert, key };
  }

  /** Stores a certificate and its key; the key first, so that a certificate never lacks it. */
  async writePair(name: string, pair: KeyPairPem): Promise<void> {
    await this.writeSecret(`pki/${name}.key`, pair.key);
    await writeFileAtomic(this.file(`pki/${name}.crt`), pair.cert, { mode: 0o644 });
  }

  /** A file's text, `undefined` when there is no such file. */
  async readText(name: string): Promise<string | undefined> {
    const path = this.file(name);
    return (await fileExists(path)) ? readTextFile(path) : undefined;
  }

  /** Stores a text that only its owner may read. */
  async writeSecret(name: string, text: string): Promise<void> {
    await writeFileAtomic(this.file(name), text, { mode: SECRET_MODE });
  }
}

async function explain(path: string, code: string): Promise<string> {
  try {
    const { kind } = await statPath(path);
    if (kind !== "directory") return "it is not a folder; choose another --data";
  } catch {
    return "it cannot be made; change the owner of the folder above it or choose another --data";
  }
  return `it cannot be written (${code}); change its owner or choose another --data`;
}
