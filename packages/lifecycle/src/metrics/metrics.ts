// The Prometheus registry of one process, with what every process shows: memory, CPU, start time, build.
import { cpuUsageMicros, memoryRssBytes, processStartMs, runtimeName, runtimeVersion } from "@coracle/runtime";
// Part by part: the whole of it would add 10 ms to every start.
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import type { BuildInfo } from "../service/build-info.ts";

/** Name, help and labels of a metric; the name carries its unit (`_seconds`, `_bytes`, `_total`). */
export interface MetricOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

/** A metric whose value is taken when it is scraped. */
export interface SampledMetric<Label extends string> extends MetricOptions<Label> {
  /** The samples at this moment: at most a few hundred. */
  readonly sample: () => Samples<Label> | Promise<Samples<Label>>;
}

/** Values with their labels. */
export type Samples<Label extends string> = Iterable<{
  readonly labels?: Readonly<Record<Label, string>>;
  readonly value: number;
}>;

/** Metrics of one process; each instance has a registry of its own. */
export class Metrics {
  readonly registry: Registry = new Registry();

  constructor(build: BuildInfo) {
    this.#addProcess();
    const labels = {
      component: build.component,
      version: build.version,
      runtime: runtimeName(),
      runtime_version: runtimeVersion(),
    };
    this.sampled({
      name: "coracle_build_info",
      help: "Which build this is; the value is always 1.",
      labels: ["component", "version", "runtime", "runtime_version"],
      sample: () => [{ labels, value: 1 }],
    });
  }

  /** A number that only grows. */
  counter<Label extends string = never>(options: MetricOptions<Label>): Counter<Label> {
    return new Counter({
      name: options.name,
      help: options.help,
      labelNames: [...(options.labels ?? [])],
      registers: [this.registry],
    });
  }

  /** A number that goes up and down. */
  gauge<Label extends string = never>(options: MetricOptions<Label>): Gauge<Label> {
    return new Gauge({
      name: options.name,
      help: options.help,
      labelNames: [...(options.labels ?? [])],
      registers: [this.registry],
    });
  }

  /** A distribution over `buckets` (upper bounds, rising). */
  histogram<Label extends string = never>(
    options: MetricOptions<Label> & { readonly buckets: readonly number[] },
  ): Histogram<Label> {
    return new Histogram({
      name: options.name,
      help: options.help,
      labelNames: [...(options.labels ?? [])],
      buckets: [...options.buckets],
      registers: [this.registry],
    });
  }

  /** A gauge read at scrape time: nothing is spent in between. */
  sampled<Label extends string = never>(options: SampledMetric<Label>): void {
    const gauge = new Gauge({
      name: options.name,
      help: options.help,
      labelNames: [...(options.labels ?? [])],
      registers: [this.registry],
      collect: async () => {
        const samples = await options.sample();
        gauge.reset();
        for (const { labels, value } of samples) {
          if (labels === undefined) gauge.set(value);
          else gauge.set(labels, value);
        }
      },
    });
  }

  /** A counter read at scrape time from a number that only grows. */
  sampledCounter<Label extends string = never>(options: SampledMetric<Label>): void {
    const counter = new Counter({
      name: options.name,
      help: options.help,
      labelNames: [...(options.labels ?? [])],
      registers: [this.registry],
      collect: async () => {
        const samples = await options.sample();
        counter.reset();
        for (const { labels, value } of samples) {
          if (labels === undefined) counter.inc(value);
          else counter.inc(labels, value);
        }
      },
    });
  }

  /** The exposition text and its content type. */
  async expose(): Promise<{ readonly text: string; readonly contentType: string }> {
    return { text: await this.registry.metrics(), contentType: this.registry.contentType };
  }

  #addProcess(): void {
    this.sampled({
      name: "process_resident_memory_bytes",
      help: "Resident memory.",
      sample: () => [{ value: memoryRssBytes() }],
    });
    this.sampledCounter({
      name: "process_cpu_seconds_total",
      help: "User and system CPU time.",
      sample: () => {
        const { user, system } = cpuUsageMicros();
        return [{ value: (user + system) / 1e6 }];
      },
    });
    const startSeconds = processStartMs() / 1000;
    this.sampled({
      name: "process_start_time_seconds",
      help: "When the process started, in seconds since 1970.",
      sample: () => [{ value: startSeconds }],
    });
  }
}
