/* More servers than the 2007 library could hold: the ring is the one that the rules give, found the slow way here.
 *
 *     limits [COUNT ...]     server counts; 118, 1000 and 10000 unless told otherwise */

#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include "check.h"
#include "naive.h"
#include <ketama.h>

struct point {
    unsigned int value;
    int server, order;
};

/* How many different weights there are. Equal ones lose no point to rounding: 118 servers then have 18880. */
static int weights;

static unsigned long weight_of(int server)
{
    return 100 + (unsigned long)(server * 7919L % weights);
}

static void address_of(int server, char address[32])
{
    sprintf(address, "10.%d.%d.%d:11211", server / 65536, server / 256 % 256, server % 256);
}

static int by_value_then_order(const void *a, const void *b)
{
    const struct point *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? -1 : 1;
    return left->order - right->order;
}

static void write_list(char *path, int servers)
{
    FILE *file = fopen(path, "w");
    int i;
    CHECK(file != NULL);
    for (i = 0; i < servers; i++) {
        char address[32];
        address_of(i, address);
        fprintf(file, "%s\t%lu\n", address, weight_of(i));
    }
    CHECK(fclose(file) == 0);
}

/* All points in the order of the ring. The digest is the library's own: legacy.c and the vectors vouch for it. */
static struct point *place_points(int servers, int *count)
{
    struct point *points = malloc(sizeof *points * 170 * (size_t)servers);
    unsigned long total = 0;
    unsigned k;
    int i, word;
    CHECK(points != NULL);
    for (i = 0; i < servers; i++)
        total += weight_of(i);
    *count = 0;
    for (i = 0; i < servers; i++)
        for (k = 0; k < naive_groups(weight_of(i), total, servers); k++) {
            char address[32], label[64];
            unsigned char digest[16];
            address_of(i, address);
            sprintf(label, "%s-%u", address, k);
            ketama_md5_digest(label, digest);
            for (word = 0; word < 4; word++) {
                const unsigned char *bytes = digest + 4 * word;
                points[*count].value = bytes[0] | (unsigned)bytes[1] << 8 | (unsigned)bytes[2] << 16 | (unsigned)bytes[3] << 24;
                points[*count].server = i;
                points[*count].order = *count;
                (*count)++;
            }
        }
    qsort(points, (size_t)*count, sizeof *points, by_value_then_order);
    return points;
}

/* The first point at or above the hash, tried one after the other; none: the first of all. */
static int successor(const struct point *points, int count, unsigned int hash)
{
    int i;
    for (i = 0; i < count; i++)
        if (points[i].value >= hash)
            return i;
    return 0;
}

static void check_servers(int servers)
{
    char *path = in_folder("many");
    ketama_continuum ring;
    struct point *points;
    mcs *records;
    int count, i, keys = 0;
    weights = servers < 1000 ? 1 : 1000;
    write_list(path, servers);
    CHECK_THAT(ketama_roll(&ring, path) == 1, "%d: %s", servers, ketama_error());
    points = place_points(servers, &count);
    CHECK_THAT(ring->numpoints == count, "%d points, not %d", ring->numpoints, count);
    records = ring->array;
    for (i = 0; i < count; i++) {
        char address[32];
        address_of(points[i].server, address);
        CHECK_THAT(records[i].point == points[i].value && strcmp(records[i].ip, address) == 0, "record %d: %u %s, not %u %s",
                   i, records[i].point, records[i].ip, points[i].value, address);
    }
    for (i = 0; i < 10000; i += servers > 1000 ? 97 : 1, keys++) {
        char key[32];
        sprintf(key, "user:%d:profile", i);
        CHECK(ketama_get_server(key, ring) == records + successor(points, count, ketama_hashi(key)));
    }
    ketama_smoke(ring);
    free(points);
    printf("ok %d servers, %d points, %d keys\n", servers, count, keys);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int i;
    if (argc == 1) {
        check_servers(118);
        check_servers(1000);
        check_servers(10000);
    }
    for (i = 1; i < argc; i++)
        check_servers(atoi(argv[i]));
    return 0;
}
