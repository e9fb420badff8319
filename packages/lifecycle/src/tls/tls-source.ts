// TLS material that may change while it is used: what a listener or client takes, wherever it comes from.
import type { ServerTls } from "@coracle/runtime";

/** Serving material and news of its change. */
export interface TlsSource {
  /** The material to use now. */
  current(): ServerTls;
  /** Calls `listener` after each change; returns how to stop. */
  onChange(listener: (tls: ServerTls) => void): () => void;
  /** Stops following. */
  close(): void;
}

/** Material that never changes. */
export function fixedTls(tls: ServerTls): TlsSource {
  return { current: () => tls, onChange: () => () => {}, close: () => {} };
}
