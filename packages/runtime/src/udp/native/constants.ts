// Numbers and layouts of Linux's socket interface on x64 and arm64 (both little endian, 64 bits).

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM_CLOEXEC: number = 2 | 0o2000000;

export const SOL_SOCKET = 1;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
export const SO_SNDTIMEO = 21;
export const SO_RCVBUFFORCE = 33;
export const SO_ATTACH_REUSEPORT_CBPF = 51;
export const SO_MEMINFO = 55;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;
export const UDP_GRO = 104;

export const MSG_DONTWAIT = 0x40;
/** In `msg_flags`: the datagram did not fit. */
export const MSG_TRUNC = 0x20;

export const EPERM = 1;
export const EINTR = 4;
export const EIO = 5;
export const EAGAIN = 11;
export const EACCES = 13;
export const EINVAL = 22;
export const ENOSYS = 38;
export const EMSGSIZE = 90;
export const ENOPROTOOPT = 92;
export const EOPNOTSUPP = 95;
const EAFNOSUPPORT = 97;
const EADDRINUSE = 98;
const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ENOBUFS = 105;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;

/** struct mmsghdr in 32-bit words: a msghdr of 14, the length received, padding. */
export const HEADER = {
  words: 16,
  nameLow: 0,
  nameHigh: 1,
  nameSize: 2,
  iovLow: 4,
  iovHigh: 5,
  iovCount: 6,
  controlLow: 8,
  controlHigh: 9,
  controlSize: 10,
  flags: 12,
  received: 14,
} as const;

/** struct cmsghdr with a 32-bit value, in words: its length (64 bits), level, type, value; its size in bytes. */
export const CONTROL = { level: 2, type: 3, value: 4, words: 6, sizeBytes: 24 } as const;

/** struct iovec in 32-bit words. */
export const IOV = { words: 4, baseLow: 0, baseHigh: 1, size: 2 } as const;

/** Room for a struct sockaddr_in (16 bytes) or sockaddr_in6 (28 bytes). */
export const NAME_SIZE_BYTES = 32;
/** Size of a struct sockaddr_in6; a sockaddr_in is smaller. */
export const NAME_USED_BYTES_MAX = 28;

const ERRNO_NAMES: Readonly<Record<number, string>> = {
  [EPERM]: "EPERM",
  [EINTR]: "EINTR",
  [EIO]: "EIO",
  [EAGAIN]: "EAGAIN",
  [EACCES]: "EACCES",
  [EINVAL]: "EINVAL",
  [ENOSYS]: "ENOSYS",
  [EMSGSIZE]: "EMSGSIZE",
  [ENOPROTOOPT]: "ENOPROTOOPT",
  [EOPNOTSUPP]: "EOPNOTSUPP",
  [EAFNOSUPPORT]: "EAFNOSUPPORT",
  [EADDRINUSE]: "EADDRINUSE",
  [EADDRNOTAVAIL]: "EADDRNOTAVAIL",
  [ENETUNREACH]: "ENETUNREACH",
  [ENOBUFS]: "ENOBUFS",
};

/** `EPERM` for 1, and so on; `errno 200` for numbers without a name here. */
export function errnoName(errno: number): string {
  return ERRNO_NAMES[errno] ?? `errno ${errno}`;
}
