// A real process and its command line: what it prints where, and its exit codes.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadServer, PROCESS_TEST } from "./child.ts";

async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; text: string }> {
  const server = new LoadServer(args, env);
  try {
    const { code } = await server.exited;
    return { code, text: server.texts.join("\n") };
  } finally {
    await server.end();
  }
}

describe("a binary's command line", () => {
  it("says in one line what is wrong and exits 2", PROCESS_TEST, async () => {
    const address = "is not an address: use HOST:PORT, such as 127.0.0.1:8091";
    assert.deepEqual(await run(["--http", "8091"]), {
      code: 2,
      text: `--http: "8091" ${address} (environment: CORACLE_HTTP)`,
    });
    assert.deepEqual(await run([], { CORACLE_HTTP: "8091" }), {
      code: 2,
      text: `CORACLE_HTTP: "8091" ${address} (flag: --http)`,
    });
  });

  it("prints all of its help and its version and exits 0", PROCESS_TEST, async () => {
    const help = await run(["--help"]);
    assert.equal(help.code, 0);
    assert.match(
      help.text,
      /^load-server: answers test clients\n[\s\S]*--shutdown-delay DURATION[\s\S]*Exit codes:[\s\S]*143 +Forced/,
    );
    const version = await run(["--version"]);
    assert.equal(version.code, 0);
    assert.match(version.text, /^load-server \d+\.\d+\.\d+ \((bun|deno) [\d.]+, \w+\/\w+\)\n$/);
  });

  it("exits 1 with one line if its port is taken", PROCESS_TEST, async () => {
    const first = new LoadServer([]);
    try {
      const address = new URL(await first.url("http")).host;
      const second = await run(["--http", address]);
      assert.equal(second.code, 1);
      assert.equal(
        second.text,
        `load-server: cannot listen on ${address} (http): the address is in use; stop what listens there or choose another`,
      );
    } finally {
      await first.end();
    }
  });
});
