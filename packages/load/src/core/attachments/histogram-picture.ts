// Numbers as text: histograms as a row of blocks, durations with a fitting unit.

const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** One block a bin, as high as its share of the largest; a bin that is not empty is never blank. */
export function picture(bins: readonly number[]): string {
  const most = Math.max(0, ...bins);
  if (most === 0) return "";
  return bins
    .map((count) => (count === 0 ? " " : (BLOCKS[Math.ceil((count / most) * BLOCKS.length) - 1] ?? " ")))
    .join("");
}

/** `4.2 ms`, `1.30 s`, `2 m 05 s`. */
export function secondsText(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 0.01) return `${(seconds * 1000).toFixed(2)} ms`;
  if (size < 1) return `${(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0)} ms`;
  if (size < 60) return `${seconds.toFixed(2)} s`;
  return `${Math.floor(seconds / 60)} m ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
}
