// What can be done with a switch, over whatever carries requests to a session.
import { assert } from "@coracle/base";
import {
  type AggregateStats,
  flowChangeSource,
  type FlowChange,
  type FlowSelector,
  type FlowStats,
  type MessageSource,
  messageListSource,
  type PortDescription,
  type SessionReply,
  type SessionRequest,
  type SwitchMessage,
  type TableStats,
} from "../mod.ts";

/** Carries one request to the switch and brings its answer; rejects with `OpenflowRequestError`. */
export type AskSwitch = (request: SessionRequest) => Promise<SessionReply>;

/** Every method rejects with `OpenflowRequestError`. */
export class OpenflowCommands {
  readonly #ask: AskSwitch;

  constructor(ask: AskSwitch) {
    this.#ask = ask;
  }

  /** Deletes, then adds, in one atomic and ordered bundle: all of it or nothing. Failures index deletes, then adds. */
  async applyFlows(change: FlowChange): Promise<void> {
    await this.bundle(flowChangeSource(change));
  }

  /** Any messages that a bundle takes, in one atomic and ordered bundle. For `commitAtOnce` see {@link SessionRequest}. */
  async bundle(source: MessageSource, options: { readonly commitAtOnce?: boolean } = {}): Promise<void> {
    await this.#ask({ kind: "bundle", source, ...options });
  }

  /** Messages one by one, then a barrier: meters, packet-outs, set-async. */
  async send(messages: readonly SwitchMessage[]): Promise<void> {
    await this.#ask({ kind: "messages", source: messageListSource(messages) });
  }

  /** The flows that a selector takes; all without one. */
  async dumpFlows(selector: FlowSelector = { match: [] }): Promise<readonly FlowStats[]> {
    const reply = await this.#ask({ kind: "flows", selector });
    assert(reply.kind === "flows", `Cannot take ${reply.kind} for flows`);
    return reply.flows;
  }

  /** Totals over the flows that a selector takes. */
  async aggregate(selector: FlowSelector = { match: [] }): Promise<AggregateStats> {
    const reply = await this.#ask({ kind: "aggregate", selector });
    assert(reply.kind === "aggregate", `Cannot take ${reply.kind} for aggregate statistics`);
    return reply.stats;
  }

  /** The ports of the bridge. */
  async dumpPorts(): Promise<readonly PortDescription[]> {
    const reply = await this.#ask({ kind: "ports" });
    assert(reply.kind === "ports", `Cannot take ${reply.kind} for ports`);
    return reply.ports;
  }

  /** Counters of every table. */
  async dumpTables(): Promise<readonly TableStats[]> {
    const reply = await this.#ask({ kind: "tables" });
    assert(reply.kind === "tables", `Cannot take ${reply.kind} for tables`);
    return reply.tables;
  }

  /** Resolves when everything sent before has taken effect. */
  async barrier(): Promise<void> {
    await this.#ask({ kind: "barrier" });
  }
}
