// One handshake from the client's side, full and abbreviated (RFC 5246 §7.3, RFC 6347 §4.2).
import {
  fail,
  type HandshakeFailure,
  type HandshakeResult,
  type HandshakeStep,
} from "../connection/handshake-context.ts";
import { HandshakeChannel } from "../connection/handshake-channel.ts";
import { HandshakeSecrets, type NegotiatedParameters } from "../connection/handshake-secrets.ts";
import { identityOf, type PeerIdentity, type PresentedKey } from "../connection/identity.ts";
import { encodeCertificateChain, encodeRawPublicKey } from "../handshake/certificate.ts";
import { type CertificateRequest, parseCertificateRequest } from "../handshake/certificate-request.ts";
import { encodeCertificateVerify } from "../handshake/certificate-verify.ts";
import { encodeClientHello, RANDOM_SIZE } from "../handshake/client-hello.ts";
import { encodeClientKeyExchange } from "../handshake/client-key-exchange.ts";
import { type HandshakeMessage, HandshakeType } from "../handshake/handshake-header.ts";
import { parseHelloVerifyRequest } from "../handshake/hello-verify-request.ts";
import { parsePresented } from "../handshake/presented-key.ts";
import { parseServerHello, type ServerHello } from "../handshake/server-hello.ts";
import { ECDSA_SHA256 } from "../extension/signature-algorithms.ts";
import { DTLS_1_2 } from "../record/content-type.ts";
import type { ResumableSession } from "../session/resumption.ts";
import { EMPTY_RENEGOTIATION_INFO_SCSV } from "../suite/cipher-suite.ts";
import type { ClientHandshakeContext } from "./client-context.ts";
import { offeredExtensions, offeredSession, offeredSuites } from "./client-hello-offer.ts";
import { agreeOnPremaster } from "./client-premaster.ts";
import { type AcceptedHello, checkServerHello, type ClientOffer } from "./server-hello-check.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);
const WAIT: HandshakeStep = { kind: "wait" };
/** HelloVerifyRequests answered: nodes of a cluster without a shared key each send their own. */
const HELLO_VERIFY_REQUESTS_MAX = 4;

/** The message a client waits for. */
type Awaits = "server-hello" | "certificate" | "server-flight" | "finished" | "nothing";

/** A client's side of one handshake. It sends nothing itself: the flight is in its channel. */
export class ClientHandshake {
  readonly channel: HandshakeChannel;
  /** The ID that the server was asked to send; empty if none. */
  readonly ownCid: Uint8Array;
  readonly #context: ClientHandshakeContext;
  readonly #offer: ClientOffer;
  readonly #random: Uint8Array;
  #awaits: Awaits = "server-hello";
  #helloVerifyRequests = 0;
  #accepted: AcceptedHello | undefined;
  #hello: ServerHello | undefined;
  #presented: PresentedKey | undefined;
  #identity: PeerIdentity = { kind: "anonymous" };
  #keyExchange: Uint8Array | undefined;
  #request: CertificateRequest | undefined;
  #secrets: HandshakeSecrets | undefined;

  constructor(context: ClientHandshakeContext) {
    this.#context = context;
    this.#random = context.random.bytes(RANDOM_SIZE);
    const ownCid = context.cids?.generate(context.random);
    this.ownCid = ownCid ?? NO_BYTES;
    const suites = offeredSuites(context);
    const resumes = offeredSession(context, suites);
    this.#offer = { suites, resumes, extensions: offeredExtensions(context, suites, ownCid) };
    this.channel = new HandshakeChannel({
      sendSequence: 0,
      receiveSequence: 0,
      plainSequence: 0,
      datagramSizeMax: context.datagramSizeMax,
      timing: context.timing,
      reassembly: context.reassembly,
    });
  }

  /** Prepares the first flight. */
  start(): HandshakeStep {
    if (this.#offer.suites.length === 0) return fail("internalError", "no cipher suite fits the client's credentials");
    this.#sendHello(NO_BYTES);
    return { kind: "flight" };
  }

  /** Takes the next message in sequence. */
  handle(message: HandshakeMessage, epoch: number): HandshakeStep {
    if (message.type === HandshakeType.helloRequest) return WAIT;
    if (!HandshakeChannel.isEpochRight(message, epoch)) return fail("unexpectedMessage", "a message in a wrong epoch");
    switch (this.#awaits) {
      case "server-hello":
        if (message.type === HandshakeType.helloVerifyRequest) return this.#onHelloVerifyRequest(message);
        return message.type === HandshakeType.serverHello ? this.#onServerHello(message) : unexpected();
      case "certificate":
        return message.type === HandshakeType.certificate ? this.#onCertificate(message) : unexpected();
      case "server-flight":
        return this.#onServerFlight(message);
      case "finished":
        return message.type === HandshakeType.finished ? this.#onFinished(message) : unexpected();
      case "nothing":
        return unexpected();
    }
  }

  #sendHello(cookie: Uint8Array): void {
    const codes = this.#offer.suites.map((suite) => suite.code);
    this.channel.beginFlight();
    const body = encodeClientHello({
      version: DTLS_1_2,
      random: this.#random,
      sessionId: this.#offer.resumes?.sessionId ?? NO_BYTES,
      cookie,
      cipherSuites: [...codes, EMPTY_RENEGOTIATION_INFO_SCSV],
      compressionMethods: Uint8Array.of(0),
      extensions: this.#offer.extensions,
    });
    this.channel.send(HandshakeType.clientHello, body);
  }

  #onHelloVerifyRequest(message: HandshakeMessage): HandshakeStep {
    const cookie = parseHelloVerifyRequest(message.body);
    if (cookie === undefined) return fail("decodeError", "HelloVerifyRequest is malformed");
    if (++this.#helloVerifyRequests > HELLO_VERIFY_REQUESTS_MAX) {
      return fail("handshakeFailure", "the server asks for a cookie again and again");
    }
    this.channel.forgetTranscript();
    this.#sendHello(cookie);
    return { kind: "flight" };
  }

  #onServerHello(message: HandshakeMessage): HandshakeStep {
    const hello = parseServerHello(message.body);
    if (hello === undefined) return fail("decodeError", "ServerHello is malformed");
    const accepted = checkServerHello(this.#context, this.#offer, hello);
    if (accepted.kind === "fail") return accepted;
    this.channel.transcript.add(message);
    this.#hello = hello;
    this.#accepted = accepted;
    const { resumes } = this.#offer;
    if (accepted.isResumed && resumes !== undefined) {
      this.#identity = resumes.identity;
      const negotiated = this.#negotiated(hello, accepted);
      this.#useSecrets(HandshakeSecrets.fromMaster(this.#context, "client", negotiated, resumes.masterSecret));
      this.#awaits = "finished";
    } else {
      this.#awaits = accepted.suite.keyExchange === "ecdhe-ecdsa" ? "certificate" : "server-flight";
    }
    return WAIT;
  }

  #onCertificate(message: HandshakeMessage): HandshakeStep {
    const presented = parsePresented(message.body, this.#accepted?.serverCertificateType === "raw-public-key");
    if (presented === "malformed") return fail("decodeError", "the server's certificate message is malformed");
    if (presented === "none") return fail("badCertificate", "the server shows no certificate");
    const verdict = this.#context.verifyPeer?.(presented, this.#context.serverName);
    if (verdict === undefined) return fail("certificateUnknown", "nothing says which servers to trust");
    if (!verdict.ok) return fail(verdict.error, "the server's certificate is not trusted");
    this.channel.transcript.add(message);
    this.#presented = presented;
    this.#identity = identityOf(presented, verdict.value);
    this.#awaits = "server-flight";
    return WAIT;
  }

  #onServerFlight(message: HandshakeMessage): HandshakeStep {
    switch (message.type) {
      case HandshakeType.serverKeyExchange:
        if (this.#keyExchange !== undefined || this.#request !== undefined) return unexpected();
        this.#keyExchange = message.body;
        break;
      case HandshakeType.certificateRequest:
        // Only a server that shows a certificate may ask for one (RFC 5246 §7.4.4).
        if (this.#presented === undefined || this.#request !== undefined) return unexpected();
        this.#request = parseCertificateRequest(message.body);
        if (this.#request === undefined) return fail("decodeError", "CertificateRequest is malformed");
        break;
      case HandshakeType.serverHelloDone:
        this.channel.transcript.add(message);
        if (message.body.length > 0) return fail("decodeError", "ServerHelloDone is not empty");
        return this.#answer();
      default:
        return unexpected();
    }
    this.channel.transcript.add(message);
    return WAIT;
  }

  /** The second flight: certificate if asked for, key exchange, proof of the certificate's key, Finished. */
  #answer(): HandshakeStep {
    const [hello, accepted] = [this.#hello, this.#accepted];
    if (hello === undefined || accepted === undefined) return unexpected();
    const negotiated = this.#negotiated(hello, accepted);
    const agreed = agreeOnPremaster(this.#context, negotiated, this.#keyExchange ?? NO_BYTES, this.#presented);
    if (agreed.kind === "fail") return agreed;
    this.channel.beginFlight();
    const showsKey = this.#request !== undefined && this.#sendCertificate(accepted);
    this.channel.send(
      HandshakeType.clientKeyExchange,
      encodeClientKeyExchange(accepted.suite.keyExchange, agreed.exchange),
    );
    const { transcript } = this.channel;
    const input = { premaster: agreed.premaster, transcript };
    const secrets = HandshakeSecrets.fromPremaster(this.#context, "client", negotiated, input);
    this.#useSecrets(secrets);
    if (showsKey) {
      const signature = this.#context.credentials?.signingKey.sign("sha256", transcript.bytes()) ?? NO_BYTES;
      this.channel.send(HandshakeType.certificateVerify, encodeCertificateVerify({ scheme: ECDSA_SHA256, signature }));
    }
    this.#sendFinished(secrets);
    this.#awaits = "finished";
    return { kind: "flight" };
  }

  /** True if there was a key to show; an empty message says there is none. */
  #sendCertificate(accepted: AcceptedHello): boolean {
    const { credentials } = this.#context;
    const isRaw = accepted.clientCertificateType === "raw-public-key";
    const takesOurs = this.#request?.acceptsEcdsa === true && this.#request.signatureSchemes.includes(ECDSA_SHA256);
    const shown = takesOurs ? credentials : undefined;
    const hasKey = shown !== undefined && (isRaw ? shown.rawPublicKey : shown.chain.length > 0);
    const body = isRaw
      ? encodeRawPublicKey(hasKey ? shown.signingKey.publicKey : NO_BYTES)
      : encodeCertificateChain(hasKey ? shown.chain : []);
    this.channel.send(HandshakeType.certificate, body);
    return hasKey;
  }

  #onFinished(message: HandshakeMessage): HandshakeStep {
    const [secrets, accepted] = [this.#secrets, this.#accepted];
    if (secrets === undefined || accepted === undefined) return unexpected();
    const expected = secrets.verifyData("server", this.channel.transcript);
    if (!this.#context.crypto.constantTimeEqual(expected, message.body)) {
      return fail("decryptError", "the server's Finished is wrong");
    }
    this.#awaits = "nothing";
    this.channel.transcript.add(message);
    this.channel.beginFlight();
    if (accepted.isResumed) this.#sendFinished(secrets);
    return { kind: "done", sendsFlight: accepted.isResumed, result: this.#result(secrets, accepted) };
  }

  #sendFinished(secrets: HandshakeSecrets): void {
    const data = secrets.verifyData("client", this.channel.transcript);
    this.channel.sendChangeCipherSpec();
    this.channel.send(HandshakeType.finished, data);
  }

  #useSecrets(secrets: HandshakeSecrets): void {
    this.#secrets = secrets;
    this.channel.protection = secrets.protection;
  }

  #negotiated(hello: ServerHello, accepted: AcceptedHello): NegotiatedParameters {
    return {
      suite: accepted.suite,
      randoms: { client: this.#random, server: hello.random },
      usesExtendedMasterSecret: accepted.usesExtendedMasterSecret,
      // Without the server's extension neither direction has an ID (RFC 9146 §3).
      ownCid: accepted.peerCid === undefined ? NO_BYTES : this.ownCid,
      peerCid: accepted.peerCid ?? NO_BYTES,
    };
  }

  #result(secrets: HandshakeSecrets, accepted: AcceptedHello): HandshakeResult {
    const sessionId = this.#hello?.sessionId ?? NO_BYTES;
    const resumable: ResumableSession = {
      sessionId: sessionId.slice(),
      masterSecret: secrets.masterSecret,
      suite: accepted.suite.code,
      identity: this.#identity,
      serverName: this.#context.serverName,
    };
    return {
      protection: secrets.protection,
      identity: this.#identity,
      serverName: this.#context.serverName,
      isResumed: accepted.isResumed,
      usesExtendedMasterSecret: accepted.usesExtendedMasterSecret,
      allowsPathCheck: accepted.allowsPathCheck,
      extraKeys: secrets.extraKeys,
      resumable: sessionId.length > 0 && accepted.usesExtendedMasterSecret ? resumable : undefined,
    };
  }
}

function unexpected(): HandshakeFailure {
  return fail("unexpectedMessage", "a handshake message out of its order");
}
