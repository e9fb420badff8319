// Waiting for several sockets at once, and being woken by another thread: epoll(7) and eventfd(2).
import { UdpError } from "../udp-error.ts";
import { errnoName } from "./constants.ts";
import type { Libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const EPOLL_CLOEXEC = 0o2000000;
const EFD_NONBLOCK_CLOEXEC: number = 0o4000 | 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const EVENTS_MAX = 64;
/** Key of the eventfd among the events. */
const WAKE_KEY = 0xffff_ffff;

/** struct epoll_event in 32-bit words: packed on x86-64, aligned elsewhere. */
const EVENT: { readonly words: number; readonly key: number } =
  process.arch === "x64" ? { words: 3, key: 1 } : { words: 4, key: 2 };

/** Sockets by a key of their owner's choice, below 2^32 − 1. */
export class Poller {
  /** Whoever writes 8 bytes to it ends a wait. */
  readonly wakeFd: number;
  readonly #libc: Libc;
  readonly #epoll: number;
  readonly #events: NativeMemory;
  readonly #scratch: NativeMemory;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#events = new NativeMemory(libc, EVENTS_MAX * EVENT.words * 4);
    this.#scratch = new NativeMemory(libc, 16);
    this.#epoll = this.#checked(libc.epollCreate(EPOLL_CLOEXEC), "make an epoll");
    this.wakeFd = this.#checked(libc.eventfd(0, EFD_NONBLOCK_CLOEXEC), "make an eventfd");
    this.#control(EPOLL_CTL_ADD, this.wakeFd, WAKE_KEY);
  }

  add(fd: number, key: number): void {
    this.#control(EPOLL_CTL_ADD, fd, key);
  }

  remove(fd: number): void {
    this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  /** Waits at most `timeoutMs` and writes the keys of readable sockets to `keys`; answers how many. */
  wait(timeoutMs: number, keys: Uint32Array): number {
    const ready = this.#libc.epollWait(this.#epoll, this.#events.address, Math.min(EVENTS_MAX, keys.length), timeoutMs);
    let count = 0;
    for (let index = 0; index < ready; index++) {
      const key = this.#events.words[index * EVENT.words + EVENT.key] ?? 0;
      if (key === WAKE_KEY) this.#libc.read(this.wakeFd, this.#scratch.address, 8);
      else keys[count++] = key;
    }
    return count;
  }

  /** Ends the wait of another thread's poller. */
  wakeOther(wakeFd: number): void {
    this.#scratch.words[0] = 1;
    this.#scratch.words[1] = 0;
    this.#libc.write(wakeFd, this.#scratch.address, 8);
  }

  close(): void {
    this.#libc.close(this.#epoll);
    this.#libc.close(this.wakeFd);
  }

  #control(operation: number, fd: number, key: number): void {
    this.#scratch.words[0] = EPOLLIN;
    this.#scratch.words[EVENT.key] = key;
    this.#checked(this.#libc.epollControl(this.#epoll, operation, fd, this.#scratch.address), "wait for a socket");
  }

  #checked(result: number, action: string): number {
    if (result >= 0) return result;
    throw new UdpError("FAILED", `Cannot ${action}: the system says ${errnoName(this.#libc.errno())}`);
  }
}

/** Ends the wait of the poller with this `wakeFd`, from any thread. */
export function wakePoller(libc: Libc, wakeFd: number): void {
  const one = new NativeMemory(libc, 8);
  one.words[0] = 1;
  libc.write(wakeFd, one.address, 8);
}
