/* The C side of the UDP benchmark: a traffic generator with its sinks, and the forwarder ours is measured against.
 *
 *   reference generate SIZE                   closed loop: 512 datagrams in flight through a forwarder
 *   reference generate-to-nodes SIZE          the same, with sinks that take joined datagrams (UDP_GRO), as nodes do
 *   reference ping SIZE                       one datagram at a time; prints p50 and p99 in nanoseconds
 *   reference flood PORT SIZE SECONDS         open loop: as fast as it goes
 *   reference forward SINK0 SINK1 SINK2 SINK3
 *
 * generate and ping print the ports of their four sinks; each line "PORT COUNT" on their input then runs them through the
 * forwarder at PORT, or straight to the first sink if that is 0. Byte 11 of a datagram picks the sink. forward prints its
 * port and runs until it is ended.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

enum { BATCH = 64, SINKS = 4, IN_FLIGHT = 512, SLOT = 2048, JOINED_SIZE_MAX = 65536 };

static const uint64_t LOST_NS = 200000000;

static uint64_t now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int open_socket(int *port) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int size = 4 << 20;
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
    perror("socket");
    exit(1);
  }
  *port = ntohs(address.sin_port);
  return fd;
}

/* A batch laid out once: one slot, one iovec, one name per header. */
static uint8_t slots[BATCH][SLOT];
static struct iovec vectors[BATCH];
static struct sockaddr_in names[BATCH];
static struct mmsghdr headers[BATCH];

static void lay_out(void) {
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){.iov_base = slots[i], .iov_len = SLOT};
    headers[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
}

static int sinks[SINKS];
static int sender;
static int datagram_size;
static struct sockaddr_in target;

/* Several leave as one message, which the kernel cuts at the far side: so the generator costs less than any forwarder, and each
 * finds as many datagrams as it can take. */
static int send_some(int count, unsigned *next) {
  uint8_t control[CMSG_SPACE(sizeof(uint16_t))] = {0};
  struct msghdr message = {.msg_name = &target, .msg_namelen = sizeof target, .msg_iov = vectors, .msg_iovlen = (size_t)count};
  for (int i = 0; i < count; i++) {
    slots[i][11] = (uint8_t)((*next)++ % SINKS);
    vectors[i].iov_len = (size_t)datagram_size;
  }
  if (count > 1) {
    struct cmsghdr *segment = (struct cmsghdr *)control;
    uint16_t size = (uint16_t)datagram_size;
    *segment = (struct cmsghdr){.cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof size)};
    memcpy(CMSG_DATA(segment), &size, sizeof size);
    message.msg_control = control;
    message.msg_controllen = sizeof control;
  }
  return sendmsg(sender, &message, 0) < 0 ? 0 : count;
}

static struct mmsghdr sink_headers[BATCH];
static struct iovec sink_vectors[BATCH];
static uint8_t sink_slots[BATCH][JOINED_SIZE_MAX];
static uint8_t sink_controls[BATCH][CMSG_SPACE(sizeof(int))];
static int is_joined;

/* Datagrams in a message: the kernel tells the size of those it joined. */
static int datagrams_in(struct mmsghdr *header) {
  struct cmsghdr *control = CMSG_FIRSTHDR(&header->msg_hdr);
  int size = 0;
  if (control != NULL && control->cmsg_type == UDP_GRO) memcpy(&size, CMSG_DATA(control), sizeof size);
  return size == 0 ? 1 : ((int)header->msg_len + size - 1) / size;
}

static int receive_some(void) {
  int total = 0;
  for (int s = 0; s < SINKS; s++) {
    int received = recvmmsg(sinks[s], sink_headers, BATCH, MSG_DONTWAIT, NULL);
    if (!is_joined && received > 0) total += received;
    for (int i = 0; is_joined && i < received; i++) {
      total += datagrams_in(&sink_headers[i]);
      sink_headers[i].msg_hdr.msg_controllen = sizeof sink_controls[i];
    }
  }
  return total;
}

/* Sends and sinks `count` datagrams; what does not come back in 200 ms is lost. It spins: to wake it would be a cost of the
 * forwarder, which a network card's is not. */
static void generate(long count) {
  unsigned next = 0;
  long sent = 0, done = 0, lost = 0;
  uint64_t start = now_ns(), heard = start;
  while (done + lost < count) {
    long room = IN_FLIGHT - (sent - done - lost);
    long left = count - sent;
    long some = room < left ? room : left;
    if (some > BATCH) some = BATCH;
    if (some >= BATCH / 2 || (some > 0 && some == left)) sent += send_some((int)some, &next);
    int received = receive_some();
    done += received;
    uint64_t now = now_ns();
    if (received > 0) heard = now;
    else if (now - heard > LOST_NS) lost = sent - done;
  }
  uint64_t elapsed = now_ns() - start;
  printf("done %ld lost %ld seconds %.6f\n", done, lost, (double)elapsed / 1e9);
}

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void ping(long count) {
  uint64_t *times = calloc((size_t)count, sizeof *times);
  unsigned next = 0;
  long measured = 0;
  for (long i = 0; i < count; i++) {
    uint64_t start = now_ns();
    send_some(1, &next);
    /* Spins: how fast this process wakes is not the question. */
    while (receive_some() == 0)
      if (now_ns() - start > LOST_NS) break;
    times[measured++] = now_ns() - start;
  }
  qsort(times, (size_t)measured, sizeof *times, by_value);
  printf("p50 %lu p99 %lu\n", (unsigned long)times[measured / 2], (unsigned long)times[measured * 99 / 100]);
  free(times);
}

static void run_client(int is_ping) {
  char line[64];
  int port;
  long count;
  for (int s = 0; s < SINKS; s++) {
    int sink_port;
    sinks[s] = open_socket(&sink_port);
    if (is_joined && setsockopt(sinks[s], IPPROTO_UDP, UDP_GRO, &is_joined, sizeof is_joined) != 0) {
      perror("UDP_GRO");
      exit(1);
    }
    printf("%d%c", sink_port, s == SINKS - 1 ? '\n' : ' ');
  }
  for (int i = 0; i < BATCH; i++) {
    sink_vectors[i] = (struct iovec){.iov_base = sink_slots[i], .iov_len = JOINED_SIZE_MAX};
    sink_headers[i].msg_hdr = (struct msghdr){.msg_iov = &sink_vectors[i], .msg_iovlen = 1};
    if (!is_joined) continue;
    sink_headers[i].msg_hdr.msg_control = sink_controls[i];
    sink_headers[i].msg_hdr.msg_controllen = sizeof sink_controls[i];
  }
  fflush(stdout);
  int own;
  sender = open_socket(&own);
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "%d %ld", &port, &count) != 2) continue;
    if (port == 0) {
      socklen_t length = sizeof target;
      getsockname(sinks[0], (struct sockaddr *)&target, &length);
    } else {
      target = loopback(port);
    }
    if (is_ping) ping(count);
    else generate(count);
    fflush(stdout);
  }
}

static void flood(int port, double seconds) {
  unsigned next = 0;
  int own;
  sender = open_socket(&own);
  target = loopback(port);
  uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
  long sent = 0;
  while (now_ns() < end) sent += send_some(BATCH, &next);
  printf("sent %ld\n", sent);
}

static void forward_batches(int fd, const struct sockaddr_in *sink_names) {
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      vectors[i].iov_len = SLOT;
      headers[i].msg_hdr.msg_name = &names[i];
      headers[i].msg_hdr.msg_namelen = sizeof names[i];
    }
    int received = recvmmsg(fd, headers, BATCH, MSG_WAITFORONE, NULL);
    if (received < 0) continue;
    for (int i = 0; i < received; i++) {
      vectors[i].iov_len = headers[i].msg_len;
      headers[i].msg_hdr.msg_name = (void *)&sink_names[slots[i][11] % SINKS];
    }
    for (int at = 0; at < received;) {
      int sent = sendmmsg(fd, headers + at, (unsigned)(received - at), 0);
      at += sent > 0 ? sent : 1;
    }
  }
}

int main(int count, char **values) {
  lay_out();
  is_joined = count >= 3 && strcmp(values[1], "generate-to-nodes") == 0;
  if (count >= 3 && (is_joined || strcmp(values[1], "generate") == 0 || strcmp(values[1], "ping") == 0)) {
    datagram_size = atoi(values[2]);
    run_client(strcmp(values[1], "ping") == 0);
    return 0;
  }
  if (count >= 5 && strcmp(values[1], "flood") == 0) {
    datagram_size = atoi(values[3]);
    flood(atoi(values[2]), atof(values[4]));
    return 0;
  }
  if (count >= 6 && strcmp(values[1], "forward") == 0) {
    struct sockaddr_in sink_names[SINKS];
    int port;
    for (int s = 0; s < SINKS; s++) sink_names[s] = loopback(atoi(values[2 + s]));
    int fd = open_socket(&port);
    printf("%d\n", port);
    fflush(stdout);
    forward_batches(fd, sink_names);
  }
  fprintf(stderr, "see the first comment of reference.c\n");
  return 2;
}
