// The management sessions of a node over DTLS: one server for all peers, a client for each handshake this node starts.
import type { Millis, Random } from "@coracle/base";
import {
  type CipherSuite,
  cipherSuiteByName,
  type CryptoProvider,
  DtlsClient,
  type DtlsClientInput,
  type DtlsOutput,
  DtlsServer,
  RandomCids,
  type SessionId,
} from "@coracle/dtls";
import { copyEndpoint, type Endpoint, formatEndpoint, parseEndpoint } from "../endpoint.ts";
import type { ChannelOutput, GlareRule, ProtectedChannel } from "../protected-channel.ts";
import { SESSIONS_MAX } from "../session-book.ts";
import { clusterMacKeys, MAC_KEY_MATERIAL_SIZE_BYTES } from "./channel-mac-keys.ts";

export { clusterMacKeysOf } from "./channel-mac-keys.ts";

/** The one identity of a cluster and its secret, the same at every node. */
export interface ChannelCredentials {
  readonly identity: Uint8Array;
  readonly secret: Uint8Array;
}

/** What a {@link DtlsChannel} is given. */
export interface DtlsChannelOptions {
  readonly crypto: CryptoProvider;
  /** Fit for keys. */
  readonly random: Random;
  readonly credentials: ChannelCredentials;
  /** Mode dtls-mac: derive cluster MAC keys for every session. */
  readonly mac: boolean;
  readonly suites?: readonly CipherSuite[];
}

/** Half a second, three times, no backoff: Californium's timing of management handshakes. */
const TIMING = { initialMs: 500, capMs: 500, countMax: 3 } as const;
const HANDSHAKES_MAX = 256;
/** Forward secrecy first; PSK_WITH_AES_128_CCM_8 is what Californium's demo speaks. */
const SUITES: readonly CipherSuite[] = [
  "ECDHE_PSK_WITH_AES_128_GCM_SHA256",
  "ECDHE_PSK_WITH_AES_128_CCM_8_SHA256",
  "PSK_WITH_AES_128_CCM_8",
  "PSK_WITH_AES_128_GCM_SHA256",
].flatMap((name) => cipherSuiteByName(name) ?? []);

const HANDSHAKE_RECORD = 22;
/** Offset of a handshake message's type behind a record header without an ID. */
const MESSAGE_TYPE_AT = 13;
const CLIENT_HELLO = 1;
/** Messages that only a server sends: HelloRequest, HelloVerifyRequest, ServerHello, its key exchange, request and done. */
const SERVER_MESSAGES: ReadonlySet<number> = new Set([0, 2, 3, 12, 13, 14]);

/** A handshake that this node started, and its session. */
interface OwnAttempt {
  readonly peer: Endpoint;
  readonly client: DtlsClient;
  readonly onGlare: GlareRule;
  established: boolean;
}

/**
 * Sessions with other nodes, told apart by address. Connection IDs are understood and not asked for: a management session
 * belongs to one address. Both roles may be under way with one peer; the handshake that finishes last is the session.
 */
export class DtlsChannel implements ProtectedChannel {
  readonly #options: DtlsChannelOptions;
  readonly #server: DtlsServer;
  readonly #attempts: Map<string, OwnAttempt> = new Map();
  /** Sessions in the role of the server, by address. */
  readonly #accepted: Map<string, SessionId> = new Map();
  readonly #outputs: ChannelOutput[] = [];
  readonly #cids: RandomCids = new RandomCids(0);
  readonly #extraKeySizeBytes: number;
  readonly #endedClients: Record<string, number> = {};
  #ignoredHellos = 0;
  #strays = 0;

  constructor(options: DtlsChannelOptions) {
    const { crypto, random, credentials, mac } = options;
    this.#options = options;
    this.#extraKeySizeBytes = mac ? MAC_KEY_MATERIAL_SIZE_BYTES : 0;
    this.#server = new DtlsServer({
      crypto,
      random,
      suites: options.suites ?? SUITES,
      psk: (identity) => (crypto.constantTimeEqual(identity, credentials.identity) ? credentials.secret : undefined),
      cids: this.#cids,
      addressUpdate: "never",
      returnRoutabilityCheck: false,
      extraKeySizeBytes: this.#extraKeySizeBytes,
      timing: TIMING,
      limits: { sessionsMax: SESSIONS_MAX, handshakesMax: HANDSHAKES_MAX, warmSessionsMax: SESSIONS_MAX },
    });
  }

  /** What the server and all clients counted so far, and datagrams that were for neither. */
  counters(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = { dropIgnoredHello: this.#ignoredHellos, dropNoAttempt: this.#strays };
    const clients = [...this.#attempts.values()].map(({ client }) => client.counters);
    for (const counts of [this.#server.counters, this.#endedClients, ...clients]) {
      for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
    }
    return sums;
  }

  /** Sessions and attempts held, for metrics. */
  get sizes(): { readonly attempts: number; readonly accepted: number; readonly handshakes: number } {
    return {
      attempts: this.#attempts.size,
      accepted: this.#accepted.size,
      handshakes: this.#server.handshakeCount,
    };
  }

  get isCrowded(): boolean {
    return this.#server.handshakeCount >= HANDSHAKES_MAX / 2;
  }

  status(peer: Endpoint): "none" | "handshaking" | "established" {
    const key = formatEndpoint(peer);
    const attempt = this.#attempts.get(key);
    if (this.#accepted.has(key) || attempt?.established === true) return "established";
    return attempt === undefined ? "none" : "handshaking";
  }

  connect(peer: Endpoint, onGlare: GlareRule, now: Millis): void {
    const key = formatEndpoint(peer);
    if (this.status(peer) !== "none" || this.#attempts.size >= SESSIONS_MAX) return;
    const { crypto, random, credentials } = this.#options;
    const client = new DtlsClient({
      crypto,
      random,
      suites: this.#options.suites ?? SUITES,
      psk: { identity: credentials.identity, key: credentials.secret },
      cids: this.#cids,
      returnRoutabilityCheck: false,
      extraKeySizeBytes: this.#extraKeySizeBytes,
      timing: TIMING,
    });
    const attempt = { peer: copyEndpoint(peer), client, onGlare, established: false };
    this.#attempts.set(key, attempt);
    this.#tellClient(key, attempt, { kind: "connect", peer: key }, now);
  }

  send(peer: Endpoint, bytes: Uint8Array, now: Millis): boolean {
    const key = formatEndpoint(peer);
    const attempt = this.#attempts.get(key);
    if (attempt?.established === true) {
      this.#tellClient(key, attempt, { kind: "send", bytes }, now);
      return true;
    }
    const session = this.#accepted.get(key);
    if (session === undefined) return false;
    this.#server.handle({ kind: "send", session, bytes }, now);
    this.#drainServer();
    return true;
  }

  receive(from: Endpoint, bytes: Uint8Array, now: Millis): void {
    const key = formatEndpoint(from);
    const copy = bytes.slice();
    const attempt = this.#attempts.get(key);
    const message = plainMessageType(copy);
    if (message === CLIENT_HELLO && attempt?.onGlare === "keep-own" && !attempt.established) {
      this.#ignoredHellos++;
      return;
    }
    // Finished, ChangeCipherSpec and alerts do not say which role sent them: keys do, so both sides look at them.
    const isFromServer = message !== undefined && SERVER_MESSAGES.has(message);
    if (attempt !== undefined && message !== CLIENT_HELLO) {
      this.#tellClient(key, attempt, { kind: "datagram", peer: key, bytes: copy }, now);
    }
    if (isFromServer) {
      if (attempt === undefined) this.#strays++;
      return;
    }
    this.#server.handle({ kind: "datagram", peer: key, bytes: copy }, now);
    this.#drainServer();
  }

  close(peer: Endpoint): void {
    const key = formatEndpoint(peer);
    this.#forgetAttempt(key);
    const session = this.#accepted.get(key);
    if (session === undefined) return;
    this.#accepted.delete(key);
    this.#server.forget(session);
  }

  timeout(now: Millis): void {
    if ((this.#server.nextTimeout() ?? Number.POSITIVE_INFINITY) <= now) {
      this.#server.handle({ kind: "timeout" }, now);
      this.#drainServer();
    }
    for (const [key, attempt] of this.#attempts) {
      if ((attempt.client.nextTimeout() ?? Number.POSITIVE_INFINITY) <= now) {
        this.#tellClient(key, attempt, { kind: "timeout" }, now);
      }
    }
  }

  poll(): ChannelOutput | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    let earliest = this.#server.nextTimeout();
    for (const { client } of this.#attempts.values()) {
      const next = client.nextTimeout();
      if (next !== undefined && (earliest === undefined || next < earliest)) earliest = next;
    }
    return earliest;
  }

  #tellClient(key: string, attempt: OwnAttempt, input: DtlsClientInput, now: Millis): void {
    attempt.client.handle(input, now);
    for (let output = attempt.client.poll(); output !== undefined; output = attempt.client.poll()) {
      this.#onClientOutput(key, attempt, output);
    }
  }

  #onClientOutput(key: string, attempt: OwnAttempt, output: DtlsOutput): void {
    const { peer } = attempt;
    switch (output.kind) {
      case "send":
        this.#outputs.push({ kind: "transmit", to: peer, bytes: output.bytes });
        return;
      case "established":
        attempt.established = true;
        this.#forgetAccepted(key);
        this.#outputs.push({ kind: "established", peer, keys: this.#keysOf(output, "client") });
        return;
      case "data":
        this.#outputs.push({ kind: "message", peer, bytes: output.bytes });
        return;
      case "closed":
      case "handshake-failed":
        // Closed from here, or replaced meanwhile, is not news.
        if (this.#attempts.get(key) !== attempt) return;
        this.#forgetAttempt(key);
        this.#outputs.push({ kind: "closed", peer });
        return;
      case "address":
      case "refused":
        return;
    }
  }

  #drainServer(): void {
    for (let output = this.#server.poll(); output !== undefined; output = this.#server.poll()) {
      this.#onServerOutput(output);
    }
  }

  #onServerOutput(output: DtlsOutput): void {
    switch (output.kind) {
      case "send":
        this.#outputs.push({ kind: "transmit", to: endpointOf(output.peer), bytes: output.bytes });
        return;
      case "established":
        this.#forgetAttempt(output.peer);
        this.#accepted.set(output.peer, output.session);
        this.#outputs.push({
          kind: "established",
          peer: endpointOf(output.peer),
          keys: this.#keysOf(output, "server"),
        });
        return;
      case "data":
        this.#outputs.push({ kind: "message", peer: endpointOf(output.peer), bytes: output.bytes });
        return;
      case "closed":
        this.#onAcceptedClosed(output.session);
        return;
      case "handshake-failed":
      case "address":
      case "refused":
        return;
    }
  }

  #onAcceptedClosed(session: SessionId): void {
    for (const [key, current] of this.#accepted) {
      if (current !== session) continue;
      this.#accepted.delete(key);
      this.#outputs.push({ kind: "closed", peer: endpointOf(key) });
      return;
    }
  }

  #forgetAttempt(key: string): void {
    const attempt = this.#attempts.get(key);
    if (attempt === undefined) return;
    this.#attempts.delete(key);
    for (const [name, count] of Object.entries(attempt.client.counters)) {
      this.#endedClients[name] = (this.#endedClients[name] ?? 0) + count;
    }
  }

  #forgetAccepted(key: string): void {
    const session = this.#accepted.get(key);
    if (session === undefined) return;
    this.#accepted.delete(key);
    this.#server.forget(session);
  }

  #keysOf(
    output: Extract<DtlsOutput, { kind: "established" }>,
    role: "client" | "server",
  ): ReturnType<typeof clusterMacKeys> {
    if (!this.#options.mac) return undefined;
    const { summary, extraKeys } = output;
    return clusterMacKeys(this.#options.crypto, { suite: summary.suite, extraKeys, role });
  }
}

/** The type of the handshake message that a datagram starts with, if it starts with one in the clear. */
function plainMessageType(bytes: Uint8Array): number | undefined {
  const isPlain = bytes[0] === HANDSHAKE_RECORD && bytes[3] === 0 && bytes[4] === 0;
  return isPlain ? bytes[MESSAGE_TYPE_AT] : undefined;
}

/** Every key is the text of an endpoint, so it can be read back. */
function endpointOf(key: string): Endpoint {
  const parsed = parseEndpoint(key);
  return parsed.ok ? parsed.value : { address: new Uint8Array(4), port: 0 };
}
