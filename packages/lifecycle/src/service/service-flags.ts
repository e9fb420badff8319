// The flags that every service has, and those of a TLS listener.
import * as flag from "../config/kinds.ts";
import type { Flag } from "../config/flag.ts";
import type { Address } from "../core/address.ts";
import { LOG_LEVELS, type LogLevel } from "../log/logger.ts";

/** Flags for a `ServiceConfig`; spread them into a definition's flags. */
export interface ServiceFlags<Http extends Address | undefined> {
  readonly http: Flag<Http>;
  readonly logLevel: Flag<LogLevel>;
  readonly shutdownDelayMs: Flag<number>;
  readonly shutdownTimeoutMs: Flag<number>;
  readonly shutdownWatchGraceMs: Flag<number>;
  readonly livezGraceMs: Flag<number>;
  readonly endWithStdin: Flag<boolean>;
}

const LIFE = "Start and stop";

/** The flags of a service whose HTTP listener is at `http` unless told otherwise; without a default there is none unless told. */
export function serviceFlags(options: { readonly http: string }): ServiceFlags<Address>;
export function serviceFlags(options?: { readonly http?: undefined }): ServiceFlags<Address | undefined>;
export function serviceFlags(options: { readonly http?: string | undefined } = {}): ServiceFlags<Address | undefined> {
  const httpHelp = "Serve health, metrics and this program's own resources over HTTP here.";
  return {
    http:
      options.http === undefined
        ? flag.address({ help: httpHelp, group: LIFE })
        : flag.address({ help: httpHelp, default: options.http, group: LIFE }),
    logLevel: flag.choice(LOG_LEVELS, { help: "Least level to log.", default: "info", group: LIFE }),
    shutdownDelayMs: flag.duration({
      help: "After SIGTERM, serve on for this long with /readyz red, until load balancers have noticed.",
      default: "0s",
      group: LIFE,
    }),
    shutdownTimeoutMs: flag.duration({
      help: "After the delay, let running requests finish for at most this long.",
      default: "60s",
      group: LIFE,
    }),
    shutdownWatchGraceMs: flag.duration({
      help: "After the delay, end watches evenly over this time, but not slower than 200 a second.",
      default: "10s",
      group: LIFE,
    }),
    livezGraceMs: flag.duration({
      help: "A start that takes this long does not turn /livez red.",
      default: "60s",
      group: LIFE,
    }),
    endWithStdin: flag.boolean({
      help: "End as at SIGTERM when standard input ends: for a parent that holds its other end, and may be killed.",
      group: LIFE,
    }),
  };
}

/** Flags for a TLS listener's material. */
export interface TlsFlags {
  readonly tlsCertFile: Flag<string | undefined>;
  readonly tlsPrivateKeyFile: Flag<string | undefined>;
  readonly clientCaFile: Flag<readonly string[]>;
}

/** The flags of a TLS listener; the files are read again when they change. */
export function tlsFlags(): TlsFlags {
  const group = "TLS";
  return {
    tlsCertFile: flag.path({ help: "Certificate chain to serve with, PEM; reloaded on change.", group }),
    tlsPrivateKeyFile: flag.path({ help: "Private key of --tls-cert-file, PEM; reloaded on change.", group }),
    clientCaFile: flag.repeated(
      flag.path({
        help: "Authorities that client certificates are checked against, PEM; all files together; reloaded on change.",
        group,
      }),
    ),
  };
}
