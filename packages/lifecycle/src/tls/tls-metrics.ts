// What the metrics show of TLS material: which is in force, when it expires, how often it was reloaded or refused.
import type { MaterialFacts } from "../core/tls-material.ts";
import type { Metrics } from "../metrics/metrics.ts";

/** Hash, expiry and reload counts of all TLS material of a process. */
export class TlsMetrics {
  readonly #facts: Map<string, { readonly labels: { name: string; part: string }; readonly facts: MaterialFacts }> =
    new Map();
  readonly #reloads: Map<string, number> = new Map();

  constructor(metrics: Metrics) {
    metrics.sampled({
      name: "coracle_tls_bundle_info",
      help: "SHA-256 of the TLS material in force; the value is always 1.",
      labels: ["name", "part", "sha256"],
      sample: () =>
        [...this.#facts.values()].map(({ labels, facts }) => ({
          labels: { ...labels, sha256: facts.sha256 },
          value: 1,
        })),
    });
    metrics.sampled({
      name: "coracle_tls_not_after_seconds",
      help: "When the first certificate of the material in force expires, in seconds since 1970.",
      labels: ["name", "part"],
      sample: () =>
        [...this.#facts.values()].map(({ labels, facts }) => ({
          labels,
          value: Math.min(...facts.certificates.map((certificate) => certificate.validToMs)) / 1000,
        })),
    });
    metrics.sampledCounter({
      name: "coracle_tls_reloads_total",
      help: "Times that changed files were taken over or refused.",
      labels: ["name", "result"],
      sample: () =>
        [...this.#reloads].map(([key, value]) => {
          const [name = "", result = ""] = key.split("\n");
          return { labels: { name, result }, value };
        }),
    });
  }

  /** Shows the material in force. */
  show(name: string, part: "certificate" | "authorities", facts: MaterialFacts): void {
    this.#facts.set(`${name}\n${part}`, { labels: { name, part }, facts });
  }

  /** Counts one reload. */
  countReload(name: string, result: "accepted" | "refused"): void {
    const key = `${name}\n${result}`;
    this.#reloads.set(key, (this.#reloads.get(key) ?? 0) + 1);
  }
}
