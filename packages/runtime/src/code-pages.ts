// Giving back pages of the program's own code that were needed once: at the start, or while the compiler ran (madvise(2)).
import { readFileSync, readlinkSync } from "node:fs";
import { runtimeName } from "./process.ts";

/** The runtime's code in memory. All of it is a clean copy of the program's file, so any page can be had again at any time. */
export interface CodePages {
  /** Bytes of files that this process has mapped and resident: code, constants, libraries. */
  residentBytes(): number;
  /** Drops the resident pages; the ones still in use come back, from the page cache, as they are touched. */
  release(): void;
}

interface Range {
  readonly start: bigint;
  readonly sizeBytes: bigint;
}

type Madvise = (start: bigint, sizeBytes: bigint, advice: number) => number;

const PAGE_BYTES = 4096;
const MADV_DONTNEED = 4;

/**
 * The code pages of this process; undefined where they cannot be given back (not Linux, not Bun, no foreign functions). A
 * runtime of 100 MB maps its code generously, sixteen pages for each that is touched: two thirds of a small program's memory.
 */
export async function openCodePages(): Promise<CodePages | undefined> {
  if (process.platform !== "linux" || runtimeName() !== "bun") return undefined;
  try {
    const ranges = cleanRanges(readFileSync("/proc/self/smaps", "utf8"), readlinkSync("/proc/self/exe"));
    const madvise = await openMadvise();
    return {
      residentBytes: () => Number(readFileSync("/proc/self/statm", "utf8").split(" ")[2]) * PAGE_BYTES,
      release: () => {
        for (const { start, sizeBytes } of ranges) madvise(start, sizeBytes, MADV_DONTNEED);
      },
    };
  } catch {
    // A restricted container: the program runs as well with its pages in memory.
    return undefined;
  }
}

async function openMadvise(): Promise<Madvise> {
  const { dlopen, FFIType } = await import("bun:ffi");
  const { symbols } = dlopen("libc.so.6", {
    madvise: { args: [FFIType.u64, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
  });
  return symbols.madvise;
}

/**
 * The mappings of `program` in the text of /proc/PID/smaps that cannot be written and hold no page of their own. Relocated
 * constants are such pages, and would be lost: their mappings are left out.
 */
export function cleanRanges(smaps: string, program: string): Range[] {
  const ranges: Range[] = [];
  for (const mapping of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p \S+ \S+ \d+\s+(.*)$/m.exec(mapping);
    if (head?.[3] !== program || !/^Anonymous:\s+0 kB$/m.test(mapping)) continue;
    const start = BigInt(`0x${head[1]}`);
    ranges.push({ start, sizeBytes: BigInt(`0x${head[2]}`) - start });
  }
  return ranges;
}
