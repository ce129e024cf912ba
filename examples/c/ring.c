/* Where do these keys live? The ring API: any dialect, replicas, batches, a server that fails.
 *
 * usage: ring LIST DIALECT KEY...   LIST: a classic server list or a TOML list; DIALECT: - for the list's own */
#include <ketama.h>
#include <ketama_ring.h>
#include <stdio.h>
#include <string.h>

/* A ring of the list's servers, under its own dialect or another one. */
static int open_as(const char *list, const char *dialect, ketama_ring **out)
{
    ketama_server servers[100];
    ketama_ring *ring;
    size_t n = 0;
    int status = ketama_ring_open(list, &ring);

    if (status != KETAMA_OK || strcmp(dialect, "-") == 0) {
        *out = ring;
        return status;
    }
    memset(servers, 0, sizeof servers);
    for (; n < ketama_ring_server_count(ring) && n < 100; n++) {
        servers[n].name = ketama_ring_server_name(ring, (uint32_t)n);
        servers[n].weight = ketama_ring_server_weight(ring, (uint32_t)n);
    }
    status = ketama_ring_new(dialect, servers, n, out); /* copies what the servers point at */
    ketama_ring_free(ring);
    return status;
}

/* One line: the key, its server, and the two servers behind it. */
static void show(const ketama_ring *ring, const char *key)
{
    uint32_t servers[3];
    size_t i, n = ketama_ring_lookup_n(ring, key, strlen(key), servers, 3);

    printf("%s ->", key);
    for (i = 0; i < n; i++)
        printf(" %s", ketama_ring_server_name(ring, servers[i]));
    printf("\n");
}

int main(int argc, char **argv)
{
    ketama_ring *ring, *without;
    const char *first;
    uint32_t i;

    if (argc < 4) {
        fprintf(stderr, "usage: %s LIST DIALECT KEY...\n", argv[0]);
        return 2;
    }
    if (open_as(argv[1], argv[2], &ring) != KETAMA_OK) {
        fprintf(stderr, "%s\n", ketama_error());
        return 1;
    }
    printf("dialect %s, fingerprint %016llx\n", ketama_ring_dialect(ring),
           (unsigned long long)ketama_ring_fingerprint(ring));
    for (i = 0; i < ketama_ring_server_count(ring); i++)
        printf("  %s  weight %g  share %.2f%%\n", ketama_ring_server_name(ring, i),
               ketama_ring_server_weight(ring, i), 100 * ketama_ring_server_share(ring, i));
    for (i = 3; i < (uint32_t)argc; i++)
        show(ring, argv[i]);

    first = ketama_ring_server_name(ring, 0);
    printf("without %s:\n", first);
    if (ketama_ring_remove(ring, first, &without) != KETAMA_OK) {
        fprintf(stderr, "%s\n", ketama_error());
        ketama_ring_free(ring);
        return 1;
    }
    for (i = 3; i < (uint32_t)argc; i++)
        show(without, argv[i]);
    ketama_ring_free(without);
    ketama_ring_free(ring);
    return 0;
}
