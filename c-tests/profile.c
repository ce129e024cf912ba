/* profile.c: look-ups alone, for a profiler to count; benches/profile.sh runs it under valgrind.
 *
 *   profile SERVERS one|many|hash
 *
 * Looks 64,000 keys up in a ring of so many equal servers, one by one or in batches of 1,000, or hashes them only. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ketama.h"
#include "ketama_ring.h"

enum { BATCH = 1000, KEYS = 64 * BATCH };

static char text[KEYS][24];
static ketama_key keys[KEYS];
static volatile uint32_t sink;

/* What is counted. A profiler knows them by their names. */
__attribute__((noinline)) void counted_hash(void) {
  for (int i = 0; i < KEYS; i++) sink = ketama_hashi(text[i]);
}

__attribute__((noinline)) void counted_one(const ketama_ring *ring) {
  for (int i = 0; i < KEYS; i++) sink = ketama_ring_lookup(ring, keys[i].data, keys[i].size);
}

__attribute__((noinline)) void counted_many(const ketama_ring *ring) {
  static uint32_t out[BATCH];
  for (int i = 0; i < KEYS; i += BATCH) ketama_ring_lookup_many(ring, keys + i, BATCH, out);
  sink = out[0];
}

int main(int argc, char **argv) {
  long servers = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
  char *list = malloc((size_t)servers * 32 + 1), *end = list;
  ketama_ring *ring;
  if (!list || servers < 1) return fprintf(stderr, "usage: profile SERVERS one|many|hash\n"), 2;
  for (long i = 0; i < servers; i++) end += sprintf(end, "10.%ld.%ld.%ld:11211\t1\n", i >> 16, i >> 8 & 255, i & 255);
  if (ketama_ring_parse(list, (size_t)(end - list), &ring) != KETAMA_OK) return fprintf(stderr, "%s\n", ketama_error()), 1;
  for (long i = 0; i < KEYS; i++) {
    keys[i].size = (size_t)sprintf(text[i], "user:%ld:profile", i * 7919 % 1000003);
    keys[i].data = text[i];
  }
  if (!strcmp(argv[2], "hash")) counted_hash();
  else if (!strcmp(argv[2], "one")) counted_one(ring);
  else if (!strcmp(argv[2], "many")) counted_many(ring);
  else return 2;
  ketama_ring_free(ring);
  free(list);
  return 0;
}
