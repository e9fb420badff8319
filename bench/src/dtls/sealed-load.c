/* Clients whose requests were sealed before, so that the load costs a fraction of what a server does and servers are busy.
 *
 *   sealed-load CLIENTS
 *
 * Each line "PORT FILE" on its input is a round: every client has one request under way at 127.0.0.1:PORT until all of FILE are
 * answered. FILE holds, after the 32-bit size of a record, equally many records of that size for each client, one client after
 * the other. A round prints "done N lost N seconds S"; a client whose answer does not come in 200 ms goes on with its next. It
 * never sleeps while it waits: to wake it would be a cost of the servers, and under some hypervisors their largest.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { CLIENTS_MAX = 1024, EVENTS = 64, ANSWER_SIZE_MAX = 2048 };
static const double TIMEOUT_SECONDS = 0.2;
enum { APPLICATION_DATA = 23, CID_RECORD = 25 };

static int clients, poller;
static int sockets[CLIENTS_MAX];
static long next_of[CLIENTS_MAX];
static int is_waiting[CLIENTS_MAX];
static uint8_t *records;
static uint32_t record_size;
static long each, under_way;
static struct sockaddr_in target;

static void fail(const char *action) {
  perror(action);
  exit(1);
}

static double now_seconds(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void open_sockets(void) {
  poller = epoll_create1(0);
  if (poller < 0) fail("epoll");
  for (int i = 0; i < clients; i++) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (sockets[i] < 0 || bind(sockets[i], (struct sockaddr *)&own, sizeof own) != 0 ||
        epoll_ctl(poller, EPOLL_CTL_ADD, sockets[i], &event) != 0)
      fail("socket");
  }
}

static void read_records(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fread(&record_size, sizeof record_size, 1, file) != 1 || record_size == 0) fail(path);
  long start = ftell(file);
  fseek(file, 0, SEEK_END);
  long size = ftell(file) - start;
  fseek(file, start, SEEK_SET);
  free(records);
  records = malloc((size_t)size);
  if (records == NULL || fread(records, 1, (size_t)size, file) != (size_t)size) fail(path);
  fclose(file);
  each = size / (long)record_size / clients;
}

static void send_next(int client) {
  is_waiting[client] = next_of[client] < each;
  if (!is_waiting[client]) return;
  const uint8_t *record = records + (client * each + next_of[client]++) * record_size;
  under_way++;
  sendto(sockets[client], record, record_size, 0, (struct sockaddr *)&target, sizeof target);
}

static long take_answers(int client) {
  uint8_t answer[ANSWER_SIZE_MAX];
  long taken = 0;
  while (recv(sockets[client], answer, sizeof answer, 0) > 0)
    if (is_waiting[client] && (answer[0] == APPLICATION_DATA || answer[0] == CID_RECORD)) {
      taken++;
      under_way--;
      send_next(client);
    }
  return taken;
}

static void run(int port) {
  struct epoll_event events[EVENTS];
  long done = 0, lost = 0;
  target = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  under_way = 0;
  double start = now_seconds(), heard = start;
  for (int i = 0; i < clients; i++) {
    next_of[i] = 0;
    send_next(i);
  }
  while (under_way > 0) {
    int ready = epoll_wait(poller, events, EVENTS, 0);
    for (int i = 0; i < ready; i++) done += take_answers((int)events[i].data.u32);
    double now = now_seconds();
    if (ready > 0) heard = now;
    if (now - heard < TIMEOUT_SECONDS) continue;
    heard = now;
    lost += under_way;
    under_way = 0;
    for (int i = 0; i < clients; i++)
      if (is_waiting[i]) send_next(i);
  }
  printf("done %ld lost %ld seconds %.6f\n", done, lost, now_seconds() - start);
}

int main(int count, char **values) {
  char line[4096], path[4096];
  int port;
  clients = count == 2 ? atoi(values[1]) : 0;
  if (clients < 1 || clients > CLIENTS_MAX) {
    fprintf(stderr, "see the first comment of sealed-load.c\n");
    return 2;
  }
  open_sockets();
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "%d %4095s", &port, path) != 2) continue;
    read_records(path);
    run(port);
    fflush(stdout);
  }
}
