// `bun run build`: one self-contained binary per binary package, for x64 and, where its runtime can be had, arm64.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { workspaceRoot } from "./source-tree.ts";

const HELP = `Usage: bun run build [NAME…] [--arch x64|arm64|all] [--out DIR]

Compiles each binary package to dist/coracle-NAME (arm64: dist/arm64/coracle-NAME) and prints sizes and start times.
The arm64 runtime comes from the npm registry into the cache; without it arm64 is left out and the table says so.
`;

interface Built {
  readonly name: string;
  readonly arch: string;
  readonly sizeMiB: number;
  readonly startMs: number | undefined;
}

const { values, positionals } = parseArgs({
  options: {
    arch: { type: "string", default: "all" },
    out: { type: "string", default: join(workspaceRoot, "dist") },
    help: { type: "boolean", short: "h" },
  },
  allowPositionals: true,
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const binaries = readdirSync(join(workspaceRoot, "packages")).filter((name) =>
  existsSync(join(workspaceRoot, "packages", name, "src/main.ts")),
);
const unknown = positionals.find((name) => !binaries.includes(name));
if (unknown !== undefined || !["x64", "arm64", "all"].includes(values.arch)) {
  process.stderr.write(
    unknown === undefined
      ? `--arch: "${values.arch}" is not one of x64, arm64, all\n`
      : `no binary is called "${unknown}": use ${binaries.join(", ")}\n`,
  );
  process.exit(2);
}
const wanted = positionals.length > 0 ? positionals : binaries;
const ownArch = process.arch === "arm64" ? "arm64" : "x64";
const targets = values.arch === "all" ? ["x64", "arm64"] : [values.arch];
const built: Built[] = [];
for (const arch of targets) {
  const runtime = arch === ownArch ? process.execPath : foreignRuntime(arch);
  if (runtime === undefined) {
    process.stderr.write(`${arch}: its Bun runtime could not be had from the npm registry; left out\n`);
    continue;
  }
  for (const name of wanted) built.push(buildOne(name, arch, runtime));
}
process.stdout.write(table(built));

function buildOne(name: string, arch: string, runtime: string): Built {
  const folder = join(values.out, arch === ownArch ? "" : arch);
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, name === "coracle" ? "coracle" : `coracle-${name}`);
  const commit =
    spawnSync("git", ["rev-parse", "--short=12", "HEAD"], {
      cwd: workspaceRoot,
      encoding: "utf8",
    }).stdout?.trim() ?? "";
  const command = [
    "build",
    "--compile",
    "--minify",
    "--sourcemap",
    "--bytecode",
    "--format=esm",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    `--compile-executable-path=${runtime}`,
    `--target=bun-linux-${arch}`,
    `--define=process.env.CORACLE_BUILD_COMMIT=${JSON.stringify(commit)}`,
    `--outfile=${outfile}`,
    join(workspaceRoot, "packages", name, "src/main.ts"),
    ...workersOf(name),
  ];
  const result = spawnSync(process.execPath, command, {
    cwd: workspaceRoot,
    encoding: "utf8",
  });
  if (result.status !== 0) {
    process.stderr.write(`Cannot build ${name} for ${arch}: the compiler said\n${result.stdout}${result.stderr}`);
    process.exit(1);
  }
  process.stderr.write(`built ${outfile}\n`);
  const startMs = arch === ownArch ? startTimeMs(outfile) : undefined;
  return { name, arch, sizeMiB: statSync(outfile).size / (1 << 20), startMs };
}

/** The modules that a package runs on threads of their own: entry points beside `main.ts`, as a bundle does not find them. */
function workersOf(name: string): string[] {
  const folder = join(workspaceRoot, "packages", name, "src");
  return readdirSync(folder).flatMap((file) => (file.endsWith("-worker.ts") ? [join(folder, file)] : []));
}

/** Median wall time of `--version` over five runs, from spawn to exit. */
function startTimeMs(binary: string): number {
  const timesMs: number[] = [];
  for (let run = 0; run < 5; run++) {
    const started = performance.now();
    const result = spawnSync(binary, ["--version"], {
      encoding: "utf8",
      timeout: 20_000,
    });
    if (result.status !== 0) {
      process.stderr.write(`${binary} --version ended with ${result.status}: ${result.stderr}\n`);
      process.exit(1);
    }
    timesMs.push(performance.now() - started);
  }
  return timesMs.sort((a, b) => a - b)[2] ?? 0;
}

/** The Bun runtime of another architecture, from the npm registry, kept in the cache by version; never half there. */
function foreignRuntime(arch: string): string | undefined {
  const caches = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(caches, "coracle", "bun", `${Bun.version}-${arch}`);
  const runtime = join(folder, "package", "bin", "bun");
  if (existsSync(runtime)) return runtime;
  const unfinished = `${folder}.${process.pid}.unfinished`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const npmArch = arch === "arm64" ? "aarch64" : "x64";
    spawnSync("npm", ["pack", "--silent", `@oven/bun-linux-${npmArch}@${Bun.version}`], { cwd: unfinished });
    const tarball = readdirSync(unfinished).find((file) => file.endsWith(".tgz"));
    if (tarball === undefined) return undefined;
    const unpacked = spawnSync("tar", ["-xzf", tarball], { cwd: unfinished });
    if (unpacked.status !== 0 || !existsSync(join(unfinished, "package", "bin", "bun"))) return undefined;
    rmSync(join(unfinished, tarball));
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
    return runtime;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function table(rows: readonly Built[]): string {
  const lines = rows.map(({ name, arch, sizeMiB, startMs }) => {
    const binary = (name === "coracle" ? name : `coracle-${name}`).padEnd(26);
    const start = startMs === undefined ? "(other architecture)" : `${startMs.toFixed(0)} ms`;
    return `${binary}${arch.padEnd(7)}${`${sizeMiB.toFixed(1)} MiB`.padStart(11)}   ${start}`;
  });
  return [`${"binary".padEnd(26)}${"arch".padEnd(7)}${"size".padStart(11)}   start to --version`, ...lines, ""].join(
    "\n",
  );
}
