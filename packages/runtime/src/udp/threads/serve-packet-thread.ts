// The entry of a packet thread: what its worker module calls, with how to make the handler.
import { messageOf } from "../../runtime-error.ts";
import { probeNative } from "../native/probe.ts";
import { UdpError } from "../udp-error.ts";
import { NativeThread } from "./native-thread.ts";
import type { PacketHandlerFactory } from "./packet-handler.ts";
import { PortableThread } from "./portable-thread.ts";
import type { ThreadPlan, ThreadReport } from "./thread-plan.ts";

/** The globals of a worker; the workspace is checked with the types of main threads. */
interface WorkerScope {
  addEventListener(name: "message", listener: (event: { readonly data: unknown }) => void): void;
  postMessage(report: ThreadReport): void;
}

/**
 * Turns this worker into a packet thread. To be called by the module that `openPacketThreads` names, before any top-level
 * await: messages that come before are lost.
 */
export function servePacketThread(makeHandler: PacketHandlerFactory): void {
  const scope = globalThis as unknown as WorkerScope;
  const report = (message: ThreadReport): void => scope.postMessage(message);
  const fail = (error: unknown): void => {
    const code = error instanceof UdpError ? error.code : "WORKER";
    report({ kind: "failed", code, message: messageOf(error) });
  };
  let portable: PortableThread | undefined;
  scope.addEventListener("message", ({ data }) => {
    if (isPlan(data)) {
      start(data, makeHandler, { report, fail }).then((thread) => {
        portable = thread;
        // Rung while it was being made ready.
        if (thread?.wake() === true) report({ kind: "closed" });
      }, fail);
      return;
    }
    if (portable?.wake() === true) report({ kind: "closed" });
  });
}

/** Native threads answer when they have ended; a portable one when it has begun. */
async function start(
  plan: ThreadPlan,
  makeHandler: PacketHandlerFactory,
  { report, fail }: { report: (report: ThreadReport) => void; fail: (error: unknown) => void },
): Promise<PortableThread | undefined> {
  const isNative = plan.path.implementation === "native" || plan.path.implementation === "native-single";
  const support = isNative ? await probeNative() : undefined;
  if (support === undefined || support.kind === "none") {
    const thread = new PortableThread(plan, report, fail);
    await begin(thread, makeHandler, -1, report);
    thread.run();
    return thread;
  }
  const thread = new NativeThread(plan, support, report);
  await begin(thread, makeHandler, thread.wakeFd, report);
  thread.run();
  report({ kind: "closed" });
  return undefined;
}

async function begin(
  thread: NativeThread | PortableThread,
  makeHandler: PacketHandlerFactory,
  wakeFd: number,
  report: (report: ThreadReport) => void,
): Promise<void> {
  const { link } = thread;
  try {
    await thread.openAll();
    link.handler = await makeHandler(link);
  } catch (error) {
    // Native sockets are the process's: they would outlive the thread.
    thread.abandon();
    throw error;
  }
  report({ kind: "ready", locals: link.sockets.map(({ local }) => local), wakeFd, path: link.path });
}

function isPlan(data: unknown): data is ThreadPlan {
  return typeof data === "object" && data !== null && Reflect.get(data, "kind") === "coracle-packet-thread";
}
