// A worker on its packet thread: the handler of its sockets, and its side of what passes between it and the main thread.
import type { ClusterMacKeyMaterial, ClusterMacKeys } from "@coracle/cluster";
import { systemCrypto } from "@coracle/dtls/io";
import {
  cryptoProviderReport,
  type OpenedSocket,
  type PacketContext,
  type PacketHandler,
  type UdpBatch,
  UdpError,
} from "@coracle/runtime";
import {
  decodeMessage,
  encodeMessage,
  type PostedAnswer,
  type PostedMember,
  type PostedQuestion,
  WorkerMessage,
} from "../core/worker-messages.ts";
import { answerQuestion } from "./answer-question.ts";
import type { DevicePortRequest } from "./ports.ts";
import { Port, type SessionHost } from "./session-host.ts";
import { makeSessionHost, readMail, type SessionSettings } from "./session-settings.ts";
import type { WorkerMail } from "./worker-mail.ts";

/** Messages that wait for a flush at a device's port: it is flushed with each. */
const DEVICE_SEND_QUEUE_MAX = 1;

/** Makes the handler of a packet thread. */
export function makeSessionWorker(context: PacketContext): PacketHandler {
  const [publicPort, clusterPort] = context.sockets;
  if (publicPort === undefined) throw new UdpError("FAILED", "Cannot serve without a public port");
  const devicePorts = new DevicePorts(context);
  // Opens and tries libcrypto now: later the first records would wait for it.
  cryptoProviderReport();
  const post = (kind: number, message: unknown): void => void context.post(kind, encodeMessage(message));
  const made = makeSessionHost(context.data as SessionSettings, {
    worker: context.thread,
    workers: context.threads,
    public: publicPort,
    cluster: clusterPort,
    passUp: (datagram) => void context.passUp(datagram, Port.cluster),
    stranger: ({ address, port }) => post(WorkerMessage.stranger, { address, port }),
    handOver: (worker, datagram, port) => context.handOver(worker, datagram, port),
    openPort: (request) => devicePorts.open(request),
    warn: (message, error) => post(WorkerMessage.warning, { message, reason: error.message }),
    handshakeFailed: (failure) => post(WorkerMessage.handshakeFailed, failure),
  });
  const { host } = made;
  return {
    receive: (batch, socket, now) => {
      if (socket === Port.public || (socket === Port.cluster && clusterPort !== undefined)) {
        host.receive(socket, batch, now);
      } else devicePorts.receive(socket, batch);
    },
    handedOver: (datagram, socket, now) => host.handedOver(socket, datagram, now),
    work: (now) => host.work(now),
    tick: (now) => host.tick(now),
    message: (kind, bytes) => obey(host, { kind, message: decodeMessage(bytes) }, post),
    mail: (value) => readMail(made, value as WorkerMail),
    close: () => host.end(),
  };
}

function obey(
  host: SessionHost,
  { kind, message }: { readonly kind: number; readonly message: unknown },
  post: (kind: number, message: unknown) => void,
): void {
  const { members } = host.node.router;
  switch (kind) {
    case WorkerMessage.memberSet: {
      const { nodeId, endpoint, keys } = message as PostedMember;
      members.set(nodeId, endpoint, keys && macKeysOf(keys));
      return;
    }
    case WorkerMessage.memberRemoved:
      members.remove((message as PostedMember).nodeId);
      return;
    case WorkerMessage.question: {
      const { id, question } = message as PostedQuestion;
      answerQuestion(host, question, (answer) => post(WorkerMessage.answer, { id, answer } satisfies PostedAnswer));
      return;
    }
    case WorkerMessage.farewell:
      host.farewell((message as { tellDevices: boolean }).tellDevices, (told) => {
        post(WorkerMessage.farewellDone, { told });
      });
  }
}

/** The keyed hashes of posted keys. Not from the cluster's I/O: that would load HTTP, logs and metrics into every worker. */
function macKeysOf(material: ClusterMacKeyMaterial): ClusterMacKeys {
  const { hash, sign, verify } = material;
  return { sign: systemCrypto.keyedHash(hash, sign), verify: systemCrypto.keyedHash(hash, verify), material };
}

/** Sockets towards the upstream that the thread polls with its own. */
class DevicePorts {
  readonly #context: PacketContext;
  readonly #receivers: ((batch: UdpBatch) => void)[] = [];

  constructor(context: PacketContext) {
    this.#context = context;
  }

  open({ host, onBatch, opened }: DevicePortRequest): void {
    this.#context.open({ host, port: 0, sendQueueMax: DEVICE_SEND_QUEUE_MAX }, (result) => {
      if (result instanceof UdpError) opened(result);
      else opened(this.#taken(result, onBatch));
    });
  }

  receive(socket: number, batch: UdpBatch): void {
    this.#receivers[socket]?.(batch);
  }

  #taken({ socket, endpoint }: OpenedSocket, onBatch: (batch: UdpBatch) => void): ReturnType<typeof portOf> {
    this.#receivers[socket] = onBatch;
    return portOf(endpoint, () => this.#context.close(socket));
  }
}

function portOf(endpoint: OpenedSocket["endpoint"], close: () => void): { send: typeof endpoint.send; close(): void } {
  return { send: (bytes, start, end, to) => endpoint.send(bytes, start, end, to), close };
}
