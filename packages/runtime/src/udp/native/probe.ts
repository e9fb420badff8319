// What the system allows: some containers' seccomp profiles refuse the batch calls.
import { AF_INET, EAGAIN, errnoName, MSG_DONTWAIT, SOCK_DGRAM_CLOEXEC } from "./constants.ts";
import { type Libc, openLibc } from "./libc.ts";

/** What native sockets can do here. */
export type NativeSupport =
  | { readonly kind: "batches"; readonly libc: Libc }
  /** Foreign functions work, recvmmsg or sendmmsg does not. */
  | { readonly kind: "single"; readonly libc: Libc; readonly reason: string }
  | { readonly kind: "none"; readonly reason: string };

/** Tries the calls on a socket that is closed again. */
export async function probeNative(): Promise<NativeSupport> {
  const libc = await openLibc();
  return "refusedAs" in libc ? { kind: "none", reason: libc.refusedAs } : probeCalls(libc);
}

/** The same on a given C library. */
export function probeCalls(libc: Libc): NativeSupport {
  const fd = libc.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) return { kind: "none", reason: `a socket is refused (${errnoName(libc.errno())})` };
  try {
    const batch = refusal(libc, "recvmmsg", libc.recvmmsg(fd, 0, 0, MSG_DONTWAIT));
    const reason = batch ?? refusal(libc, "sendmmsg", libc.sendmmsg(fd, 0, 0, MSG_DONTWAIT));
    if (reason === undefined) return { kind: "batches", libc };
    // With no header at all an allowed call fails with EFAULT.
    const single = libc.recvmsg(fd, 0, MSG_DONTWAIT) < 0 ? refusedOrNot(libc.errno(), "recvmsg") : undefined;
    return single === undefined ? { kind: "single", libc, reason } : { kind: "none", reason: `${reason}, ${single}` };
  } finally {
    libc.close(fd);
  }
}

function refusal(libc: Libc, call: string, result: number): string | undefined {
  return result >= 0 ? undefined : refusedOrNot(libc.errno(), call);
}

function refusedOrNot(errno: number, call: string): string | undefined {
  const name = errnoName(errno);
  return errno !== EAGAIN && ["EPERM", "EACCES", "ENOSYS"].includes(name) ? `${call} is refused (${name})` : undefined;
}
