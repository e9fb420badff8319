// The reference of the decoder: the Watch of @kubernetes/client-node over a recording, on Node. Its own code from the
// response on: stream, lines, JSON.parse, callback. Only the socket below undici is replaced by memory.
//
// Usage: node client-node-decode RECORDING EVENTS RUNS. Prints events a second.
import { readFileSync } from "node:fs";
import { KubeConfig, type RequestContext, Watch } from "@kubernetes/client-node";
import { chunksOf, eventsPerSecond } from "./decode-rate.ts";

type RequestDispatcher = NonNullable<Parameters<RequestContext["setDispatcher"]>[0]>;

/** What undici's fetch needs of the party it sends a request through. */
interface ResponseHandler {
  onRequestStart(controller: object): void;
  onResponseStart(controller: object, status: number, headers: Record<string, string>, text: string): void;
  onResponseData(controller: object, chunk: Uint8Array): void;
  onResponseEnd(controller: object, trailers: object): void;
}

const [recording = "", events = "", runs = ""] = process.argv.slice(2);
const chunks = chunksOf(readFileSync(recording));

/** Answers every request with the recording, as fast as it is read. */
function dispatch(_options: object, handler: ResponseHandler): boolean {
  const sending = { next: 0, isPaused: false, isEnded: false };
  const pump = (): void => {
    for (let chunk = chunks[sending.next]; chunk !== undefined && !sending.isPaused; chunk = chunks[sending.next]) {
      sending.next++;
      handler.onResponseData(controller, chunk);
    }
    if (sending.next < chunks.length || sending.isEnded) return;
    sending.isEnded = true;
    handler.onResponseEnd(controller, {});
  };
  const controller = {
    pause: () => (sending.isPaused = true),
    resume: () => {
      if (!sending.isPaused) return;
      sending.isPaused = false;
      setImmediate(pump);
    },
    abort: () => (sending.next = chunks.length),
  };
  handler.onRequestStart(controller);
  handler.onResponseStart(controller, 200, { "content-type": "application/json" }, "OK");
  setImmediate(pump);
  return true;
}

class RecordedConfig extends KubeConfig {
  override async applySecurityAuthentication(context: unknown): Promise<void> {
    (context as RequestContext).setDispatcher({ dispatch } as unknown as RequestDispatcher);
  }
}

const config = new RecordedConfig();
config.loadFromClusterAndUser(
  { name: "recorded", server: "http://recorded", skipTLSVerify: false },
  { name: "nobody" },
);

async function decode(): Promise<number> {
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    const onEvent = (): void => void seen++;
    const onDone = (error: unknown): void =>
      error instanceof Error && error.name !== "AbortError" ? reject(error) : resolve();
    void new Watch(config).watch("/api/v1/pods", {}, onEvent, onDone);
  });
  return seen;
}

process.stdout.write(`${await eventsPerSecond(Number(events), Number(runs), decode)}\n`);
