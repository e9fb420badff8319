// A long list as a response body: chunks are made as the client reads, so the whole text never exists at once.

/** A stream over chunks that are made one by one. */
export function chunkStream(chunks: Generator<Uint8Array, void, undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull(controller): void {
        const next = chunks.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      cancel(): void {
        chunks.return();
      },
    },
    { highWaterMark: 0 },
  );
}
