// The flags of `coracle-load devices`.
import { err, ok, type Result } from "@coracle/base";
import { CIPHER_SUITES } from "@coracle/dtls";
import {
  type Address,
  type Config,
  defineConfig,
  flag,
  LOG_LEVELS,
  type ServiceConfig,
  serviceFlags,
} from "@coracle/lifecycle";

/** What `coracle-load devices` is told. */
export interface DevicesConfig extends ServiceConfig {
  readonly target: Address;
  readonly count: number;
  readonly handshakeRate: number;
  readonly handshakeTimeoutMs: number;
  readonly rate: number | undefined;
  readonly requests: number | undefined;
  readonly durationMs: number | undefined;
  readonly sleepMs: number;
  readonly sleepAfter: number;
  readonly reconnectAfter: number;
  readonly resume: boolean;
  readonly rebindEveryMs: number | undefined;
  readonly pskFile: string | undefined;
  readonly caFile: readonly string[];
  readonly serverKeyFile: readonly string[];
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly certDir: string | undefined;
  readonly serverName: string | undefined;
  readonly suites: readonly string[];
  readonly cid: boolean;
  readonly cidSize: number;
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly payloadSizeBytes: number;
  readonly confirmable: boolean;
  readonly ackTimeoutMs: number;
  readonly retransmissionsMax: number;
  readonly answerTimeoutMs: number;
  readonly json: string | undefined;
  readonly progressEveryMs: number | undefined;
}

/** Exit codes besides 0 and 2. */
export const DEVICES_EXIT_CODES = { failed: 1, lost: 3, nothing: 5, interrupted: 130 } as const;

const FLEET = "Fleet";
const DTLS = "DTLS";
const COAP = "CoAP";
const RESULT = "Result";

const suiteNames = new Set(CIPHER_SUITES.map(({ name }) => name));

function readSuiteName(text: string): Result<string, string> {
  const name = text.replace(/^TLS_/, "");
  return suiteNames.has(name) ? ok(name) : err(`is not one of ${[...suiteNames].join(", ")}`);
}

const fleetFlags = {
  target: flag.address({
    help: "Where devices send: a router, a balancer, any DTLS server.",
    default: "127.0.0.1:5684",
    group: FLEET,
  }),
  count: flag.number({
    help: "Devices, each with a socket of its own.",
    default: 100,
    min: 1,
    max: 50_000,
    group: FLEET,
  }),
  handshakeRate: flag.number({
    help: "Handshakes begun per second.",
    default: 200,
    min: 0.01,
    max: 100_000,
    fraction: true,
    group: FLEET,
  }),
  handshakeTimeoutMs: flag.duration({
    help: "A handshake that takes longer is given up and begun anew.",
    default: "20s",
    minMs: 100,
    group: FLEET,
  }),
  rate: flag.number({
    help: "Requests per second, all devices together; else each asks again as soon as it is answered.",
    min: 0.001,
    max: 1_000_000,
    fraction: true,
    group: FLEET,
  }),
  requests: flag.number({ help: "Requests in all; else until --duration or Ctrl-C.", min: 1, group: FLEET }),
  durationMs: flag.duration({
    help: "No request begins later than this; else until --requests or Ctrl-C.",
    minMs: 1,
    group: FLEET,
  }),
  sleepMs: flag.duration({
    help: "A device sleeps for this long after --sleep-after requests.",
    default: "0s",
    group: FLEET,
  }),
  sleepAfter: flag.number({ help: "Requests between two sleeps.", default: 1, min: 1, group: FLEET }),
  reconnectAfter: flag.number({
    help: "A device connects anew after so many requests; 0 is never.",
    default: 0,
    group: FLEET,
  }),
  rebindEveryMs: flag.duration({
    help: "Each device changes its address (opens another socket) this often, evenly spread; else never.",
    minMs: 10,
    group: FLEET,
  }),
};

const dtlsFlags = {
  pskFile: flag.path({ help: "Pre-shared keys, identity=base64 a line; devices take them in turn.", group: DTLS }),
  caFile: flag.repeated(flag.path({ help: "Authorities of the server's certificate, PEM.", group: DTLS })),
  serverKeyFile: flag.repeated(
    flag.path({ help: "Public key of the server, PEM; trusted raw, and in whatever certificate.", group: DTLS }),
  ),
  certFile: flag.path({ help: "Certificate chain that all devices show, PEM.", group: DTLS }),
  keyFile: flag.path({
    help: "P-256 private key of --cert-file, PEM; without --cert-file devices show the bare public key.",
    group: DTLS,
  }),
  certDir: flag.path({
    help: "A folder of NAME.pem with NAME.key beside it, a certificate for each device; devices take them in turn.",
    valueName: "FOLDER",
    group: DTLS,
  }),
  serverName: flag.text({ help: "Name that must be in the server's certificate.", valueName: "NAME", group: DTLS }),
  suites: flag.repeated(
    flag.parsed(readSuiteName, {
      help: "Cipher suite to offer, best first; may be repeated.",
      valueName: "NAME",
      group: DTLS,
    }),
  ),
  cid: flag.boolean({ help: "Offer connection IDs.", default: true, group: DTLS }),
  cidSize: flag.number({
    help: "Bytes of the ID that a device wants itself; 0: it sends the server's and wants none.",
    default: 0,
    max: 20,
    group: DTLS,
  }),
  resume: flag.boolean({ help: "Connect anew by resuming the session.", group: DTLS }),
};

const coapFlags = {
  method: flag.choice(["GET", "POST", "PUT"], { help: "Method of the requests.", default: "GET", group: COAP }),
  path: flag.text({ help: "Path, perhaps with a query.", default: "benchmark", valueName: "PATH", group: COAP }),
  payloadSizeBytes: flag.size({ help: "Payload of a request.", default: "0", maxBytes: 1024, group: COAP }),
  confirmable: flag.boolean({
    help: "Ask for acknowledgements and repeat requests; else each is sent once.",
    default: true,
    group: COAP,
  }),
  ackTimeoutMs: flag.duration({
    help: "First wait before a request is repeated; doubles.",
    default: "2s",
    minMs: 10,
    group: COAP,
  }),
  retransmissionsMax: flag.number({ help: "Times a request is repeated.", default: 4, max: 20, group: COAP }),
  answerTimeoutMs: flag.duration({
    help: "Wait for an answer that is not to be repeated; then the request is lost.",
    default: "10s",
    minMs: 10,
    group: COAP,
  }),
};

const resultFlags = {
  json: flag.path({ help: "Write the result as JSON into this file; - is standard output.", group: RESULT }),
  progressEveryMs: flag.duration({
    help: "A line of progress on standard error this often; else each second on a terminal, each ten seconds elsewhere.",
    minMs: 100,
    group: RESULT,
  }),
};

/** The command line of `coracle-load devices`. */
export const devicesConfig: Config<DevicesConfig> = defineConfig({
  name: "coracle-load devices",
  summary: "be thousands of CoAP devices with DTLS connection IDs, and measure what they are served",
  description:
    "Each device has a socket and a session of its own and one request under way at a time. Progress goes to standard error, the result to standard output. Needs as many open files as devices (ulimit -n). Ctrl-C ends the run when what is under way is answered, a second one at once.",
  flags: {
    ...fleetFlags,
    ...dtlsFlags,
    ...coapFlags,
    ...resultFlags,
    ...serviceFlags(),
    logLevel: flag.choice(LOG_LEVELS, {
      help: "Least level to log, to standard error.",
      default: "warning",
      group: "Start and stop",
    }),
  },
  check: (config) => {
    const { certFile, keyFile, certDir, pskFile, caFile, serverKeyFile } = config;
    if (certFile !== undefined && keyFile === undefined) return "--cert-file needs --key-file";
    if (certDir !== undefined && keyFile !== undefined) return "--cert-dir and --key-file do not go together";
    if (pskFile === undefined && caFile.length + serverKeyFile.length === 0)
      return "give --psk-file, --ca-file or --server-key-file";
    return undefined;
  },
  examples: [
    {
      line: "coracle-load devices --psk-file keys.txt --count 1000 --rate 500 --duration 1m",
      does: "a thousand devices, five hundred requests a second for a minute",
    },
    {
      line: "coracle-load devices --psk-file keys.txt --target 127.0.0.1:5784 --requests 100000 --json result.json",
      does: "as fast as a hundred devices are answered, the numbers into a file",
    },
  ],
  exitCodes: {
    [DEVICES_EXIT_CODES.failed]: "could not start",
    [DEVICES_EXIT_CODES.lost]: "a request was lost",
    [DEVICES_EXIT_CODES.nothing]: "nothing was ever answered",
    [DEVICES_EXIT_CODES.interrupted]: "interrupted",
  },
});
