// The agent's own HTTP resources: its attachments, its virtual networks, its fabric.
import { formatIp, numberToIpv4 } from "@coracle/base";
import type { RequestContext } from "@coracle/lifecycle";
import { Hono } from "hono";
import type { AttachmentMachine } from "../core/attachment-machine.ts";
import type { Fabric } from "../core/fabric.ts";
import type { HostLedger } from "../core/host-ledger.ts";

/** What the routes answer from. */
export interface RoutesOptions {
  readonly machine: AttachmentMachine;
  readonly ledger: HostLedger;
  readonly fabric: Fabric;
}

/** Rows of one answer at most; a longer list says so. */
const ROWS_MAX = 10_000;
const FLOW_CHUNK_LENGTH = 65_536;

/** The application for the `--http` listener. */
export function createRoutes({ machine, ledger, fabric }: RoutesOptions): Hono<{ Bindings: RequestContext }> {
  const app = new Hono<{ Bindings: RequestContext }>();
  app.get("/attachments", (c) => c.json({ ...machine.counts(), attachments: attachmentRows(ledger) }));
  app.get("/vnis", (c) => c.json([...machine.vnis()].slice(0, ROWS_MAX).map(vniRow)));
  app.get("/flows", (c) => c.body(flowText(fabric), 200, { "content-type": "text/plain; charset=utf-8" }));
  app.get("/fabric", (c) => c.json({ name: fabric.name, ...fabric.state() }));
  return app;
}

/** Every flow that should be installed, a line each; made as the client reads. */
function flowText(fabric: Fabric): ReadableStream<Uint8Array> {
  const flows = (fabric.flows?.() ?? [])[Symbol.iterator]();
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull: (controller) => {
      let text = "";
      while (text.length < FLOW_CHUNK_LENGTH) {
        const next = flows.next();
        if (next.done === true) {
          if (text !== "") controller.enqueue(encoder.encode(text));
          controller.close();
          return;
        }
        text += `${next.value}\n`;
      }
      controller.enqueue(encoder.encode(text));
    },
  });
}

function attachmentRows(ledger: HostLedger): Readonly<Record<string, unknown>>[] {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for (const { view, outcome } of ledger.list()) {
    if (rows.length >= ROWS_MAX) break;
    const { owner, uid, vni, ipv4 } = view;
    rows.push({
      attachment: owner,
      uid,
      vni,
      ipv4: ipv4 === 0 ? view.ipv4Text : formatIp(numberToIpv4(ipv4)),
      ...outcome,
    });
  }
  return rows;
}

function vniRow({
  vni,
  namespace,
  locals,
  waiting,
  isSynced,
}: ReturnType<AttachmentMachine["vnis"]> extends Generator<infer Row> ? Row : never): Readonly<
  Record<string, unknown>
> {
  return { vni, namespace, locals: locals.size, waiting: waiting.size, isSynced };
}
