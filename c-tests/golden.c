/* Prints where the keys 0 to 999999 go: an error line, which is empty, then `HASH POINT ADDRESS` for each key. The
 * 2007 library was recorded printing this (vectors/manifest.tsv holds the MD5 of it); run.rs compares. */

#include <ketama.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    ketama_continuum ring;
    int number;
    if (argc != 2 || !ketama_roll(&ring, argv[1])) {
        fprintf(stderr, "%s\n", argc == 2 ? ketama_error() : "usage: golden LIST");
        return 1;
    }
    printf("%s\n", ketama_error());
    for (number = 0; number < 1000000; number++) {
        char key[16];
        mcs *server;
        sprintf(key, "%d", number);
        server = ketama_get_server(key, ring);
        printf("%u %u %s\n", ketama_hashi(key), server->point, server->ip);
    }
    ketama_smoke(ring);
    return 0;
}
