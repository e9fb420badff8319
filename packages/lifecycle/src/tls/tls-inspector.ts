// How TLS material is looked into: the runtime's X.509 functions behind the interface that the pure part takes.
import { keyMatchesCertificate, parseCertificates, sha256Hex } from "@coracle/runtime";
import type { MaterialInspector } from "../core/tls-material.ts";

/** Checks by node:crypto. */
export const runtimeInspector: MaterialInspector = {
  certificates: (pem) => {
    const parsed = parseCertificates(pem);
    return parsed.ok
      ? {
          ok: true,
          value: parsed.value.map(({ subject, serialNumber, validToMs }) => ({
            commonName: subject.CN ?? "",
            serialNumber,
            validToMs,
          })),
        }
      : { ok: false, error: parsed.error.message };
  },
  keyMatches: keyMatchesCertificate,
  sha256Hex,
};
