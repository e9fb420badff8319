// A fleet of DTLS clients as a process. Each line on its input is a command, answered with one line of JSON:
// `connect N PORT`, `requests N PORT` (in all, one under way per client, sent to that port), `handshakes N PORT psk|ecdsa` (eight at once),
// `seal N FILE` (in all, for sealed-load.c).
import { createSocket, type Socket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { ok } from "@coracle/base";
import { CIPHER_SUITES, DtlsClient, type DtlsOutput, RandomCids } from "@coracle/dtls";
import { systemCrypto } from "@coracle/dtls/io";
import { argv, systemClock, systemRandom } from "@coracle/runtime";

const HOST = "127.0.0.1";
const PEER = "server";
const GIVEN_UP_MS = 2000;
const SUITE_OF = { psk: "PSK_WITH_AES_128_CCM_8", ecdsa: "ECDHE_ECDSA_WITH_AES_128_CCM_8" } as const;
const TOGETHER = 8;
const FAREWELL_MS = 20;

const [identity = "", keyHex = ""] = argv();

/** GET /benchmark?rlen=40, confirmable, message id in bytes 2 and 3, token of one byte. */
const REQUEST = new Uint8Array(Buffer.from("410100002ab962656e63686d61726b47726c656e3d3430", "hex"));

/** One client; `onData` and `onSettled` belong to whoever uses it now. */
class LoadClient {
  onData: () => void = () => undefined;
  onSettled: (isEstablished: boolean) => void = () => undefined;
  readonly #client: DtlsClient;
  readonly #socket: Socket = createSocket("udp4");
  readonly #request: Uint8Array = REQUEST.slice();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #messageId = 0;
  #port: number;
  readonly #sendNow = (bytes: Uint8Array): void => this.#socket.send(bytes, this.#port, HOST);
  #send: (bytes: Uint8Array) => void = this.#sendNow;

  constructor(port: number, kind: keyof typeof SUITE_OF) {
    this.#port = port;
    const key = new Uint8Array(Buffer.from(keyHex, "hex"));
    this.#client = new DtlsClient({
      crypto: systemCrypto,
      random: systemRandom,
      suites: CIPHER_SUITES.filter(({ name }) => name === SUITE_OF[kind]),
      ...(kind === "psk"
        ? { psk: { identity: new TextEncoder().encode(identity), key } }
        : { verifyPeer: () => ok("whoever") }),
      cids: new RandomCids(0),
    });
    this.#socket.on("message", (bytes) => {
      this.#client.handle({ kind: "datagram", peer: PEER, bytes: new Uint8Array(bytes) }, systemClock.now());
      this.#pump();
    });
  }

  connect(): void {
    this.#client.handle({ kind: "connect", peer: PEER }, systemClock.now());
    this.#pump();
  }

  request(port: number): void {
    this.#port = port;
    this.#messageId = (this.#messageId + 1) & 0xffff;
    this.#request[2] = this.#messageId >>> 8;
    this.#request[3] = this.#messageId & 0xff;
    this.#client.handle({ kind: "send", bytes: this.#request }, systemClock.now());
    this.#pump();
  }

  /** The next request as a record, which someone else will send. */
  seal(): Uint8Array {
    const sealed: Uint8Array[] = [];
    this.#send = (bytes) => void sealed.push(bytes);
    this.request(this.#port);
    this.#send = this.#sendNow;
    return sealed[0] ?? new Uint8Array(0);
  }

  close(): void {
    this.#client.handle({ kind: "close" }, systemClock.now());
    this.#pump();
    clearTimeout(this.#timer);
    // What was just handed to the socket leaves it later.
    setTimeout(() => this.#socket.close(), FAREWELL_MS);
  }

  #pump(): void {
    for (let output = this.#client.poll(); output !== undefined; output = this.#client.poll()) this.#obey(output);
    const next = this.#client.nextTimeout();
    if (next === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#client.handle({ kind: "timeout" }, systemClock.now());
        this.#pump();
      },
      Math.max(1, next - systemClock.now()),
    );
  }

  #obey(output: DtlsOutput): void {
    if (output.kind === "send") this.#send(output.bytes);
    else if (output.kind === "data") this.onData();
    else if (output.kind === "established") this.onSettled(true);
    else if (output.kind === "closed" || output.kind === "handshake-failed") this.onSettled(false);
  }
}

let fleet: LoadClient[] = [];

async function connect(count: number, port: number): Promise<object> {
  for (const client of fleet) client.close();
  fleet = Array.from({ length: count }, () => new LoadClient(port, "psk"));
  const established = await Promise.all(fleet.map((client) => settled(client)));
  return { established: established.filter(Boolean).length };
}

/** Every client has one request under way; one that is lost is given up after a while. */
function requests(count: number, port: number): Promise<object> {
  const started = systemClock.now();
  let sent = 0;
  let done = 0;
  let lost = 0;
  return new Promise((resolve) => {
    const lastAnswer = new Map<LoadClient, number>();
    const watch = setInterval(() => {
      const now = systemClock.now();
      for (const [client, at] of lastAnswer) {
        if (now - at < GIVEN_UP_MS) continue;
        lost++;
        lastAnswer.delete(client);
        next(client);
      }
    }, GIVEN_UP_MS / 4);
    const next = (client: LoadClient): void => {
      if (done + lost >= count) {
        clearInterval(watch);
        resolve({ done, lost, ms: systemClock.now() - started });
        return;
      }
      if (sent >= count) return;
      sent++;
      lastAnswer.set(client, systemClock.now());
      client.request(port);
    };
    for (const client of fleet) {
      client.onData = () => {
        if (!lastAnswer.delete(client)) return;
        done++;
        next(client);
      };
      next(client);
    }
  });
}

/** Equally many requests of every client, one client after the other, behind the size of each. */
function seal(count: number, file: string): object {
  const records = fleet.flatMap((client) =>
    Array.from({ length: Math.ceil(count / fleet.length) }, () => client.seal()),
  );
  const sizeBytes = records[0]?.length ?? 0;
  writeFileSync(file, Buffer.concat([new Uint8Array(Uint32Array.of(sizeBytes).buffer), ...records]));
  return { sealed: records.filter(({ length }) => length === sizeBytes).length };
}

async function handshakes(count: number, port: number, kind: keyof typeof SUITE_OF, together: number): Promise<object> {
  const started = systemClock.now();
  let left = count;
  let done = 0;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left--;
      const client = new LoadClient(port, kind);
      if (await settled(client)) done++;
      client.close();
    }
  };
  await Promise.all(Array.from({ length: together }, work));
  return { done, lost: count - done, ms: systemClock.now() - started };
}

function settled(client: LoadClient): Promise<boolean> {
  return new Promise((resolve) => {
    client.onSettled = resolve;
    client.connect();
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command = "", count = "0", port = "0", kind = "psk", together = String(TOGETHER)] = line.split(" ");
  let answer: object;
  if (command === "connect") answer = await connect(Number(count), Number(port));
  else if (command === "requests") answer = await requests(Number(count), Number(port));
  else if (command === "seal") answer = seal(Number(count), port);
  else answer = await handshakes(Number(count), Number(port), kind === "ecdsa" ? "ecdsa" : "psk", Number(together));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
