// Ending DTLS: what a CoAP request and a handshake cost a router in CPU time, beside Scandium with californium-core and OpenSSL.
import { type Bench, type BenchContext, CannotRun, interleave } from "./bench.ts";
import { BenchServers } from "./dtls/bench-servers.ts";
import { forwardedRows } from "./dtls/forwarded-requests.ts";
import { LoadProcess } from "./dtls/load-process.ts";
import { SealedLoad } from "./dtls/sealed-load.ts";
import { cpuNsOf, requestCostUs, type TerminatingServer } from "./dtls/terminating-server.ts";
import { type BenchRow, toRow } from "./row.ts";

/** The benchmark. */
export const bench: Bench = { name: "dtls", summary: "CoAP requests and handshakes ended by a router", run };

const CLIENTS = 32;
const SCANDIUM = "Scandium + californium-core";
/** A request may cost a third of what it costs there. */
const REQUEST_GATE = 3;
const REQUEST_ROW = "CPU per CoAP request, PSK with CCM_8";
const ONE_AT_A_TIME = 1;

interface Sizes {
  readonly rounds: number;
  readonly warm: number;
  readonly requests: number;
  readonly handshakes: number;
}

const SIZES: Sizes = { rounds: 5, warm: 60_000, requests: 15_000, handshakes: 500 };
const SMOKE: Sizes = { rounds: 1, warm: 0, requests: 320, handshakes: 40 };
/** Many short rounds: what a machine does besides comes and goes in seconds, and a pair should see the same of it. */
const BUSY = { rounds: 31, requests: 6000 } as const;

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const sizes = context.smoke ? SMOKE : SIZES;
  const servers = await BenchServers.make();
  context.cleanUp(() => servers.stop());
  const missing = servers.whyNoScandium();
  if (missing !== undefined) throw new CannotRun(`its reference is missing: ${missing}`, "Run `bun run peers`.");
  const load = new LoadProcess(servers.identity, servers.keyHex);
  context.cleanUp(() => load.stop());
  const [ours, scandium] = [await servers.router(), await servers.scandium()];
  const mainThread = await servers.router(["--no-packet-thread"]);
  const sealed = await SealedLoad.start(context);
  return [
    await requestRow(context, sizes, { load, ours, scandium, gate: REQUEST_GATE }),
    // Not the default, so not gated.
    await requestRow(context, sizes, {
      load,
      ours: mainThread,
      scandium,
      row: `${REQUEST_ROW}, all on the main thread`,
    }),
    ...(await handshakeRows(context, sizes, { load, ours, scandium, servers })),
    ...(await forwardedRows(
      context,
      { sleepy: sizes, busy: context.smoke ? sizes : { ...sizes, ...BUSY } },
      { load, sealed, servers },
    )),
  ];
}

interface Pair {
  readonly load: LoadProcess;
  readonly ours: TerminatingServer;
  readonly scandium: TerminatingServer;
}

async function requestRow(
  context: BenchContext,
  sizes: Sizes,
  { load, ours, scandium, row = REQUEST_ROW, gate }: Pair & { readonly row?: string; readonly gate?: number },
): Promise<BenchRow> {
  context.progress(`requests of ${CLIENTS} clients, one under way each`);
  const cost = async (server: TerminatingServer, count: number): Promise<number> => {
    await load.connect(CLIENTS, server.port);
    return await requestCostUs(server.pids, count, () => load.requests(count, server.port));
  };
  if (sizes.warm > 0) for (const server of [ours, scandium]) await cost(server, sizes.warm);
  const rounds = await interleave(
    sizes.rounds,
    () => cost(ours, sizes.requests),
    () => cost(scandium, sizes.requests),
  );
  const gated = gate === undefined ? {} : { gate };
  return toRow({ bench: "dtls", row, unit: "µs", better: "lower", against: SCANDIUM, ...gated, rounds });
}

async function handshakeRows(
  context: BenchContext,
  sizes: Sizes,
  { load, ours, scandium, servers }: Pair & { readonly servers: BenchServers },
): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const kind of ["psk", "ecdsa"] as const) {
    const name = kind === "psk" ? "PSK" : "ECDHE_ECDSA";
    const perSecond = async (server: TerminatingServer, together?: number): Promise<number> => {
      const before = cpuNsOf(server.pids);
      const { done, lost } = await load.handshakes(sizes.handshakes, { port: server.port, kind, together });
      if (lost > sizes.handshakes / 50) throw new Error(`Cannot measure a server that loses ${lost} handshakes`);
      return done / ((cpuNsOf(server.pids) - before) / 1e9);
    };
    const row = (against: string, rounds: (readonly [number, number])[]): BenchRow =>
      toRow({
        bench: "dtls",
        row: `handshakes per second of CPU time, ${name} with CCM_8`,
        unit: "/s",
        better: "higher",
        against,
        rounds,
      });
    context.progress(`${sizes.handshakes} handshakes with ${name}`);
    if (sizes.warm > 0) for (const server of [ours, scandium]) await perSecond(server);
    rows.push(
      row(
        SCANDIUM,
        await interleave(
          sizes.rounds,
          () => perSecond(ours),
          () => perSecond(scandium),
        ),
      ),
    );
    const openssl = await servers.openssl(kind);
    if (openssl === undefined) {
      context.progress("OpenSSL: did not run: openssl is not on PATH");
      continue;
    }
    rows.push(
      row(
        "OpenSSL s_server, one at a time",
        await interleave(
          sizes.rounds,
          () => perSecond(ours, ONE_AT_A_TIME),
          () => perSecond(openssl, ONE_AT_A_TIME),
        ),
      ),
    );
  }
  return rows;
}
