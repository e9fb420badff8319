// Asks ovs-vswitchd something over its control socket: JSON-RPC, as ovs-appctl speaks it (Open vSwitch unixctl).
import { isJsonObject, JsonFramer } from "@coracle/ovsdb";
import { connectStream, fileExists, joinPath, listDirectory, readTextFile, startTimer } from "@coracle/runtime";
import { InspectError } from "./inspect-error.ts";

const ANSWER_SIZE_BYTES_MAX = 16 * 1024 * 1024;
const ANSWER_TIMEOUT_MS = 10_000;

/** The control socket of the ovs-vswitchd that runs here; `undefined` if there is none. */
export async function findControlSocket(runDirectory: string): Promise<string | undefined> {
  const pid = await readTextFile(joinPath(runDirectory, "ovs-vswitchd.pid"), 64).catch(() => "");
  const named = joinPath(runDirectory, `ovs-vswitchd.${pid.trim()}.ctl`);
  if (pid !== "" && (await fileExists(named))) return named;
  const names = await listDirectory(runDirectory).catch(() => []);
  const found = names.find((name) => /^(ovs-)?vswitchd(\.\d+)?\.ctl$/.test(name));
  return found === undefined ? undefined : joinPath(runDirectory, found);
}

/** Runs a command and answers its text, of 16 MiB at most. Rejects with {@link InspectError} or `StreamError`. */
export function askControlSocket(
  socket: string,
  method: string,
  params: readonly string[],
  answerSizeBytesMax: number = ANSWER_SIZE_BYTES_MAX,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const framer = new JsonFramer(answerSizeBytesMax);
    const refuse = (why: string): void => reject(new InspectError("REFUSED", `Cannot run ${method}: ${why}`));
    const end = (settle: () => void): void => {
      timer.cancel();
      settle();
      void opening.then((stream) => stream.close()).catch(() => undefined);
    };
    const timer = startTimer(ANSWER_TIMEOUT_MS, () =>
      end(() => refuse(`ovs-vswitchd did not answer within ${ANSWER_TIMEOUT_MS} ms`)),
    );
    const opening = connectStream({
      target: { path: socket },
      onData: (bytes) => {
        framer.push(bytes);
        const message = framer.next();
        if (message === undefined) return;
        if (!message.ok) return end(() => refuse(message.error.message));
        const answer = message.value;
        const { result, error } = isJsonObject(answer) ? answer : {};
        if (typeof result === "string") end(() => resolve(result));
        else end(() => refuse(typeof error === "string" ? error.trim() : "the answer has another form"));
      },
      onClose: () => end(() => refuse("ovs-vswitchd closed the connection")),
    });
    opening
      .then((stream) => stream.write(new TextEncoder().encode(JSON.stringify({ id: 0, method, params }))))
      .catch((thrown: unknown) => end(() => reject(thrown)));
  });
}
