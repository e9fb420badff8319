// A stand-in for DTLS sessions in simulations: three-message handshake with retransmission and glare, records in the clear.
import type { Millis, Random } from "@coracle/base";
import type { ClusterMacKeys } from "../cluster-mac.ts";
import { copyEndpoint, type Endpoint, formatEndpoint } from "../endpoint.ts";
import type { ChannelOutput, GlareRule, ProtectedChannel } from "../protected-channel.ts";

const RETRANSMIT_MS = 500;
const ATTEMPTS = 4;
const PENDING_MAX = 1000;
const HELLO = 1;
const ANSWER = 2;
const FINISHED = 3;

interface Session {
  readonly peer: Endpoint;
  role: "client" | "server";
  established: boolean;
  id: number;
  onGlare: GlareRule;
  attempts: number;
  retransmitAt: Millis | undefined;
}

/** Sessions identified by the client's random number. What counts here is who starts, who yields and what gets lost. */
export class FakeChannel implements ProtectedChannel {
  readonly #random: Random;
  readonly #sessions: Map<string, Session> = new Map();
  /** Answered hellos, by address and id; one takes the place of a session when it is finished (RFC 6347 §4.2.8). */
  readonly #pending: Map<string, Session> = new Map();
  readonly #outputs: ChannelOutput[] = [];
  /** Handshakes given up because the peer had started one too. */
  yielded = 0;
  isCrowded = false;

  constructor(random: Random) {
    this.#random = random;
  }

  status(peer: Endpoint): "none" | "handshaking" | "established" {
    const session = this.#sessions.get(formatEndpoint(peer));
    if (session === undefined) return "none";
    return session.established ? "established" : "handshaking";
  }

  connect(peer: Endpoint, onGlare: GlareRule, now: Millis): void {
    if (this.status(peer) !== "none") return;
    const session: Session = {
      peer: copyEndpoint(peer),
      role: "client",
      established: false,
      id: this.#random.uint32(),
      onGlare,
      attempts: 0,
      retransmitAt: now,
    };
    this.#sessions.set(formatEndpoint(peer), session);
    this.timeout(now);
  }

  send(peer: Endpoint, bytes: Uint8Array, _now: Millis): boolean {
    const session = this.#sessions.get(formatEndpoint(peer));
    if (session === undefined || !session.established) return false;
    const record = new Uint8Array(5 + bytes.length);
    record[0] = 23;
    new DataView(record.buffer).setUint32(1, session.id);
    record.set(bytes, 5);
    this.#outputs.push({ kind: "transmit", to: session.peer, bytes: record });
    return true;
  }

  receive(from: Endpoint, bytes: Uint8Array, _now: Millis): void {
    if (bytes.length < 5) return;
    const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes[0] === 22 ? 2 : 1);
    const key = formatEndpoint(from);
    const pending = this.#pending.get(`${key}/${id}`);
    if (pending !== undefined && (bytes[0] === 23 || bytes[1] === FINISHED)) {
      this.#pending.delete(`${key}/${id}`);
      this.#sessions.set(key, pending);
    }
    const session = this.#sessions.get(key);
    if (bytes[0] === 22 && bytes[1] === HELLO) return this.#receiveHello(from, id, session);
    if (session === undefined || session.id !== id) return;
    if (bytes[0] === 22 && bytes[1] === ANSWER && session.role === "client") {
      this.#handshake(session, FINISHED);
      this.#establish(session);
    } else if (bytes[0] === 22 && bytes[1] === FINISHED) this.#establish(session);
    else if (bytes[0] === 23) {
      this.#establish(session);
      this.#outputs.push({ kind: "message", peer: session.peer, bytes: bytes.slice(5) });
    }
  }

  close(peer: Endpoint): void {
    this.#sessions.delete(formatEndpoint(peer));
  }

  timeout(now: Millis): void {
    for (const [key, session] of this.#sessions) {
      if (session.retransmitAt === undefined || session.retransmitAt > now) continue;
      if (session.attempts === ATTEMPTS) {
        this.#sessions.delete(key);
        this.#outputs.push({ kind: "closed", peer: session.peer });
        continue;
      }
      session.attempts++;
      session.retransmitAt = (now + RETRANSMIT_MS) as Millis;
      if (session.role === "client") this.#handshake(session, HELLO);
    }
  }

  poll(): ChannelOutput | undefined {
    return this.#outputs.shift();
  }

  nextTimeout(): Millis | undefined {
    let earliest: Millis | undefined;
    for (const { retransmitAt } of this.#sessions.values())
      if (retransmitAt !== undefined && (earliest === undefined || retransmitAt < earliest)) earliest = retransmitAt;
    return earliest;
  }

  #receiveHello(from: Endpoint, id: number, current: Session | undefined): void {
    if (current !== undefined && current.role === "client" && !current.established) {
      if (current.onGlare === "keep-own") return;
      this.yielded++;
      this.#sessions.delete(formatEndpoint(from));
    }
    if (current?.id === id && current.role === "server") return this.#handshake(current, ANSWER);
    const session: Session = {
      peer: copyEndpoint(from),
      role: "server",
      established: false,
      id,
      onGlare: "yield",
      attempts: 0,
      retransmitAt: undefined,
    };
    if (this.#pending.size === PENDING_MAX) this.#pending.clear();
    this.#pending.set(`${formatEndpoint(from)}/${id}`, session);
    this.#handshake(session, ANSWER);
  }

  #establish(session: Session): void {
    if (session.established) return;
    session.established = true;
    session.retransmitAt = undefined;
    this.#outputs.push({ kind: "established", peer: session.peer, keys: keysOf(session) });
  }

  #handshake(session: Session, step: number): void {
    const bytes = new Uint8Array(6);
    bytes[0] = 22;
    bytes[1] = step;
    new DataView(bytes.buffer).setUint32(2, session.id);
    this.#outputs.push({ kind: "transmit", to: session.peer, bytes });
  }
}

/** Keyed sums, not MACs: enough to see whether both ends hold keys of the same session and of opposite roles. */
function keysOf({ id, role }: Session): ClusterMacKeys {
  const keyed = (salt: number) => (data: Uint8Array) => {
    let sum = (id ^ salt) >>> 0;
    for (const byte of data) sum = (Math.imul(sum, 31) + byte) >>> 0;
    return Uint8Array.from({ length: 8 }, (_, index) => (sum >>> (index % 4)) & 0xff);
  };
  const client = keyed(1);
  const server = keyed(2);
  return role === "client" ? { sign: client, verify: server } : { sign: server, verify: client };
}
