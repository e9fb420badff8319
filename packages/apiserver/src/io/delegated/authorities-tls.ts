// Serving material whose client authorities are the cluster's: users' and the front proxy's, as they change.
import type { TlsSource } from "@coracle/lifecycle";
import type { ServerTls } from "@coracle/runtime";
import type { FollowedSettings } from "./followed-settings.ts";

/** The pair of one source with the authorities of the settings. */
export function authoritiesTls(pair: TlsSource, settings: FollowedSettings): TlsSource {
  const current = (): ServerTls => {
    const { cert, key } = pair.current();
    const { clientCa, proxyCa } = settings.current;
    return { cert, key, clientCa: [clientCa, proxyCa].filter((pem) => pem.includes("BEGIN CERTIFICATE")) };
  };
  return {
    current,
    onChange: (listener) => {
      const stops = [pair.onChange(() => listener(current())), settings.onChange(() => listener(current()))];
      return () => stops.forEach((stop) => stop());
    },
    close: () => pair.close(),
  };
}
