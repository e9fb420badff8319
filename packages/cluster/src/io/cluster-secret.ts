// The one identity and secret of a cluster's management sessions, from the environment as Californium's deployments have it.
import { ExitError } from "@coracle/lifecycle";
import type { ManagementMode } from "../management-plane.ts";
import type { ChannelCredentials } from "./dtls-channel.ts";

const IDENTITY = "DTLS_CID_MGMT_IDENTITY";
const SECRET = "DTLS_CID_MGMT_SECRET_BASE64";

/** How nodes talk, and with what. */
export interface ClusterSecurity {
  readonly mode: ManagementMode;
  /** Absent in mode plain without a secret. */
  readonly credentials: ChannelCredentials | undefined;
}

/**
 * How nodes with a fixed table talk: in the clear, as there are no sessions to take keys from. A secret would protect nothing then but
 * the cookies of hellos, so whoever has one must have said `plain`.
 */
export function staticSecurity(
  wanted: "auto" | "plain",
  environment: Readonly<Record<string, string | undefined>>,
): ClusterSecurity {
  const { mode, credentials } = clusterSecurity(wanted, environment);
  if (mode !== "plain") {
    throw new ExitError(
      `Cannot protect a cluster with a fixed table, whose nodes have no sessions with each other: ${SECRET} is set. Take it away, or give --cluster-security plain: then only hello cookies are made with it`,
      { exitCode: 2 },
    );
  }
  return { mode: "static", credentials };
}

/** Reads the two variables; contradictions are an {@link ExitError} that names them and shows nothing of them. */
export function clusterSecurity(
  wanted: "auto" | Exclude<ManagementMode, "static">,
  environment: Readonly<Record<string, string | undefined>>,
): ClusterSecurity {
  const [identity, secret] = [environment[IDENTITY], environment[SECRET]];
  if ((identity === undefined) !== (secret === undefined))
    throw new ExitError(`${IDENTITY} and ${SECRET} go together`, { exitCode: 2 });
  if (identity === undefined || secret === undefined) {
    if (wanted === "dtls" || wanted === "dtls-mac") {
      throw new ExitError(`--cluster-security ${wanted} needs ${IDENTITY} and ${SECRET}`, { exitCode: 2 });
    }
    return { mode: "plain", credentials: undefined };
  }
  const key = decodeBase64(secret.trim());
  if (key === undefined || identity === "") {
    throw new ExitError(`${SECRET} is not base64, or ${IDENTITY} is empty`, { exitCode: 2 });
  }
  const mode = wanted === "auto" ? "dtls-mac" : wanted;
  return { mode, credentials: { identity: new TextEncoder().encode(identity), secret: key } };
}

function decodeBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
