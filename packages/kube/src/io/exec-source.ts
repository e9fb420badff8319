// Running a credential plugin: one at a time, cached until it expires or a request comes back 401 (client-go plugin/pkg/client/auth/exec).
import type { Clock, Millis } from "@coracle/base";
import {
  environment,
  runProcess,
  type RunResult,
  SpawnError,
  startTimer,
  stdinIsTerminal,
  type Timer,
} from "@coracle/runtime";
import { decodeExecCredential, encodeExecInfo, type ExecCredential } from "./exec-credential.ts";
import type { ExecPlugin } from "./exec-plugin.ts";

/** Why a plugin gave no credential. */
export type ExecPluginErrorCode =
  "NOT_FOUND" | "CANNOT_START" | "FAILED" | "TIMEOUT" | "TOO_LONG" | "BAD_OUTPUT" | "NEEDS_TERMINAL";

/** A plugin that gave no credential. The message holds none of its output, which may be secret. */
export class ExecPluginError extends Error {
  override readonly name = "ExecPluginError";
  readonly code: ExecPluginErrorCode;

  constructor(code: ExecPluginErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What an {@link ExecSource} needs. */
export interface ExecSourceOptions {
  readonly plugin: ExecPlugin;
  readonly clock: Clock;
  /** A plugin that takes longer is killed with its children. Default 60 000. */
  readonly timeoutMs?: number | undefined;
  /** Whether a person can be asked; by default, whether standard input is a terminal. */
  readonly interactive?: boolean | undefined;
  /** Defaults to this process's; the plugin's own `env` is added. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

const TIMEOUT_MS = 60_000;
/** A person who reads and types is given this long. */
const INTERACTIVE_TIMEOUT_MS = 600_000;
/** A token and a certificate chain with its key fit many times. */
const OUTPUT_BYTES_MAX = 1024 * 1024;
/** How long after the kill the pipes may stay open in a grandchild that left the process group. */
const KILL_GRACE_MS = 5000;
/** A credential is renewed this long before it expires, so that no request carries one that dies on the way. */
const EXPIRY_MARGIN_MS = 5000;

/** Credentials of a plugin. */
export class ExecSource {
  readonly #options: ExecSourceOptions;
  #credential: ExecCredential | undefined;
  #obtainedAt: Millis | undefined;
  #running: Promise<ExecCredential> | undefined;

  constructor(options: ExecSourceOptions) {
    this.#options = options;
  }

  /** The cached credential, or that of one run shared by all who wait. Throws {@link ExecPluginError}. */
  async credential(): Promise<ExecCredential> {
    if (this.#credential !== undefined && !this.#isExpired(this.#credential)) return this.#credential;
    this.#running ??= this.#renew().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** The server answered 401 to a request sent at `sentAt`: the next request runs the plugin again, unless one did since. */
  reject(sentAt: Millis): void {
    if (this.#obtainedAt !== undefined && this.#obtainedAt <= sentAt) this.#credential = undefined;
  }

  #isExpired(credential: ExecCredential): boolean {
    const { expiresAtMs } = credential;
    return expiresAtMs !== undefined && this.#options.clock.wallMs() >= expiresAtMs - EXPIRY_MARGIN_MS;
  }

  async #renew(): Promise<ExecCredential> {
    const { plugin, clock } = this.#options;
    const result = await this.#run();
    const output = new TextDecoder().decode(result.stdout);
    const decoded = decodeExecCredential(output, plugin.apiVersion);
    if (!decoded.ok) throw this.#failure("BAD_OUTPUT", decoded.error);
    this.#credential = decoded.value;
    this.#obtainedAt = clock.now();
    return decoded.value;
  }

  async #run(): Promise<RunResult> {
    const { plugin } = this.#options;
    const canAsk = this.#options.interactive ?? stdinIsTerminal();
    if (plugin.interactiveMode === "Always" && !canAsk) {
      throw this.#failure("NEEDS_TERMINAL", "its interactiveMode is Always and standard input is no terminal");
    }
    const interactive = canAsk && plugin.interactiveMode !== "Never";
    const timeoutMs = this.#options.timeoutMs ?? (interactive ? INTERACTIVE_TIMEOUT_MS : TIMEOUT_MS);
    const result = await this.#withDeadline(timeoutMs + KILL_GRACE_MS, (signal) =>
      runProcess([plugin.command, ...plugin.args], {
        env: {
          ...(this.#options.environment ?? environment()),
          ...plugin.env,
          KUBERNETES_EXEC_INFO: encodeExecInfo(plugin, interactive),
        },
        stderr: "inherit",
        inheritsStdin: interactive,
        // A process group of its own would not be let near the terminal.
        ownGroup: !interactive,
        timeoutMs,
        outputSizeBytesMax: OUTPUT_BYTES_MAX,
        signal,
      }),
    );
    if (result.isTimedOut) throw this.#failure("TIMEOUT", `it did not finish in ${timeoutMs} ms`);
    if (result.isTruncated) throw this.#failure("TOO_LONG", `its output is longer than ${OUTPUT_BYTES_MAX} bytes`);
    if (result.code !== 0) {
      throw this.#failure(
        "FAILED",
        `it ended with ${result.code === undefined ? `signal ${result.signal}` : `exit code ${result.code}`}`,
      );
    }
    return result;
  }

  /** Gives up on a run whose pipes outlive the kill. */
  async #withDeadline(deadlineMs: number, run: (signal: AbortSignal) => Promise<RunResult>): Promise<RunResult> {
    const abort = new AbortController();
    let timer: Timer | undefined;
    const expired = new Promise<never>((_resolve, reject) => {
      timer = startTimer(deadlineMs, () =>
        reject(this.#failure("TIMEOUT", `it did not end ${deadlineMs} ms after its start`)),
      );
    });
    try {
      return await Promise.race([run(abort.signal), expired]);
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      throw this.#cannotStart(error);
    } finally {
      timer?.cancel();
      abort.abort();
    }
  }

  #cannotStart(error: SpawnError): ExecPluginError {
    const { command, installHint } = this.#options.plugin;
    const hint = installHint === undefined ? "" : `: ${installHint.trim().replaceAll(/\s+/g, " ").slice(0, 500)}`;
    return error.code === "ENOENT"
      ? new ExecPluginError("NOT_FOUND", `Cannot find credential plugin "${command}"${hint}`, { cause: error })
      : new ExecPluginError("CANNOT_START", `Cannot start credential plugin "${command}": ${error.code}`, {
          cause: error,
        });
  }

  #failure(code: ExecPluginErrorCode, problem: string): ExecPluginError {
    return new ExecPluginError(code, `Cannot use credential plugin "${this.#options.plugin.command}": ${problem}`);
  }
}
