// One handshake from the server's side, full and abbreviated (RFC 5246 §7.3, RFC 6347 §4.2), from the verified hello on.
import {
  drawKeyShare,
  fail,
  type HandshakeFailure,
  type HandshakeResult,
  type HandshakeStep,
} from "../connection/handshake-context.ts";
import { HandshakeChannel } from "../connection/handshake-channel.ts";
import { HandshakeSecrets, type NegotiatedParameters } from "../connection/handshake-secrets.ts";
import { type PeerIdentity, type PresentedKey, identityOf } from "../connection/identity.ts";
import type { KeyShare } from "../crypto-provider.ts";
import { hashOfScheme, SIGNATURE_SCHEMES, ECDSA_SHA256 } from "../extension/signature-algorithms.ts";
import { groupNumber, isAgreedForm } from "../extension/supported-groups.ts";
import { encodeCertificateChain, encodeRawPublicKey } from "../handshake/certificate.ts";
import { encodeCertificateRequest } from "../handshake/certificate-request.ts";
import { parseCertificateVerify } from "../handshake/certificate-verify.ts";
import { type ClientHello, RANDOM_SIZE } from "../handshake/client-hello.ts";
import { parseClientKeyExchange } from "../handshake/client-key-exchange.ts";
import { type HandshakeMessage, HandshakeType } from "../handshake/handshake-header.ts";
import { parsePresented } from "../handshake/presented-key.ts";
import { encodeServerHello } from "../handshake/server-hello.ts";
import {
  type EcParameters,
  encodeEcdheEcdsa,
  encodeEcdhePsk,
  encodeEcParameters,
  encodePskHint,
} from "../handshake/server-key-exchange.ts";
import { DTLS_1_2 } from "../record/content-type.ts";
import type { FoundSession, StoredSession } from "../session/session-store.ts";
import { PSK_CHECK_SIZE } from "../session/session-slab.ts";
import { ecdhePskPremasterSecret, pskPremasterSecret } from "../suite/premaster-secret.ts";
import { pskCheckOf } from "./resumption-check.ts";
import type { ServerHandshakeContext } from "./server-context.ts";
import { serverHelloExtensions } from "./server-hello-extensions.ts";
import type { ServerChoice } from "./server-negotiation.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);
const WAIT: HandshakeStep = { kind: "wait" };

/** The message a server waits for. */
type Awaits = "certificate" | "client-key-exchange" | "certificate-verify" | "finished" | "nothing";

/** Where a verified ClientHello came from. */
export interface HelloArrival {
  readonly hello: ClientHello;
  readonly message: HandshakeMessage;
  /** Sequence number of its record: the server's records continue from it (RFC 6347 §4.2.1). */
  readonly recordSequence: number;
}

/** A server's side of one handshake. It sends nothing itself: the flight is in its channel. */
export class ServerHandshake {
  readonly channel: HandshakeChannel;
  /** The ID that the client will send; empty if none. */
  readonly ownCid: Uint8Array;
  readonly clientRandom: Uint8Array;
  readonly #context: ServerHandshakeContext;
  readonly #choice: ServerChoice;
  readonly #negotiated: NegotiatedParameters;
  readonly #sessionId: Uint8Array;
  readonly #asksForCertificate: boolean;
  #awaits: Awaits = "nothing";
  #keyShare: KeyShare | undefined;
  #presented: PresentedKey | undefined;
  #identity: PeerIdentity = { kind: "anonymous" };
  #psk: Uint8Array | undefined;
  #secrets: HandshakeSecrets | undefined;

  constructor(context: ServerHandshakeContext, arrival: HelloArrival, choice: ServerChoice, ownCid: Uint8Array) {
    const { hello, message, recordSequence } = arrival;
    this.#context = context;
    this.#choice = choice;
    this.ownCid = ownCid;
    this.clientRandom = hello.random.slice();
    this.channel = new HandshakeChannel({
      sendSequence: message.messageSequence,
      receiveSequence: message.messageSequence + 1,
      plainSequence: recordSequence,
      datagramSizeMax: context.datagramSizeMax,
      timing: context.timing,
      reassembly: context.reassembly,
    });
    this.channel.transcript.add({ ...message, body: message.body.slice() });
    this.#negotiated = {
      suite: choice.suite,
      randoms: { client: this.clientRandom, server: context.random.bytes(RANDOM_SIZE) },
      usesExtendedMasterSecret: choice.usesExtendedMasterSecret,
      ownCid,
      peerCid: choice.peerCid ?? NO_BYTES,
    };
    this.#sessionId = this.#chooseSessionId();
    const { client } = choice.certificates;
    this.#asksForCertificate =
      choice.suite.keyExchange === "ecdhe-ecdsa" && context.clientCertificate !== "none" && client !== undefined;
  }

  /** The stored session that is being resumed, if one is. */
  get resumes(): FoundSession | undefined {
    return this.#choice.resumes;
  }

  /** What to store once a full handshake is done; `undefined` if its session cannot be resumed. */
  get toStore(): StoredSession | undefined {
    const secrets = this.#secrets;
    if (secrets === undefined || this.resumes !== undefined || this.#sessionId.length === 0) return undefined;
    const { masterSecret } = secrets;
    return {
      sessionId: this.#sessionId,
      masterSecret,
      suite: this.#choice.suite.code,
      identity: this.#identity,
      serverName: this.#choice.serverName,
      pskCheck:
        this.#psk === undefined
          ? new Uint8Array(PSK_CHECK_SIZE)
          : pskCheckOf(this.#context.crypto, masterSecret, this.#psk),
    };
  }

  /** Prepares the first flight. */
  start(): HandshakeStep {
    this.channel.beginFlight();
    this.channel.send(HandshakeType.serverHello, this.#serverHello());
    if (this.#choice.resumes !== undefined) return this.#resume(this.#choice.resumes);
    const { clientCertificate } = this.#context;
    const isEcdsa = this.#choice.suite.keyExchange === "ecdhe-ecdsa";
    if (isEcdsa && clientCertificate === "required" && !this.#asksForCertificate) {
      return fail("unsupportedCertificate", "the client has no type of certificate that is taken here");
    }
    if (isEcdsa) this.#sendCertificate();
    const failure = this.#sendKeyExchange();
    if (failure !== undefined) return failure;
    if (this.#asksForCertificate) {
      this.channel.send(HandshakeType.certificateRequest, encodeCertificateRequest(SIGNATURE_SCHEMES));
    }
    this.channel.send(HandshakeType.serverHelloDone, NO_BYTES);
    this.#awaits = this.#asksForCertificate ? "certificate" : "client-key-exchange";
    return { kind: "flight" };
  }

  /** Takes the next message in sequence. */
  handle(message: HandshakeMessage, epoch: number): HandshakeStep {
    if (!HandshakeChannel.isEpochRight(message, epoch)) return fail("unexpectedMessage", "a message in a wrong epoch");
    switch (this.#awaits) {
      case "certificate":
        return message.type === HandshakeType.certificate ? this.#onCertificate(message) : unexpected();
      case "client-key-exchange":
        return message.type === HandshakeType.clientKeyExchange ? this.#onKeyExchange(message) : unexpected();
      case "certificate-verify":
        return message.type === HandshakeType.certificateVerify ? this.#onCertificateVerify(message) : unexpected();
      case "finished":
        return message.type === HandshakeType.finished ? this.#onFinished(message) : unexpected();
      case "nothing":
        return unexpected();
    }
  }

  #chooseSessionId(): Uint8Array {
    const { resumes, usesExtendedMasterSecret } = this.#choice;
    if (resumes !== undefined) return resumes.sessionId;
    // Without extended master secret a session is never resumed, so it gets no id (RFC 7627 §5.3).
    const { sessions, random } = this.#context;
    return sessions !== undefined && usesExtendedMasterSecret ? sessions.makeId(random) : NO_BYTES;
  }

  #serverHello(): Uint8Array {
    return encodeServerHello({
      version: DTLS_1_2,
      random: this.#negotiated.randoms.server,
      sessionId: this.#sessionId,
      cipherSuite: this.#choice.suite.code,
      compressionMethod: 0,
      extensions: serverHelloExtensions(this.#choice, this.ownCid, this.#asksForCertificate),
    });
  }

  #resume(session: FoundSession): HandshakeStep {
    this.#identity = session.identity;
    this.#secrets = HandshakeSecrets.fromMaster(this.#context, "server", this.#negotiated, session.masterSecret);
    this.channel.protection = this.#secrets.protection;
    this.#sendFinished(this.#secrets);
    this.#awaits = "finished";
    return { kind: "flight" };
  }

  #sendCertificate(): void {
    const credentials = this.#context.credentials;
    const body =
      this.#choice.certificates.server === "raw-public-key"
        ? encodeRawPublicKey(credentials?.signingKey.publicKey ?? NO_BYTES)
        : encodeCertificateChain(credentials?.chain ?? []);
    this.channel.send(HandshakeType.certificate, body);
  }

  #sendKeyExchange(): HandshakeFailure | undefined {
    const { suite, group } = this.#choice;
    const { pskHint } = this.#context;
    if (group === undefined) {
      if (pskHint.length > 0) this.channel.send(HandshakeType.serverKeyExchange, encodePskHint(pskHint));
      return undefined;
    }
    this.#keyShare = drawKeyShare(this.#context, group);
    if (this.#keyShare === undefined) return fail("internalError", "no key could be made");
    const parameters = { group: groupNumber(group), publicKey: this.#keyShare.publicKey };
    const body =
      suite.keyExchange === "ecdhe-psk" ? encodeEcdhePsk(pskHint, parameters) : this.#signedParameters(parameters);
    if (body === undefined) return fail("internalError", "there is no key to sign with");
    this.channel.send(HandshakeType.serverKeyExchange, body);
    return undefined;
  }

  #signedParameters(parameters: EcParameters): Uint8Array | undefined {
    const { client, server } = this.#negotiated.randoms;
    const encoded = encodeEcParameters(parameters);
    const covered = Uint8Array.from([...client, ...server, ...encoded]);
    const signature = this.#context.credentials?.signingKey.sign("sha256", covered);
    return signature && encodeEcdheEcdsa(parameters, { scheme: ECDSA_SHA256, signature });
  }

  #onCertificate(message: HandshakeMessage): HandshakeStep {
    const presented = parsePresented(message.body, this.#choice.certificates.client === "raw-public-key");
    if (presented === "malformed") return fail("decodeError", "the client's certificate message is malformed");
    this.channel.transcript.add(message);
    this.#awaits = "client-key-exchange";
    if (presented === "none") {
      if (this.#context.clientCertificate !== "required") return WAIT;
      return fail("handshakeFailure", "the client shows no certificate");
    }
    const verdict = this.#context.verifyPeer?.(presented, undefined);
    if (verdict === undefined) return fail("certificateUnknown", "nothing says which clients to trust");
    if (!verdict.ok) return fail(verdict.error, "the client's certificate is not trusted");
    this.#presented = presented;
    this.#identity = identityOf(presented, verdict.value);
    return WAIT;
  }

  #onKeyExchange(message: HandshakeMessage): HandshakeStep {
    const { suite, group } = this.#choice;
    const exchange = parseClientKeyExchange(suite.keyExchange, message.body);
    if (exchange === undefined) return fail("decodeError", "ClientKeyExchange is malformed");
    const isRightForm = group !== undefined && isAgreedForm(group, exchange.publicKey);
    const shared = isRightForm ? this.#keyShare?.agree(exchange.publicKey) : undefined;
    if (suite.keyExchange !== "psk" && shared === undefined) {
      return fail("illegalParameter", "the client's point is not valid");
    }
    this.channel.transcript.add(message);
    const premaster =
      suite.keyExchange === "ecdhe-ecdsa" ? (shared ?? NO_BYTES) : this.#pskPremaster(exchange.identity, shared);
    this.#secrets = HandshakeSecrets.fromPremaster(this.#context, "server", this.#negotiated, {
      premaster,
      transcript: this.channel.transcript,
    });
    this.channel.protection = this.#secrets.protection;
    this.#awaits = this.#presented === undefined ? "finished" : "certificate-verify";
    return WAIT;
  }

  #pskPremaster(identity: Uint8Array, shared: Uint8Array | undefined): Uint8Array {
    this.#identity = { kind: "psk", identity: identity.slice() };
    // An unknown identity goes on with a random key, so that its holder cannot tell it from a wrong key (RFC 4279 §2).
    this.#psk = this.#context.psk?.(identity) ?? this.#context.random.bytes(16);
    return shared === undefined ? pskPremasterSecret(this.#psk) : ecdhePskPremasterSecret(shared, this.#psk);
  }

  #onCertificateVerify(message: HandshakeMessage): HandshakeStep {
    const signed = parseCertificateVerify(message.body);
    if (signed === undefined) return fail("decodeError", "CertificateVerify is malformed");
    const hash = hashOfScheme(signed.scheme);
    const presented = this.#presented;
    const key =
      presented?.kind === "x509"
        ? this.#context.crypto.certificatePublicKey(presented.chain[0] ?? NO_BYTES)
        : presented?.publicKey;
    if (hash === undefined || key === undefined) return fail("illegalParameter", "the signature's kind is not offered");
    if (!this.#context.crypto.verify(key, hash, this.channel.transcript.bytes(), signed.signature)) {
      return fail("decryptError", "the client's signature is wrong");
    }
    this.channel.transcript.add(message);
    this.#awaits = "finished";
    return WAIT;
  }

  #onFinished(message: HandshakeMessage): HandshakeStep {
    const secrets = this.#secrets;
    if (secrets === undefined) return unexpected();
    const expected = secrets.verifyData("client", this.channel.transcript);
    if (!this.#context.crypto.constantTimeEqual(expected, message.body)) {
      return fail("decryptError", "the client's Finished is wrong");
    }
    this.#awaits = "nothing";
    const isResumed = this.#choice.resumes !== undefined;
    if (!isResumed) {
      this.channel.transcript.add(message);
      this.channel.beginFlight();
      this.#sendFinished(secrets);
    }
    return { kind: "done", sendsFlight: !isResumed, result: this.#result(secrets, isResumed) };
  }

  #sendFinished(secrets: HandshakeSecrets): void {
    const data = secrets.verifyData("server", this.channel.transcript);
    this.channel.sendChangeCipherSpec();
    this.channel.send(HandshakeType.finished, data);
  }

  #result(secrets: HandshakeSecrets, isResumed: boolean): HandshakeResult {
    const { serverName, usesExtendedMasterSecret, allowsPathCheck } = this.#choice;
    return {
      protection: secrets.protection,
      identity: this.#identity,
      serverName,
      isResumed,
      usesExtendedMasterSecret,
      allowsPathCheck,
      extraKeys: secrets.extraKeys,
      resumable: undefined,
    };
  }
}

function unexpected(): HandshakeFailure {
  return fail("unexpectedMessage", "a handshake message out of its order");
}
