// A byte stream as lines of bounded length.

const LINE_LENGTH_MAX = 4 << 20;

/** Calls `onLine` for each whole line; a longer line than the cap is dropped whole. */
export async function readLines(stream: AsyncIterable<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let partial = "";
  let dropping = false;
  for await (const chunk of stream) {
    const lines = (partial + decoder.decode(chunk, { stream: true })).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) {
      if (!dropping) onLine(line);
      dropping = false;
    }
    if (partial.length > LINE_LENGTH_MAX) {
      partial = "";
      dropping = true;
    }
  }
}
