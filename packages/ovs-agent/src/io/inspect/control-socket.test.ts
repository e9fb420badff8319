// The control socket's client against a server of its own making: the largest answer, one byte more, and answers that are none.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { askControlSocket } from "./control-socket.ts";

const SIZE_BYTES_MAX = 1000;

/** Runs `body` with the socket of a server that answers every request with `answer`, and then waits, or hangs up. */
async function answering(answer: string, body: (socket: string) => Promise<void>, hangsUp = false): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-control-"));
  const path = join(folder, "ovs-vswitchd.ctl");
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => (hangsUp ? socket.end(answer) : socket.write(answer)));
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  try {
    await body(path);
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** An answer of exactly so many bytes. */
function answerOf(sizeBytes: number): { readonly json: string; readonly text: string } {
  const frame = JSON.stringify({ id: 0, result: "", error: null });
  const text = "x".repeat(sizeBytes - frame.length);
  return { json: JSON.stringify({ id: 0, result: text, error: null }), text };
}

test("an answer as large as the cap is taken, one of a byte more is refused", async () => {
  const largest = answerOf(SIZE_BYTES_MAX);
  await answering(largest.json, async (socket) => {
    assert.equal(await askControlSocket(socket, "ofproto/trace", ["br", "x"], SIZE_BYTES_MAX), largest.text);
  });
  await answering(answerOf(SIZE_BYTES_MAX + 1).json, async (socket) => {
    const asked = askControlSocket(socket, "ofproto/trace", ["br", "x"], SIZE_BYTES_MAX);
    await assert.rejects(asked, { code: "REFUSED", message: /1000/ });
  });
});

test("an endless answer is refused when it has reached the cap, not when it ends", async () => {
  await answering(`{"id":0,"result":"${"x".repeat(SIZE_BYTES_MAX)}`, async (socket) => {
    await assert.rejects(askControlSocket(socket, "list-commands", [], SIZE_BYTES_MAX), { code: "REFUSED" });
  });
});

test("an error, another form, no JSON and a connection that ends are refusals with their reason", async () => {
  for (const [answer, message] of [
    [`{"id":0,"result":null,"error":"no such command\\n"}`, /^Cannot run show: no such command$/],
    [`{"id":0,"result":5,"error":null}`, /the answer has another form/],
    ["nonsense", /Cannot run show: /],
  ] as const) {
    await answering(answer, async (socket) => {
      await assert.rejects(askControlSocket(socket, "show", []), { code: "REFUSED", message });
    });
  }
  await answering(
    `{"id":0,`,
    async (socket) => {
      await assert.rejects(askControlSocket(socket, "show", []), { message: /ovs-vswitchd closed the connection/ });
    },
    true,
  );
});
