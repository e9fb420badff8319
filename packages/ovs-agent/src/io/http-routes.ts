// The agent's own HTTP resources: its attachments and where their packets go, its virtual networks, its fabric.
import { formatIp, numberToIpv4 } from "@coracle/base";
import { firstRows, type RequestContext } from "@coracle/lifecycle";
import { Hono } from "hono";
import type { AttachmentMachine } from "../core/attachment-machine.ts";
import type { Fabric } from "../core/fabric.ts";
import type { HostLedger } from "../core/host-ledger.ts";
import { InspectError, traceAttachment } from "./inspect/mod.ts";

/** What the routes answer from. */
export interface RoutesOptions {
  readonly machine: Pick<AttachmentMachine, "counts" | "vnis">;
  readonly ledger: Pick<HostLedger, "list">;
  readonly fabric: Pick<Fabric, "name" | "state" | "flows">;
}

/** Where traces look. */
export interface TracesOptions {
  /** Folder of Open vSwitch's sockets. */
  readonly ovsRunDir: string;
  /** Traces at one time; more get 429. Default 4. */
  readonly tracesMax?: number;
}

/** A packet that is dropped is an answer, not an error. */
const TRACE_STATUS = { BAD_ADDRESS: 400, NOT_HERE: 404, UNREACHABLE: 503, REFUSED: 503, BAD_FLOWS: 503 } as const;
/** Rows of one answer at most; a longer list says in a header how many more there are. */
const ROWS_MAX = 10_000;
const FLOW_CHUNK_LENGTH = 65_536;

/** The application for the `--http` listener. */
export function createRoutes(
  { machine, ledger, fabric }: RoutesOptions,
  traces: TracesOptions,
): Hono<{ Bindings: RequestContext }> {
  const app = new Hono<{ Bindings: RequestContext }>();
  const trace = tracer(fabric, traces);
  app.get("/attachments", (c) => {
    const { rows, headers } = firstRows(ledger.list(), ROWS_MAX, attachmentRow);
    return c.json({ ...machine.counts(), attachments: rows }, 200, headers);
  });
  app.get("/attachments/:namespace/:name", (c) => {
    const owner = `${c.req.param("namespace")}/${c.req.param("name")}`;
    for (const each of ledger.list()) if (each.view.owner === owner) return c.json(attachmentRow(each));
    return c.json({ error: `Cannot show attachment ${owner.slice(0, 512)}: it has no address on this node` }, 404);
  });
  app.get("/attachments/:namespace/:name/trace/:destination", async (c) => {
    const { namespace, name, destination } = c.req.param();
    const { text, status } = await trace(`${namespace}/${name}`, destination);
    return c.text(text, status);
  });
  app.get("/vnis", (c) => {
    const { rows, headers } = firstRows(machine.vnis(), ROWS_MAX, vniRow);
    return c.json(rows, 200, headers);
  });
  app.get("/flows", (c) => c.body(flowText(fabric), 200, { "content-type": "text/plain; charset=utf-8" }));
  app.get("/fabric", (c) => c.json({ name: fabric.name, ...fabric.state() }));
  return app;
}

interface TraceAnswer {
  readonly text: string;
  readonly status: 200 | 400 | 404 | 429 | 503;
}

function tracer(
  fabric: Pick<Fabric, "name" | "flows">,
  { ovsRunDir, tracesMax = 4 }: TracesOptions,
): (attachment: string, destination: string) => Promise<TraceAnswer> {
  let running = 0;
  return async (attachment, destination) => {
    if (fabric.name === "log") return { text: "Cannot trace: the log fabric has no switch\n", status: 404 };
    if (running >= tracesMax) return { text: `Cannot trace: ${running} traces run at this time\n`, status: 429 };
    running++;
    try {
      const desired = [...(fabric.flows?.() ?? [])].join("\n");
      const { text } = await traceAttachment({ runDirectory: ovsRunDir, attachment, destination, desired });
      return { text, status: 200 };
    } catch (thrown) {
      if (!(thrown instanceof InspectError)) throw thrown;
      return { text: `${thrown.message}\n`, status: TRACE_STATUS[thrown.code] };
    } finally {
      running--;
    }
  };
}

/** Every flow that should be installed, a line each; made as the client reads. */
function flowText(fabric: Pick<Fabric, "flows">): ReadableStream<Uint8Array> {
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

type Row = Readonly<Record<string, unknown>>;

function attachmentRow({
  view,
  outcome,
}: ReturnType<HostLedger["list"]> extends Generator<infer Each> ? Each : never): Row {
  const { owner, uid, vni, ipv4 } = view;
  const address = ipv4 === 0 ? view.ipv4Text : formatIp(numberToIpv4(ipv4));
  return { attachment: owner, uid, vni, ipv4: address, ...outcome };
}

function vniRow({
  vni,
  namespace,
  locals,
  waiting,
  isSynced,
}: ReturnType<AttachmentMachine["vnis"]> extends Generator<infer Each> ? Each : never): Row {
  return { vni, namespace, locals: locals.size, waiting: waiting.size, isSynced };
}
