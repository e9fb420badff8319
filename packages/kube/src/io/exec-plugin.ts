// Credential plugins as a kubeconfig declares them (client.authentication.k8s.io): the `exec` stanza of a user.

/** Versions of the ExecCredential exchange that exist today; v1alpha1 is gone. */
export const EXEC_API_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"] as const;

/** One of {@link EXEC_API_VERSIONS}. */
export type ExecApiVersion = (typeof EXEC_API_VERSIONS)[number];

/** Whether the plugin may talk to a person on standard input. */
export type ExecInteractiveMode = "Never" | "IfAvailable" | "Always";

/** The cluster a plugin is run for, handed over when the stanza says `provideClusterInfo: true`. */
export interface ExecClusterInfo {
  readonly server: string;
  readonly "tls-server-name"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  /** Base64 of PEM. */
  readonly "certificate-authority-data"?: string;
  readonly "proxy-url"?: string;
  readonly "disable-compression"?: boolean;
  /** The cluster's extension named `client.authentication.k8s.io/exec`, as it stands. */
  readonly config?: unknown;
}

/** A plugin to run for a token or a client certificate. */
export interface ExecPlugin {
  readonly apiVersion: ExecApiVersion;
  /** A path, or a bare name looked up on PATH. */
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly interactiveMode: ExecInteractiveMode;
  /** Present exactly when the plugin is to be told. */
  readonly cluster?: ExecClusterInfo;
  /** Shown when the command does not exist. */
  readonly installHint?: string;
}
