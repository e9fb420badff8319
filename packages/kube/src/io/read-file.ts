// Reading the files a configuration names, with one clear line when one cannot be read.
import { FileError, readTextFile } from "@coracle/runtime";
import { KubeConfigError } from "./client-config.ts";
import type { PemSource } from "./pem-source.ts";

/** Kubeconfigs, tokens, certificates and CA bundles are far smaller. */
const CONFIG_FILE_BYTES_MAX = 8 * 1024 * 1024;

/** The text of `path`. `role` completes "Cannot read <role> …". Throws {@link KubeConfigError}. */
export async function readConfigFile(path: string, role: string): Promise<string> {
  try {
    return await readTextFile(path, CONFIG_FILE_BYTES_MAX);
  } catch (error) {
    const code = error instanceof FileError ? error.code : "EIO";
    throw new KubeConfigError(
      code === "ENOENT" ? "MISSING_FILE" : "UNREADABLE_FILE",
      `Cannot read ${role} "${path}": ${REASONS[code] ?? code}`,
      { path, cause: error },
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a directory",
  ENOTDIR: "a part of its path is not a directory",
  TOO_LARGE: `it is larger than ${CONFIG_FILE_BYTES_MAX} bytes`,
};

/** Reads a PEM file that `accepts` must agree with. */
export async function readPemFile(path: string, role: string, accepts: (pem: string) => boolean): Promise<PemSource> {
  const pem = await readConfigFile(path, role);
  if (accepts(pem)) return { pem, path };
  const found = pem.trim() === "" ? "an empty file" : `${pem.length} characters that are not it`;
  throw new KubeConfigError("INVALID", `Cannot use ${role} "${path}" as PEM: current value is ${found}`, { path });
}

/** The token in a file, trimmed; an empty file is an error. */
export async function readTokenFile(path: string, role: string): Promise<string> {
  const token = (await readConfigFile(path, role)).trim();
  if (token !== "") return token;
  throw new KubeConfigError("INVALID", `Cannot use ${role} "${path}": the file is empty`, { path });
}
