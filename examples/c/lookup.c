/* Where do these keys live? The eight functions of the 2007 library are all that is needed.
 *
 * usage: lookup LIST KEY... */
#include <ketama.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    ketama_continuum ring = NULL;
    int i;

    if (argc < 3) {
        fprintf(stderr, "usage: %s LIST KEY...\n", argv[0]);
        return 2;
    }
    if (!ketama_roll(&ring, argv[1])) {
        fprintf(stderr, "%s\n", ketama_error());
        ketama_smoke(ring); /* NULL, or the last good ring of a list that has turned bad */
        return 1;
    }
    for (i = 2; i < argc; i++) {
        mcs *server = ketama_get_server(argv[i], ring); /* valid until ketama_smoke() */
        printf("%-20s %-16s point %10u at or above hash %10u\n", argv[i], server->ip, server->point,
               ketama_hashi(argv[i]));
    }
    printf("%d points on the ring\n", ring->numpoints);
    ketama_smoke(ring);
    return 0;
}
