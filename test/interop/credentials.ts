// What both ends of a handshake under test know: one pre-shared key, an authority with certificates, raw public keys.
import { createPublicKey } from "node:crypto";
import { makeTestPki } from "@coracle/sim";
import { TEST_KEY, TEST_KEY_HEX, TestFolder } from "../../packages/dtls-router/src/testing/router-process.ts";

/** The identity of the only pre-shared key. */
export const IDENTITY = "device";

/** Common name of the client's certificate. */
export const CLIENT_NAME = "client-1";

/** A certificate with its key, in each form the programs want. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Key and chain in one file, as Scandium reads them. */
  readonly bundleFile: string;
  /** The public key alone (SubjectPublicKeyInfo, DER). */
  readonly publicKey: Uint8Array;
}

/** The same credentials in each form the programs want. */
export interface InteropCredentials {
  readonly pskFile: string;
  readonly keyHex: string;
  /** For our own client. */
  readonly psk: { readonly identity: Uint8Array; readonly key: Uint8Array };
  readonly caPem: string;
  readonly caFile: string;
  /** Of the server. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly bundleFile: string;
  readonly server: CertificateFiles;
  readonly client: CertificateFiles;
  /** A client's certificate of another authority. */
  readonly stranger: CertificateFiles;
  remove(): void;
}

/** Makes credentials in a temporary folder. */
export async function makeCredentials(): Promise<InteropCredentials> {
  const folder = new TestFolder();
  const pki = await makeTestPki();
  const other = await makeTestPki({ caName: "other-ca" });
  const files = (name: string, { cert, key }: { readonly cert: string; readonly key: string }): CertificateFiles => ({
    cert,
    key,
    certFile: folder.write(`${name}-cert.pem`, cert),
    keyFile: folder.write(`${name}-key.pem`, key),
    bundleFile: folder.write(`${name}.pem`, `${key.trimEnd()}\n${cert.trimEnd()}\n`),
    publicKey: new Uint8Array(createPublicKey(key).export({ type: "spki", format: "der" })),
  });
  const server = files("server", pki);
  return {
    pskFile: folder.write("psk.txt", `${IDENTITY}=${Buffer.from(TEST_KEY).toString("base64")}\n`),
    keyHex: TEST_KEY_HEX,
    psk: { identity: new TextEncoder().encode(IDENTITY), key: TEST_KEY },
    caPem: pki.ca,
    caFile: folder.write("ca.pem", pki.ca),
    certFile: server.certFile,
    keyFile: server.keyFile,
    bundleFile: server.bundleFile,
    server,
    client: files("client", await pki.client({ commonName: CLIENT_NAME })),
    stranger: files("stranger", await other.client({ commonName: CLIENT_NAME })),
    remove: () => {
      folder.remove();
    },
  };
}
