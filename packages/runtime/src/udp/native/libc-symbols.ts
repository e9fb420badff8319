// The C functions in use and the shapes of their calls.

/** `i` is a C int, `p` an address or size of 64 bits, `b` memory given as a view. Behind the colon the result. */
export const LIBC_SYMBOLS = {
  socket: "iii:i",
  bind: "ipi:i",
  getsockname: "ipp:i",
  setsockopt: "iiibi:i",
  getsockopt: "iiipp:i",
  close: "i:i",
  recvmmsg: "ipiip:i",
  sendmmsg: "ipii:i",
  recvmsg: "ipi:l",
  sendmsg: "ipi:l",
  epoll_create1: "i:i",
  epoll_ctl: "iiip:i",
  epoll_wait: "ipii:i",
  eventfd: "ii:i",
  read: "ipp:l",
  write: "ipp:l",
} as const;

/** C functions of one library by symbol, and how addresses are found. Numbers and addresses are numbers here. */
export interface ForeignLibrary {
  call(symbol: keyof typeof LIBC_SYMBOLS): (...values: (number | Uint8Array)[]) => number;
  errno(): number;
  addressOf(memory: Uint8Array): number;
}
