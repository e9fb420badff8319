// What both ends of a handshake under test know: one pre-shared key, and an authority with a server certificate.
import { makeTestPki } from "@coracle/sim";
import { TEST_KEY, TEST_KEY_HEX, TestFolder } from "../../packages/dtls-router/src/testing/router-process.ts";

/** The identity of the only pre-shared key. */
export const IDENTITY = "device";

/** The same credentials in each form the programs want. */
export interface InteropCredentials {
  readonly pskFile: string;
  readonly keyHex: string;
  /** For our own client. */
  readonly psk: { readonly identity: Uint8Array; readonly key: Uint8Array };
  readonly caPem: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Key and chain in one file, as Scandium reads them. */
  readonly bundleFile: string;
  remove(): void;
}

/** Makes credentials in a temporary folder. */
export async function makeCredentials(): Promise<InteropCredentials> {
  const folder = new TestFolder();
  const { ca, cert, key } = await makeTestPki();
  return {
    pskFile: folder.write("psk.txt", `${IDENTITY}=${Buffer.from(TEST_KEY).toString("base64")}\n`),
    keyHex: TEST_KEY_HEX,
    psk: { identity: new TextEncoder().encode(IDENTITY), key: TEST_KEY },
    caPem: ca,
    caFile: folder.write("ca.pem", ca),
    certFile: folder.write("cert.pem", cert),
    keyFile: folder.write("key.pem", key),
    bundleFile: folder.write("server.pem", `${key.trimEnd()}\n${cert.trimEnd()}\n`),
    remove: () => {
      folder.remove();
    },
  };
}
