/* bench.c: what C sees of the library's speed: look-ups, batches, rolls. Not a test: answers are compared before they are
 * timed, but nothing fails for being slow.
 *
 *   bench FOLDER OURS [REFERENCE]
 *
 * Writes lists into FOLDER and opens the libraries with RTLD_LOCAL, each with its own symbols. Every comparison goes in
 * turns: each round runs each library once. Prints lines WHAT, SERVERS, WHO, LEAST, MEDIAN between tabs, nanoseconds an
 * operation. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ketama.h"
#include "ketama_ring.h"

enum {
  ROUNDS = 11,     /* of rolls */
  LOOK_UPS = 99,   /* rounds of look-ups: short ones, so that some fall between disturbances */
  BATCH = 1000,
  PASS = 4 * BATCH, /* keys of a round; the next one takes the next */
  KEYS = 16 * PASS,
  MOST_OF_REFERENCE = 117, /* above, the 2007 library writes past an array on its stack */
};

/* A library, and what it is asked for. The ring API is NULL in the 2007 library. */
struct library {
  const char *who;
  int (*roll)(ketama_continuum *, char *);
  void (*smoke)(ketama_continuum);
  mcs *(*get_server)(char *, ketama_continuum);
  unsigned int (*hashi)(char *);
  char *(*error)(void);
  int (*ring_open)(const char *, ketama_ring **);
  void (*ring_free)(ketama_ring *);
  uint32_t (*ring_lookup)(const ketama_ring *, const void *, size_t);
  int (*ring_lookup_many)(const ketama_ring *, const ketama_key *, size_t, uint32_t *);
  const char *(*ring_server_name)(const ketama_ring *, uint32_t);
  double costs[LOOK_UPS];
};

static struct library libraries[2];
static struct library *const ours = &libraries[0];
static size_t library_count;
static const char *folder;
static char *keys[KEYS];
static ketama_key sized[KEYS];
static volatile uintptr_t sink;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "bench: %s: %s\n", what, why);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static void open_library(const char *who, const char *path) {
  struct library *library = &libraries[library_count++];
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) fail(path, dlerror());
  library->who = who;
  *(void **)&library->roll = dlsym(handle, "ketama_roll");
  *(void **)&library->smoke = dlsym(handle, "ketama_smoke");
  *(void **)&library->get_server = dlsym(handle, "ketama_get_server");
  *(void **)&library->hashi = dlsym(handle, "ketama_hashi");
  *(void **)&library->error = dlsym(handle, "ketama_error");
  *(void **)&library->ring_open = dlsym(handle, "ketama_ring_open");
  *(void **)&library->ring_free = dlsym(handle, "ketama_ring_free");
  *(void **)&library->ring_lookup = dlsym(handle, "ketama_ring_lookup");
  *(void **)&library->ring_lookup_many = dlsym(handle, "ketama_ring_lookup_many");
  *(void **)&library->ring_server_name = dlsym(handle, "ketama_ring_server_name");
  if (!library->roll || !library->smoke || !library->get_server || !library->hashi || !library->error)
    fail(path, "is no libketama");
}

static void make_keys(void) {
  for (int i = 0; i < KEYS; i++) {
    char text[32];
    sprintf(text, "user:%ld:profile", (long)i * 7919 % 1000003);
    keys[i] = strdup(text);
    sized[i] = (ketama_key){keys[i], strlen(keys[i])};
  }
}

/* Writes the list of `servers` equal servers; `first` tells one such list from another. */
static void write_list(const char *path, int servers, int first) {
  FILE *file = fopen(path, "w");
  if (!file) fail(path, "cannot be written");
  for (int i = first; i < first + servers; i++)
    fprintf(file, "10.%d.%d.%d:11211\t1\n", i >> 16 & 255, i >> 8 & 255, i & 255);
  if (fclose(file)) fail(path, "cannot be written");
}

static ketama_continuum roll(struct library *library, char *path) {
  ketama_continuum continuum = NULL;
  if (library->roll(&continuum, path) != 1) fail(path, library->error());
  return continuum;
}

static int ascending(const void *a, const void *b) {
  const double *one = a, *other = b;
  return (*one > *other) - (*one < *other);
}

static void print(const char *what, int servers, const char *who, double *costs, int rounds) {
  qsort(costs, rounds, sizeof *costs, ascending);
  printf("%s\t%d\t%s\t%.2f\t%.2f\n", what, servers, who, costs[0], costs[rounds / 2]);
  fflush(stdout);
}

/* How many of the libraries can take so many servers. */
static size_t able(int servers) { return servers <= MOST_OF_REFERENCE ? library_count : 1; }

/* Every library must name the same server for every key, the ring API too. */
static void check(ketama_continuum continua[], ketama_ring *ring, size_t count) {
  static uint32_t answers[KEYS];
  if (ours->ring_lookup_many(ring, sized, KEYS, answers) != KETAMA_OK) fail("a batch", ours->error());
  for (int i = 0; i < KEYS; i++) {
    uint32_t server = ours->ring_lookup(ring, keys[i], sized[i].size);
    if (server != answers[i]) fail(keys[i], "the batch answers otherwise");
    for (size_t l = 0; l < count; l++)
      if (strcmp(ours->ring_server_name(ring, server), libraries[l].get_server(keys[i], continua[l])->ip))
        fail(keys[i], "answers differ");
  }
}

static void look_up(int servers) {
  static uint32_t answers[BATCH];
  double hash[LOOK_UPS], single[LOOK_UPS], batch[LOOK_UPS];
  char path[4096];
  size_t count = able(servers);
  ketama_continuum continua[2];
  ketama_ring *ring;
  snprintf(path, sizeof path, "%s/lookup-%d", folder, servers);
  write_list(path, servers, 0);
  for (size_t l = 0; l < count; l++) continua[l] = roll(&libraries[l], path);
  if (ours->ring_open(path, &ring) != KETAMA_OK) fail(path, ours->error());
  check(continua, ring, count);
  for (int round = 0; round < LOOK_UPS; round++) {
    const int first = round % (KEYS / PASS) * PASS, end = first + PASS;
    double start = now();
    for (int i = first; i < end; i++) sink = ours->hashi(keys[i]);
    hash[round] = (now() - start) / PASS;
    for (size_t l = 0; l < count; l++) {
      start = now();
      for (int i = first; i < end; i++) sink = (uintptr_t)libraries[l].get_server(keys[i], continua[l]);
      libraries[l].costs[round] = (now() - start) / PASS;
    }
    start = now();
    for (int i = first; i < end; i++) sink = ours->ring_lookup(ring, keys[i], sized[i].size);
    single[round] = (now() - start) / PASS;
    start = now();
    for (int i = first; i < end; i += BATCH) ours->ring_lookup_many(ring, sized + i, BATCH, answers);
    batch[round] = (now() - start) / PASS;
  }
  print("C look-up", servers, "ketama_hashi alone", hash, LOOK_UPS);
  for (size_t l = 0; l < count; l++) print("C look-up", servers, libraries[l].who, libraries[l].costs, LOOK_UPS);
  print("C look-up", servers, "ketama_ring_lookup", single, LOOK_UPS);
  print("C look-up", servers, "ketama_ring_lookup_many", batch, LOOK_UPS);
  for (size_t l = 0; l < count; l++) libraries[l].smoke(continua[l]);
  ours->ring_free(ring);
}

/* Rolls files that no library has seen: the list is read, the ring built, the answer for one key compared. */
static void cold_roll(int servers, int rounds) {
  int files = servers > 1000 ? 1 : 8;
  size_t count = able(servers);
  for (int round = 0; round < rounds; round++) {
    double total[2] = {0, 0};
    for (int i = 0; i < files; i++) {
      char path[4096], server[2][24];
      snprintf(path, sizeof path, "%s/cold-%d-%d-%d", folder, servers, round, i);
      write_list(path, servers, i);
      for (size_t l = 0; l < count; l++) {
        double start = now();
        ketama_continuum continuum = roll(&libraries[l], path);
        total[l] += now() - start;
        snprintf(server[l], sizeof server[l], "%s", libraries[l].get_server(keys[i], continuum)->ip);
        libraries[l].smoke(continuum);
      }
      if (count == 2 && strcmp(server[0], server[1])) fail(path, "answers differ");
      unlink(path);
    }
    for (size_t l = 0; l < count; l++) libraries[l].costs[round] = total[l] / files;
  }
  for (size_t l = 0; l < count; l++) print("cold roll", servers, libraries[l].who, libraries[l].costs, rounds);
}

/* Sets the modification time: the 2007 library counts whole seconds. */
static void stamp(const char *path, int seconds) {
  struct timespec times[2] = {{1600000000 + seconds, 1}, {1600000000 + seconds, 1}};
  if (utimensat(AT_FDCWD, path, times, 0)) fail(path, "its time cannot be set");
}

/* The 2007 library's smoke removes the segments of all its continua: it is called once, at the end. */
static void let_go(struct library *library, ketama_continuum continuum) {
  if (library == ours)
    library->smoke(continuum);
  else
    free(continuum);
}

/* Rolls one file that has another list each time, in which one server was replaced. */
static void reload(int servers, int rounds) {
  char path[4096];
  size_t count = able(servers);
  ketama_continuum old[2];
  snprintf(path, sizeof path, "%s/reload-%d", folder, servers);
  write_list(path, servers, 0);
  stamp(path, 0);
  for (size_t l = 0; l < count; l++) old[l] = roll(&libraries[l], path);
  for (int round = 0; round < rounds; round++) {
    char server[2][24];
    write_list(path, servers, round % 2 + 1);
    stamp(path, round + 1);
    for (size_t l = 0; l < count; l++) {
      double start = now();
      ketama_continuum continuum = roll(&libraries[l], path);
      libraries[l].costs[round] = now() - start;
      snprintf(server[l], sizeof server[l], "%s", libraries[l].get_server(keys[round], continuum)->ip);
      let_go(&libraries[l], old[l]);
      old[l] = continuum;
    }
    if (count == 2 && strcmp(server[0], server[1])) fail(path, "answers differ");
  }
  for (size_t l = 0; l < count; l++) {
    libraries[l].smoke(old[l]);
    print("reload", servers, libraries[l].who, libraries[l].costs, rounds);
  }
}

/* Rolls a file that does not change, while another continuum of it lives. */
static void warm_roll(int servers) {
  enum { ROLLS = 200 };
  char path[4096];
  size_t count = able(servers);
  ketama_continuum kept[2], rolled[ROLLS];
  snprintf(path, sizeof path, "%s/warm-%d", folder, servers);
  write_list(path, servers, 0);
  usleep(50000); /* a change within the same tick of the clock could not be told from this one */
  for (size_t l = 0; l < count; l++) kept[l] = roll(&libraries[l], path);
  for (int round = 0; round < ROUNDS; round++)
    for (size_t l = 0; l < count; l++) {
      double start = now();
      for (int i = 0; i < ROLLS; i++) rolled[i] = roll(&libraries[l], path);
      libraries[l].costs[round] = (now() - start) / ROLLS;
      for (int i = 0; i < ROLLS; i++) let_go(&libraries[l], rolled[i]);
    }
  for (size_t l = 0; l < count; l++) {
    libraries[l].smoke(kept[l]);
    print("warm roll", servers, libraries[l].who, libraries[l].costs, ROUNDS);
  }
}

int main(int argc, char **argv) {
  static const int sizes[] = {8, 100, 1000, 10000, 100000};
  if (argc < 3 || argc > 4) fail("usage", "bench FOLDER OURS [REFERENCE]");
  folder = argv[1];
  open_library("this library", argv[2]);
  if (!ours->ring_lookup_many) fail(argv[2], "has no ring API");
  if (argc == 4) open_library("old library", argv[3]);
  make_keys();
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    int rounds = sizes[i] > 1000 ? 9 : ROUNDS;
    look_up(sizes[i]);
    cold_roll(sizes[i], rounds);
    reload(sizes[i], rounds);
    warm_roll(sizes[i]);
  }
  return 0;
}
