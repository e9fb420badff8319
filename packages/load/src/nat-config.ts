// The flags of `coracle-load nat`.
import { err, ok, parseIp, type Result } from "@coracle/base";
import { parsePeerList, type PeerName } from "@coracle/cluster";
import {
  type Address,
  type Config,
  defineConfig,
  flag,
  formatDuration,
  SERVICE_EXIT_CODES,
  type ServiceConfig,
  serviceFlags,
} from "@coracle/lifecycle";
import { NO_FAULTS } from "./core/nat/faulty-path.ts";
import { DELAY_MS_MAX, REORDER_BY_MAX } from "./core/nat/nat-types.ts";

/** What `coracle-load nat` is told. */
export interface NatConfig extends ServiceConfig {
  readonly http: Address;
  readonly listen: Address;
  readonly backends: readonly PeerName[];
  readonly outside: string;
  readonly natTimeoutMs: number;
  readonly balancerTimeoutMs: number;
  readonly lingerMs: number;
  readonly rebindEveryMs: number | undefined;
  readonly reshuffleEveryMs: number | undefined;
  readonly share: number;
  readonly dropToBackends: number;
  readonly dropToClients: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly reorderBy: number;
  readonly reorderHoldMs: number;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly underWayMax: number;
  readonly flowsMax: number;
  readonly seed: number | undefined;
  readonly health: readonly string[] | undefined;
  readonly healthEveryMs: number;
  readonly healthTimeoutMs: number;
  readonly healthFailuresMax: number;
}

const MOVES = "Moves and losses";
const FAULTS = "Faults of the way between clients and the NAT, in both directions";
const HEALTH = "Health of back ends";

function readBackendList(text: string): Result<readonly PeerName[], string> {
  const parsed = parsePeerList(text);
  return parsed.ok && parsed.value.length > 0 ? parsed : err("is no list of HOST:PORT with commas");
}

function readHealthList(text: string): Result<readonly string[], string> {
  const urls = text.split(",").map((url) => url.trim());
  return urls.every((url) => /^https?:\/\/[^/\s]+/.test(url) && URL.canParse(url))
    ? ok(urls)
    : err("is no list of http://HOST:PORT/PATH with commas");
}

const faultFlags = {
  duplicate: flag.number({
    help: "Part of the datagrams that comes twice.",
    default: 0,
    max: 1,
    fraction: true,
    group: FAULTS,
  }),
  reorder: flag.number({
    help: "Part of the datagrams that is held back, so that later ones of the same client go ahead.",
    default: 0,
    max: 1,
    fraction: true,
    group: FAULTS,
  }),
  reorderBy: flag.number({
    help: "One held back goes after so many others of its client.",
    default: NO_FAULTS.reorderBy,
    min: 1,
    max: REORDER_BY_MAX,
    group: FAULTS,
  }),
  reorderHoldMs: flag.duration({
    help: "It goes after this long in any case.",
    default: formatDuration(NO_FAULTS.reorderHoldMs),
    maxMs: DELAY_MS_MAX,
    group: FAULTS,
  }),
  delayMs: flag.duration({
    help: "Each datagram is late by this.",
    default: "0s",
    maxMs: DELAY_MS_MAX,
    group: FAULTS,
  }),
  jitterMs: flag.duration({
    help: "And by up to this more, by chance, which changes the order too.",
    default: "0s",
    maxMs: DELAY_MS_MAX,
    group: FAULTS,
  }),
  underWayMax: flag.number({
    help: "Datagrams late or held back at once in each direction; more are lost.",
    default: 4096,
    min: 1,
    max: 65_536,
    group: FAULTS,
  }),
};

function readIpAddress(text: string): Result<string, string> {
  return parseIp(text).ok ? ok(text) : err("is no IP address");
}

/** The command line of `coracle-load nat`. */
export const natConfig: Config<NatConfig> = defineConfig({
  name: "coracle-load nat",
  summary: "stand between devices and servers as a NAT and a UDP balancer that forget",
  description:
    "Each client gets an outside port of its own and a back end by chance. Both are forgotten after a time, or on command: POST /rebind gives every client a new port and back end, POST /reshuffle a new back end alone; ?share=0.5 moves half of them. PUT /drops?toBackends=0.1&toClients=0.1 loses datagrams, PUT /faults?duplicate=0.1&reorder=0.1&delay=20ms&jitter=10ms duplicates, reorders and delays them; what is not named ends. GET /flows tells everything.",
  flags: {
    listen: flag.address({ help: "Clients send here.", default: "127.0.0.1:5784" }),
    backends: flag.parsed(readBackendList, {
      help: "Servers, with commas.",
      required: true,
      valueName: "LIST",
    }),
    outside: flag.parsed(readIpAddress, {
      help: "IP address of the outside ports.",
      default: "127.0.0.1",
      valueName: "ADDRESS",
    }),
    flowsMax: flag.number({
      help: "Clients at once, each with a socket; datagrams of more are dropped.",
      default: 10_000,
      min: 1,
      max: 50_000,
    }),
    natTimeoutMs: flag.duration({
      help: "A client silent for this long gets a new outside port and back end when it speaks again.",
      default: "30s",
      minMs: 10,
      group: MOVES,
    }),
    balancerTimeoutMs: flag.duration({
      help: "A client silent for this long gets a back end by chance when it speaks again.",
      default: "15s",
      minMs: 10,
      group: MOVES,
    }),
    lingerMs: flag.duration({
      help: "An outside port that was left still delivers answers for this long.",
      default: "0s",
      group: MOVES,
    }),
    rebindEveryMs: flag.duration({
      help: "Give clients new ports and back ends this often; else only on command.",
      minMs: 10,
      group: MOVES,
    }),
    reshuffleEveryMs: flag.duration({
      help: "Give clients back ends by chance this often; else only on command.",
      minMs: 10,
      group: MOVES,
    }),
    share: flag.number({
      help: "Part of the clients that a schedule moves.",
      default: 1,
      max: 1,
      fraction: true,
      group: MOVES,
    }),
    dropToBackends: flag.number({
      help: "Part of the datagrams to back ends that is lost.",
      default: 0,
      max: 1,
      fraction: true,
      group: MOVES,
    }),
    dropToClients: flag.number({
      help: "Part of the datagrams to clients that is lost.",
      default: 0,
      max: 1,
      fraction: true,
      group: MOVES,
    }),
    ...faultFlags,
    seed: flag.number({
      help: "Makes the same choices again; else one is chosen and logged.",
      max: 0xffff_ffff,
      group: MOVES,
    }),
    health: flag.parsed(readHealthList, {
      help: "URLs with commas, one for each of --backends in their order; a back end whose URL does not answer 200 gets no clients. When none does, all get some.",
      valueName: "LIST",
      group: HEALTH,
    }),
    healthEveryMs: flag.duration({ help: "Ask this often.", default: "1s", minMs: 50, group: HEALTH }),
    healthTimeoutMs: flag.duration({
      help: "No answer for this long is a failure.",
      default: "1s",
      minMs: 10,
      group: HEALTH,
    }),
    healthFailuresMax: flag.number({
      help: "Failures in a row after which a back end is out; one good answer brings it back.",
      name: "health-failures",
      default: 2,
      min: 1,
      max: 1000,
      group: HEALTH,
    }),
    ...serviceFlags({ http: "127.0.0.1:9378" }),
  },
  check: ({ health, backends }) =>
    health !== undefined && health.length !== backends.length
      ? `--health names ${health.length} URLs for ${backends.length} back ends`
      : undefined,
  exitCodes: SERVICE_EXIT_CODES,
  examples: [
    {
      line: "coracle-load nat --backends 127.0.0.1:5684,127.0.0.1:5685 --rebind-every 5s",
      does: "two routers behind a balancer; every device has another address each five seconds",
    },
    {
      line: "coracle-load nat --backends 127.0.0.1:5684 --duplicate 0.1 --reorder 0.1 --delay 20ms --jitter 10ms --drop-to-backends 0.02",
      does: "a server at the other end of a bad radio link",
    },
    {
      line: "coracle-load nat --backends 127.0.0.1:5684,127.0.0.1:5685 --health http://127.0.0.1:9684/readyz,http://127.0.0.1:9685/readyz",
      does: "a router that is not ready gets no clients",
    },
  ],
});
