// The authentication settings kube-apiserver publishes, followed while the server runs: authorities change without a restart.
import type { KubeClient } from "@coracle/kube/io";
import { configText, readAndFollow } from "@coracle/kube/io";
import type { Logger } from "@coracle/lifecycle";
import {
  type AuthenticationSettings,
  NO_AUTHENTICATION_SETTINGS,
  parseAuthenticationSettings,
} from "../../core/auth/front-proxy.ts";

const REFERENCE = { kind: "ConfigMap", namespace: "kube-system", name: "extension-apiserver-authentication" } as const;

/** What is in force, and news of its change. */
export class FollowedSettings {
  readonly #listeners: Set<() => void> = new Set();
  #current: AuthenticationSettings = NO_AUTHENTICATION_SETTINGS;

  get current(): AuthenticationSettings {
    return this.#current;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follows until the signal aborts; resolves `first` once something is known. */
  async follow(
    client: KubeClient,
    log: Logger,
    options: { readonly signal: AbortSignal; readonly first: () => void },
  ): Promise<void> {
    for await (const event of readAndFollow(client, REFERENCE, { signal: options.signal })) {
      if (event.kind === "error") {
        log.warning("Authentication settings cannot be read", {
          reason: event.status.reason,
          message: event.status.message,
        });
        continue;
      }
      // Without the ConfigMap the last settings stay: an outage must not lock everyone out, and a deletion is an accident.
      if (event.kind === "absent") log.warning("Authentication settings are not there", REFERENCE);
      else this.#set(parseAuthenticationSettings((key) => configText(event.value, key)));
      options.first();
    }
  }

  #set(settings: AuthenticationSettings): void {
    this.#current = settings;
    for (const listener of this.#listeners) listener();
  }
}
