// What devices prove themselves with and trust, from files.
import { type CipherSuite, cipherSuiteByName, DtlsClient, type DtlsClientOptions, RandomCids } from "@coracle/dtls";
import { CredentialsError, loadCredentials, systemCrypto, trustVerifier } from "@coracle/dtls/io";
import { ExitError } from "@coracle/lifecycle";
import { readTextFile, systemClock, systemRandom } from "@coracle/runtime";
import type { MakeClient } from "../../core/devices/device-types.ts";
import type { DevicesConfig } from "../../devices-config.ts";

/** A device's identity and key. */
interface DeviceKey {
  readonly identity: Uint8Array;
  readonly key: Uint8Array;
}

const FILE_SIZE_BYTES_MAX = 64 * 1024 * 1024;

/** Reads the files; answers how to make a client. What cannot be used is an {@link ExitError}. */
export async function clientMaker(config: DevicesConfig): Promise<MakeClient> {
  const keys = config.pskFile === undefined ? [] : await readKeys(config.pskFile);
  const ca = await Promise.all(config.caFile.map((path) => readTextFile(path, FILE_SIZE_BYTES_MAX)));
  const suites: readonly CipherSuite[] = config.suites.flatMap((name) => cipherSuiteByName(name) ?? []);
  const common: DtlsClientOptions = {
    crypto: systemCrypto,
    random: systemRandom,
    ...(suites.length > 0 ? { suites } : {}),
    ...(config.cid ? { cids: new RandomCids(config.cidSize) } : {}),
    ...(ca.length > 0 ? { verifyPeer: trustVerifier({ ca, clock: systemClock, usage: "server" }) } : {}),
    credentials: await readCertificate(config),
    serverName: config.serverName,
  };
  return (device, resume) => {
    const psk = keys[device % Math.max(1, keys.length)];
    return new DtlsClient({ ...common, resume, psk });
  };
}

async function readCertificate({ certFile, keyFile }: DevicesConfig): Promise<DtlsClientOptions["credentials"]> {
  if (certFile === undefined || keyFile === undefined) return undefined;
  try {
    return loadCredentials(await readTextFile(keyFile), await readTextFile(certFile));
  } catch (error) {
    if (error instanceof CredentialsError) throw new ExitError(error.message, { cause: error });
    throw error;
  }
}

/** Lines of identity=base64; # starts a comment. The last `=` that is no padding parts them. */
async function readKeys(path: string): Promise<readonly DeviceKey[]> {
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
