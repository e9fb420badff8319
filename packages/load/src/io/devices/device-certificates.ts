// Certificates that devices show: one for all, or a folder with one for each.
import type { Credentials } from "@coracle/dtls";
import { CredentialsError, loadCredentials } from "@coracle/dtls/io";
import { ExitError } from "@coracle/lifecycle";
import { joinPath, listDirectory, readTextFile } from "@coracle/runtime";

/** Where they are; at most one of `certDir` and `keyFile`. */
export interface DeviceCertificatesConfig {
  /** With `keyFile`; without it the key is shown raw. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly certDir: string | undefined;
}

/** Certificates in a folder; more than there can be devices are not wanted. */
export const CERTIFICATES_MAX = 50_000;
const FILE_SIZE_BYTES_MAX = 64 * 1024;
const CHAIN = ".pem";
const KEY = ".key";

/** One for each device, to be taken in turn; empty if devices show none. What cannot be used is an {@link ExitError}. */
export async function readDeviceCertificates(config: DeviceCertificatesConfig): Promise<readonly Credentials[]> {
  const { certFile, keyFile, certDir } = config;
  if (certDir !== undefined) return await readFolder(certDir);
  return keyFile === undefined ? [] : [await read(keyFile, certFile)];
}

async function readFolder(folder: string): Promise<readonly Credentials[]> {
  const credentials: Credentials[] = [];
  for (const name of certificateNames(folder, await listDirectory(folder))) {
    credentials.push(await read(joinPath(folder, name + KEY), joinPath(folder, name + CHAIN)));
  }
  return credentials;
}

/** The names that have both files, in order; a folder that cannot be used is an {@link ExitError}. */
export function certificateNames(folder: string, files: readonly string[]): readonly string[] {
  const names = files.filter((file) => file.endsWith(CHAIN)).map((file) => file.slice(0, -CHAIN.length));
  if (names.length === 0) throw new ExitError(`Cannot use ${folder}: it holds no NAME${CHAIN} beside NAME${KEY}`);
  if (names.length > CERTIFICATES_MAX)
    throw new ExitError(`Cannot use ${folder}: it holds ${names.length} certificates, more than ${CERTIFICATES_MAX}`);
  const present = new Set(files);
  const lonely = names.find((name) => !present.has(name + KEY));
  if (lonely !== undefined)
    throw new ExitError(`Cannot use ${folder}: ${lonely}${CHAIN} is there without ${lonely}${KEY}`);
  return names.toSorted();
}

async function read(keyFile: string, certFile: string | undefined): Promise<Credentials> {
  const key = await readTextFile(keyFile, FILE_SIZE_BYTES_MAX);
  const chain = certFile === undefined ? undefined : await readTextFile(certFile, FILE_SIZE_BYTES_MAX);
  try {
    return loadCredentials(key, chain);
  } catch (error) {
    if (error instanceof CredentialsError)
      throw new ExitError(`${error.message} (${certFile ?? keyFile})`, { cause: error });
    throw error;
  }
}
