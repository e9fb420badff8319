// Structured logs through LogTape: JSON lines to standard error, one per event.
import { type LogLevel as TapeLevel, type LogRecord, configureSync, getLogger, resetSync } from "@logtape/logtape";
import { type OutputWriter, stderr, systemClock } from "@coracle/runtime";
import { jsonLine } from "./json-line.ts";

/** Levels from the most to the least talkative; the words of `--log-level`. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Named values of an event. Secret-looking names and texts are redacted, numbers carry their unit in the name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes events of one component. Messages are plain sentences without values; values go into fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every event. */
  with(fields: LogFields): Logger;
}

/** Where log lines go: told each line, with its line break. */
export type LogSink = (line: string) => void;

const ROOT = "coracle";
/** Lines are dropped, and counted, while the reader of standard error is this far behind. */
const PENDING_BYTES_MAX = 4 * 1024 * 1024;

/** Sets level and sink of every logger of this process; may be called again. Without a sink: standard error. */
export function configureLogging(options: { readonly level: LogLevel; readonly sink?: LogSink }): void {
  const write = options.sink ?? boundedSink(stderr());
  configureSync({
    reset: true,
    sinks: { lines: (record) => write(lineOf(record)) },
    loggers: [
      { category: [ROOT], sinks: ["lines"], lowestLevel: options.level },
      { category: ["logtape", "meta"], sinks: ["lines"], lowestLevel: "error" },
    ],
  });
}

/** Takes the logging configuration back, for tests. */
export function resetLogging(): void {
  resetSync();
}

/** The logger of one component, such as `watcher` or `apiserver/watch-cache`. */
export function createLogger(component: string): Logger {
  return new ComponentLogger(component, {});
}

class ComponentLogger implements Logger {
  readonly #component: string;
  readonly #fields: LogFields;

  constructor(component: string, fields: LogFields) {
    this.#component = component;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields): void {
    this.#log("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log("info", message, fields);
  }

  warning(message: string, fields?: LogFields): void {
    this.#log("warning", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#log("error", message, fields);
  }

  with(fields: LogFields): Logger {
    return new ComponentLogger(this.#component, { ...this.#fields, ...fields });
  }

  #log(level: TapeLevel, message: string, fields: LogFields | undefined): void {
    const logger = getLogger([ROOT, this.#component]);
    if (!logger.isEnabledFor(level)) return;
    // Not logger.info(message, …): that would take braces in the message for placeholders.
    logger.emit({
      timestamp: systemClock.wallMs(),
      level,
      message: [message],
      rawMessage: message,
      properties: { ...this.#fields, ...fields },
    });
  }
}

function lineOf(record: LogRecord): string {
  const [root, component = root] = record.category;
  return jsonLine({
    wallMs: record.timestamp,
    level: record.level,
    component: component ?? ROOT,
    message: typeof record.rawMessage === "string" ? record.rawMessage : record.message.map(String).join(""),
    fields: record.properties,
  });
}

function boundedSink(writer: OutputWriter): LogSink {
  let dropped = 0;
  return (line) => {
    if (writer.pendingBytes() > PENDING_BYTES_MAX) {
      dropped += 1;
      return;
    }
    if (dropped > 0) {
      const count = dropped;
      dropped = 0;
      writer.write(
        jsonLine({
          wallMs: systemClock.wallMs(),
          level: "warning",
          component: "log",
          message: "Log lines were dropped as their reader was too slow",
          fields: { droppedCount: count },
        }),
      );
    }
    writer.write(line);
  };
}
