// The entry of a packet thread: what its worker module calls, with how to make the handler.
import { messageOf } from "../../runtime-error.ts";
import { probeNative } from "../native/probe.ts";
import { UdpError } from "../udp-error.ts";
import { NativeThread } from "./native-thread.ts";
import type { PacketHandlerFactory } from "./packet-handler.ts";
import { PortableThread } from "./portable-thread.ts";
import type { ThreadMail, ThreadPlan, ThreadReport } from "./thread-plan.ts";

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
  const fail = (error: unknown): void => report(failureOf(error));
  let thread: NativeThread | PortableThread | undefined;
  scope.addEventListener("message", ({ data }) => {
    if (isPlan(data)) {
      start(data, makeHandler, report).then((started) => {
        thread = started;
        // Rung while it was being made ready.
        goOn(started, { report, fail });
      }, fail);
    } else if (thread !== undefined) {
      if (isMail(data)) thread.takeMail(data.value);
      goOn(thread, { report, fail });
    }
  });
}

/** Serves: a native thread until it ends or has mail, a portable one until the event loop has other work. */
function goOn(
  thread: NativeThread | PortableThread,
  { report, fail }: { report: (report: ThreadReport) => void; fail: (error: unknown) => void },
): void {
  try {
    const isOver = thread instanceof NativeThread ? thread.run() === "stopped" : thread.wake();
    if (isOver) report({ kind: "closed" });
  } catch (error) {
    fail(error);
  }
}

async function start(
  plan: ThreadPlan,
  makeHandler: PacketHandlerFactory,
  report: (report: ThreadReport) => void,
): Promise<NativeThread | PortableThread> {
  const isNative = plan.path.implementation === "native" || plan.path.implementation === "native-single";
  const support = isNative ? await probeNative() : undefined;
  if (support === undefined || support.kind === "none") {
    const fail = (error: unknown): void => report(failureOf(error));
    const thread = new PortableThread(plan, report, fail);
    await begin(thread, makeHandler, -1, report);
    thread.run();
    return thread;
  }
  const thread = new NativeThread(plan, support, report);
  await begin(thread, makeHandler, thread.wakeFd, report);
  return thread;
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

function isMail(data: unknown): data is ThreadMail {
  return typeof data === "object" && data !== null && Reflect.get(data, "kind") === "coracle-mail";
}

function failureOf(error: unknown): ThreadReport {
  const code = error instanceof UdpError ? error.code : "WORKER";
  return { kind: "failed", code, message: messageOf(error) };
}
