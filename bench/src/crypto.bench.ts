// Record cryptography: what sealing, opening and the cluster's MAC cost, beside a C program over libcrypto and without libcrypto.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cryptoProviderReport } from "@coracle/runtime";
import { type Bench, type BenchContext, CannotRun, interleave } from "./bench.ts";
import { type BenchRow, toRow } from "./row.ts";

/** The benchmark. */
export const bench: Bench = { name: "crypto", summary: "sealing and opening records, the cluster's MAC", run };

const PROGRAM = join(import.meta.dirname, "crypto/client-figures.ts");
const DENO = join(import.meta.dirname, "../../node_modules/deno/deno");
/** A record of a CoAP device, and one of many blocks. */
const SIZES = [64, 1024] as const;
/** Header and payload of a forwarded request. */
const FRAME_SIZE = 75;

type Measure = (operation: string, sizeBytes: number) => Promise<number>;

async function run(context: BenchContext): Promise<readonly BenchRow[]> {
  const { name, fallbackReason } = cryptoProviderReport();
  if (name !== "libcrypto") throw new CannotRun(`there is no libcrypto: ${fallbackReason}`, "Install OpenSSL 3.");
  const folder = await mkdtemp(join(tmpdir(), "coracle-bench-crypto-"));
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const count = context.smoke ? 2000 : 50_000;
  const program = compileReference(folder);
  const c: Measure = (operation, sizeBytes) =>
    figureOf([program, ...operation.split("-"), String(sizeBytes), String(count)]);
  const rows: BenchRow[] = [];
  for (const [runtime, command] of runtimes(context)) {
    context.progress(runtime);
    const ours: Measure = (operation, sizeBytes) =>
      figureOf([...command, PROGRAM, operation, String(sizeBytes), String(count)]);
    rows.push(...(await runtimeRows(context, { runtime, ours, c })));
  }
  return rows;
}

async function runtimeRows(
  context: BenchContext,
  { runtime, ours, c }: { readonly runtime: string; readonly ours: Measure; readonly c: Measure },
): Promise<BenchRow[]> {
  const rounds = context.smoke ? 1 : 3;
  const rows: BenchRow[] = [];
  const add = async (row: string, against: string, figures: readonly (() => Promise<number>)[]): Promise<void> => {
    const [figure, reference] = figures;
    if (figure === undefined || reference === undefined) return;
    const pairs = await interleave(rounds, figure, reference);
    rows.push(
      toRow({ bench: "crypto", row: `${row}, ${runtime}`, unit: "ns", better: "lower", against, rounds: pairs }),
    );
  };
  for (const mode of ["ccm", "gcm"] as const) {
    for (const size of SIZES) {
      for (const verb of ["seal", "open"] as const) {
        const operation = `${verb}-${mode}`;
        await add(
          `${verb} ${size} bytes, ${mode === "ccm" ? "CCM_8" : "GCM"}`,
          `C, libcrypto's ${mode.toUpperCase()}`,
          [() => ours(operation, size), () => c(operation, size)],
        );
      }
    }
  }
  await add("seal 64 bytes, CCM_8, libcrypto", "composed of node:crypto", [
    () => ours("seal-ccm", 64),
    () => ours("seal-ccm-composed", 64),
  ]);
  await add("MAC of a frame, libcrypto", "the runtime's HMAC", [
    () => ours("mac-frame", FRAME_SIZE),
    () => ours("mac-runtime", FRAME_SIZE),
  ]);
  await add("MAC of a frame, composed", "the runtime's HMAC", [
    () => ours("mac-frame-composed", FRAME_SIZE),
    () => ours("mac-runtime", FRAME_SIZE),
  ]);
  return rows;
}

function runtimes(context: BenchContext): readonly (readonly [name: string, command: readonly string[]])[] {
  const bun = ["Bun", [process.execPath]] as const;
  if (existsSync(DENO)) return [bun, ["Deno", [DENO, "run", "--allow-all", "--quiet"]]];
  context.progress(`Deno: not measured, as ${DENO} is not there; run "deno --version" of the workspace once`);
  return [bun];
}

function figureOf(command: readonly string[]): Promise<number> {
  const [program = "", ...rest] = command;
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot measure by ${rest.slice(-3).join(" ")}: ${stderr.slice(-500)}`);
  return Promise.resolve(Number(stdout));
}

function compileReference(folder: string): string {
  const program = join(folder, "reference");
  const source = join(import.meta.dirname, "crypto/reference.c");
  const run = spawnSync("gcc", ["-O2", "-o", program, source, "-l:libcrypto.so.3"], { encoding: "utf8" });
  if (run.error !== undefined) throw new CannotRun("its reference is written in C", "Install gcc.");
  if (run.status !== 0) throw new CannotRun("its reference links to libcrypto.so.3", "Install OpenSSL 3.");
  return program;
}
