// What devices prove themselves with and trust, from files, as the clients that they are.
import { type CipherSuite, cipherSuiteByName, DtlsClient, type DtlsClientOptions, RandomCids } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { systemRandom } from "@coracle/runtime";
import type { MakeClient } from "../../core/devices/device-types.ts";
import type { DevicesConfig } from "../../devices-config.ts";
import { readDeviceCertificates } from "./device-certificates.ts";
import { readDeviceKeys } from "./device-keys.ts";
import { readServerTrust } from "./server-trust.ts";

/** Reads the files; answers how to make a client. What cannot be used is an `ExitError`. */
export async function clientMaker(config: DevicesConfig): Promise<MakeClient> {
  const keys = config.pskFile === undefined ? [] : await readDeviceKeys(config.pskFile);
  const certificates = await readDeviceCertificates(config);
  const trust = await readServerTrust(config.caFile, config.serverKeyFile);
  const suites: readonly CipherSuite[] = config.suites.flatMap((name) => cipherSuiteByName(name) ?? []);
  const common: DtlsClientOptions = {
    crypto: systemCrypto,
    random: systemRandom,
    ...(suites.length > 0 ? { suites } : {}),
    ...(config.cid ? { cids: new RandomCids(config.cidSize) } : {}),
    ...trust,
    serverName: config.serverName,
  };
  return (device, resume) => {
    const psk = keys[device % Math.max(1, keys.length)];
    const credentials = certificates[device % Math.max(1, certificates.length)];
    return new DtlsClient({ ...common, resume, psk, credentials });
  };
}
