// Sizes as people write them: 64MiB, 1GiB, 512KiB, 1000 (bytes), 5MB. Kubernetes' short forms (64Mi) are read too.
import { type Result, err, ok } from "@coracle/base";

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** Reads a size into bytes. The error is a predicate that reads on from the quoted text. */
export function parseSize(text: string): Result<number, string> {
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text);
  const unit = match?.[2] ?? "";
  const unitBytes = unit === "" ? 1 : UNIT_BYTES[unit];
  const sizeBytes = Number(match?.[1]) * (unitBytes ?? Number.NaN);
  if (!Number.isSafeInteger(Math.round(sizeBytes)) || sizeBytes % 1 !== 0) {
    return err("is not a size: use a number and B, KiB, MiB, GiB, kB, MB or GB, such as 64MiB");
  }
  return ok(sizeBytes);
}

/** Writes bytes with the largest binary unit that keeps the value whole. */
export function formatSize(sizeBytes: number): string {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"]) {
    const unitBytes = UNIT_BYTES[unit] ?? 1;
    if (sizeBytes >= unitBytes && sizeBytes % unitBytes === 0) return `${sizeBytes / unitBytes}${unit}`;
  }
  return `${sizeBytes}B`;
}
