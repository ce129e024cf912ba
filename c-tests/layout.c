/* What a program may name from ketama.h has the sizes, places, types and values that it had in 2007. Compiled by run.rs
 * in every standard of C and C++; nothing here needs the library but main(). */

#include <ketama.h>
#include <ketama.h>
#include <stddef.h>
#include <stdio.h>

/* An array of -1 characters does not compile. */
#define CLAIM(name, claim) typedef char name[(claim) ? 1 : -1]

#define MEMBER(type, member) (sizeof(((type *)0)->member))

CLAIM(mcs_has_28_bytes, sizeof(mcs) == 28);
CLAIM(mcs_starts_with_the_point, offsetof(mcs, point) == 0 && MEMBER(mcs, point) == 4);
CLAIM(mcs_has_the_address_at_4, offsetof(mcs, ip) == 4 && MEMBER(mcs, ip) == 22);
CLAIM(serverinfo_is_24_bytes_and_a_long, sizeof(serverinfo) == 24 + sizeof(long));
CLAIM(serverinfo_starts_with_the_address, offsetof(serverinfo, addr) == 0 && MEMBER(serverinfo, addr) == 22);
CLAIM(serverinfo_has_the_weight_at_24, offsetof(serverinfo, memory) == 24 && MEMBER(serverinfo, memory) == sizeof(long));
CLAIM(continuum_is_three_words, sizeof(continuum) == 3 * sizeof(void *));
CLAIM(continuum_starts_with_the_count, offsetof(continuum, numpoints) == 0 && MEMBER(continuum, numpoints) == 4);
CLAIM(continuum_goes_on_with_the_time, offsetof(continuum, modtime) == sizeof(void *));
CLAIM(continuum_ends_with_the_array, offsetof(continuum, array) == 2 * sizeof(void *));
CLAIM(ketama_continuum_is_a_pointer, sizeof(ketama_continuum) == sizeof(void *));
CLAIM(semun_is_one_word, sizeof(union semun) == sizeof(void *));

#if MC_SHMSIZE != 524288
#error "MC_SHMSIZE"
#endif
#ifndef KETAMA_LIBKETAMA_KETAMA_H__
#error "include guard"
#endif

/* Pointers of exactly these types: the assignments do not compile under -Werror if a prototype is another one. */
struct functions {
    int (*roll)(ketama_continuum *, char *);
    void (*smoke)(ketama_continuum);
    mcs *(*get_server)(char *, ketama_continuum);
    void (*print_continuum)(ketama_continuum);
    int (*compare)(mcs *, mcs *);
    unsigned int (*hashi)(char *);
    void (*md5_digest)(char *, unsigned char[16]);
    char *(*error)(void);
};

int main(void)
{
    struct functions all;
    continuum ring;
    serverinfo server;
    union semun argument;
    unsigned short values[1] = {7};
    /* The types of the members, by assignment. */
    void **time = &ring.modtime, **array = &ring.array;
    int *count = &ring.numpoints;
    unsigned long *weight = &server.memory;
    compfn order = (compfn)ketama_compare;
    mcs low = {1, "low"}, high = {4294967295u, "high"};
    all.roll = ketama_roll;
    all.smoke = ketama_smoke;
    all.get_server = ketama_get_server;
    all.print_continuum = ketama_print_continuum;
    all.compare = ketama_compare;
    all.hashi = ketama_hashi;
    all.md5_digest = ketama_md5_digest;
    all.error = ketama_error;
    argument.val = 1;
    argument.buf = NULL;
    argument.array = values;
    if (!time || !array || !count || !weight || argument.array[0] != 7 || !all.roll || !all.smoke || !all.get_server ||
        !all.print_continuum || !all.md5_digest || all.error()[0] != '\0')
        return 1;
    if (order(&low, &high) != -1 || order(&high, &low) != 1 || order(&low, &low) != 0)
        return 2;
    printf("layout as in 2007\n");
    return 0;
}
