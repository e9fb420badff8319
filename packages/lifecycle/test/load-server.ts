// A small service for the tests under load: work that takes time, an echo, a watch, and work that never ends.
import { type PeerInfo, sleep } from "@coracle/runtime";
import {
  createLogger,
  defineConfig,
  flag,
  type Listener,
  runService,
  SERVICE_EXIT_CODES,
  type ServiceHandler,
  serviceFlags,
  tlsFlags,
  TlsMetrics,
  tlsSourceFromFiles,
} from "../src/mod.ts";

const config = defineConfig({
  name: "load-server",
  summary: "answers test clients",
  exitCodes: SERVICE_EXIT_CODES,
  flags: {
    ...serviceFlags({ http: "127.0.0.1:0" }),
    ...tlsFlags(),
    api: flag.address({ help: "HTTPS listener.", default: "127.0.0.1:0" }),
    hookMs: flag.duration({ help: "How long the pre-shutdown hook takes.", default: "0s" }),
    startMs: flag.duration({ help: "How long the post-start hook takes.", default: "0s" }),
  },
});

const handler: ServiceHandler = async (request, context) => {
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/work":
      await sleep(Number(url.searchParams.get("ms") ?? "0"));
      return Response.json({ protocol: context.peer.protocol, user: userOf(context.peer) });
    case "/echo":
      return new Response(await request.text());
    case "/plain":
      return { status: 200, headers: { "content-type": "text/plain" }, body: "plain" };
    case "/events":
      return new Response(events(context.ending), { headers: { "content-type": "application/json" } });
    case "/never":
      return new Promise<Response>(() => {});
    default:
      return new Response("no such resource", { status: 404 });
  }
};

function userOf(peer: PeerInfo): string {
  return peer.certificateVerified ? (peer.certificate?.subject.CN ?? "") : "anonymous";
}

function events(ending: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let count = 0;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      try {
        if (count > 0) await sleep(20, ending);
        controller.enqueue(encoder.encode(`${JSON.stringify({ event: count })}\n`));
        count += 1;
      } catch {
        controller.enqueue(encoder.encode(`${JSON.stringify({ end: true })}\n`));
        controller.close();
      }
    },
  });
}

await runService({
  component: "load-server",
  config,
  async setup(service, values) {
    const listeners: Listener[] = [];
    if (values.tlsCertFile !== undefined && values.tlsPrivateKeyFile !== undefined) {
      const paths = { certFile: values.tlsCertFile, keyFile: values.tlsPrivateKeyFile, caFiles: values.clientCaFile };
      const tls = await tlsSourceFromFiles(paths, {
        name: "serving",
        log: createLogger("tls"),
        metrics: new TlsMetrics(service.metrics),
        pollMs: 1000,
      });
      listeners.push({ name: "api", address: values.api, tls, handler });
    }
    return {
      handler,
      listeners,
      postStart: [{ name: "warm-up", run: (signal) => sleep(values.startMs, signal) }],
      preShutdown: [{ name: "leave", run: () => sleep(values.hookMs) }],
    };
  },
});
