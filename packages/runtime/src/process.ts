// This process: environment, arguments, exit, memory, names. Signals and output have files of their own.
import * as os from "node:os";
import process from "node:process";

/** Which runtime runs this code. */
export type RuntimeName = "bun" | "deno" | "node";

/** Which runtime runs this code. */
export function runtimeName(): RuntimeName {
  if ("Bun" in globalThis) return "bun";
  return "Deno" in globalThis ? "deno" : "node";
}

/** The runtime's version, as `1.4.5`. */
export function runtimeVersion(): string {
  const versions: Record<string, string | undefined> = process.versions;
  return versions[runtimeName()] ?? "unknown";
}

/** A copy of the environment. */
export function environment(): Record<string, string | undefined> {
  return { ...process.env };
}

/** The arguments behind the program's own name. */
export function argv(): readonly string[] {
  return process.argv.slice(2);
}

/** The command that starts this very program again: `[executable]` if compiled, `[runtime, script]` otherwise. */
export function selfCommand(): readonly string[] {
  const script = process.argv[1];
  const isCompiled = script === undefined || script.startsWith("/$bunfs/") || script.startsWith("B:\\~BUN");
  return isCompiled ? [process.execPath] : [process.execPath, script];
}

/** Ends the process at once with this exit code. */
export function exitProcess(code: number): never {
  process.exit(code);
}

/** The exit code to use when the process ends by itself. */
export function setExitCode(code: number): void {
  process.exitCode = code;
}

/** Resident memory of this process in bytes. */
export function memoryRssBytes(): number {
  return process.memoryUsage.rss();
}

/** CPU time this process has used, user and system, in microseconds. */
export function cpuUsageMicros(): { user: number; system: number } {
  return process.cpuUsage();
}

/** This process's id. */
export function processId(): number {
  return process.pid;
}

/** Wall-clock milliseconds since 1970 at which this process started. */
export function processStartMs(): number {
  return Math.round(Date.now() - process.uptime() * 1000);
}

/** Milliseconds since this process started. */
export function uptimeMs(): number {
  return process.uptime() * 1000;
}

/** The machine's name; a pod's name in Kubernetes. */
export function hostname(): string {
  return os.hostname();
}

/** The directory for temporary files. */
export function temporaryDirectory(): string {
  return os.tmpdir();
}

/** The user's home directory. */
export function homeDirectory(): string {
  return os.homedir();
}

/** The directory relative paths start from. */
export function workingDirectory(): string {
  return process.cwd();
}

/** How many CPUs this process may use. */
export function cpuCount(): number {
  return os.availableParallelism();
}

/** The processor architecture (`x64`, `arm64`) and operating system (`linux`). */
export function platform(): { os: string; architecture: string } {
  return { os: process.platform, architecture: process.arch };
}

/** Calls `handler` for errors nothing caught and promises nothing awaited; returns how to stop. */
export function onUncaught(handler: (error: unknown) => void): () => void {
  process.on("uncaughtException", handler);
  process.on("unhandledRejection", handler);
  return () => {
    process.off("uncaughtException", handler);
    process.off("unhandledRejection", handler);
  };
}

/** This machine's own IP addresses, as the system writes them, without zones. */
export function ownIpAddresses(): readonly string[] {
  const interfaces = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return interfaces.map(({ address }) => address.split("%", 1)[0] ?? "");
}

/**
 * Frees what is garbage now, where the runtime can be told to. "young" looks at what was made since the last time alone, in a
 * fraction of a millisecond; what outlived one such look waits for "all", which pauses for some milliseconds a 10 MB in use.
 */
export function collectGarbage(which: "all" | "young" = "all"): void {
  if (runtimeName() !== "bun") return;
  if (which === "young") youngCollector()?.();
  else Bun.gc(true);
}

let foundCollector: (() => void) | undefined;

function youngCollector(): (() => void) | undefined {
  if (foundCollector !== undefined) return foundCollector;
  const collector: unknown = Reflect.get(process.getBuiltinModule("bun:jsc") ?? {}, "edenGC");
  foundCollector = typeof collector === "function" ? () => void collector() : () => Bun.gc(true);
  return foundCollector;
}
