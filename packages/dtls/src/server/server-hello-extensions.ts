// The extensions a server answers with: each only if the client sent it (RFC 5246 §7.4.1.4).
import { certificateTypeChoice } from "../extension/certificate-type.ts";
import { connectionIdExtension } from "../extension/connection-id.ts";
import {
  extendedMasterSecretExtension,
  renegotiationInfoExtension,
  returnRoutabilityCheckExtension,
} from "../extension/empty-extensions.ts";
import type { Extension } from "../extension/extension.ts";
import { ecPointFormatsExtension } from "../extension/supported-groups.ts";
import type { ServerChoice } from "./server-negotiation.ts";

/** The extensions of ServerHello for a choice. */
export function serverHelloExtensions(
  choice: ServerChoice,
  ownCid: Uint8Array,
  asksForCertificate: boolean,
): readonly Extension[] {
  const extensions: Extension[] = [];
  if (choice.signalsRenegotiation) extensions.push(renegotiationInfoExtension());
  if (choice.peerCid !== undefined) extensions.push(connectionIdExtension(ownCid));
  if (choice.usesExtendedMasterSecret) extensions.push(extendedMasterSecretExtension());
  if (choice.group !== undefined && choice.namesPointFormats) extensions.push(ecPointFormatsExtension());
  if (choice.resumes === undefined && choice.suite.keyExchange === "ecdhe-ecdsa") {
    const { client, server, namesClientType, namesServerType } = choice.certificates;
    if (asksForCertificate && namesClientType && client !== undefined) {
      extensions.push(certificateTypeChoice("client", client));
    }
    if (namesServerType && server !== undefined) extensions.push(certificateTypeChoice("server", server));
  }
  if (choice.allowsPathCheck) extensions.push(returnRoutabilityCheckExtension());
  return extensions;
}
