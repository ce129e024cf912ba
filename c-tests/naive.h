/* The rules of the classic server list and its ring, written the obvious way: what an input is, and which ring it gives.
 * Not for use: it is slow, and it only knows what the tests need. */

#ifndef KETAMA_NAIVE_H
#define KETAMA_NAIVE_H

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAIVE_SERVERS 4096

struct naive_server {
    char address[128];
    unsigned long weight;
};

/* What the 2007 library makes of a text. */
enum verdict {
    GOOD,     /* a ring */
    BAD,      /* refused */
    CRASHES,  /* strlen(NULL): a piece of blanks alone without a newline */
    WRAPS,    /* the weights add up to 2^64 or more: stack overrun, or a float that no int can hold */
    TOO_MANY, /* more points than its segment holds */
    VERDICTS
};

struct naive_list {
    struct naive_server servers[NAIVE_SERVERS];
    int count;
    long points;
};

/* How many groups of four points a server has. Each step is rounded as the C of 2007 rounds it on x86-64. */
static inline unsigned naive_groups(unsigned long weight, unsigned long total, int servers)
{
    volatile float share = (float)weight / (float)total;
    volatile double wanted = (double)share * 40.0 * (double)(float)servers;
    volatile float rounded = (float)wanted;
    return (unsigned)floorf(rounded);
}

/* One piece of a text, a C string. 0: the 2007 library would crash; 1: a server; -1: refused; 2: passed over. */
static inline int naive_line(char *piece, struct naive_server *server)
{
    char *token, *end;
    if (strlen(piece) < 2 || piece[0] == '#')
        return 2;
    token = strtok(piece, "\t ");
    if (token == NULL)
        return 0;
    if (strlen(token) > 23)
        return -1;
    strcpy(server->address, token);
    token = strtok(NULL, "\t ");
    if (token == NULL)
        return -1;
    token[strlen(token) - 1] = '\0';
    errno = 0;
    server->weight = (unsigned long)strtol(token, &end, 10);
    return errno == ERANGE || end == token || server->weight == 0 ? -1 : 1;
}

/* Reads a text of the given length into a list. */
static inline enum verdict naive_parse(const char *text, size_t length, struct naive_list *list)
{
    const char *const end = text + length;
    unsigned long total = 0;
    int wraps = 0, i;
    list->count = 0;
    list->points = 0;
    while (text < end) {
        char piece[127];
        size_t size = 0;
        int kind;
        while (text < end && size < 126 && (size == 0 || piece[size - 1] != '\n'))
            piece[size++] = *text++;
        piece[size] = '\0';
        kind = list->count < NAIVE_SERVERS ? naive_line(piece, &list->servers[list->count]) : -1;
        if (kind == 0)
            return CRASHES;
        if (kind < 0)
            return BAD;
        if (kind == 1) {
            total += list->servers[list->count].weight;
            wraps |= total < list->servers[list->count].weight;
            list->count++;
        }
    }
    if (list->count == 0)
        return BAD;
    if (wraps)
        return WRAPS;
    for (i = 0; i < list->count; i++)
        list->points += 4L * (long)naive_groups(list->servers[i].weight, total, list->count);
    /* 36 bytes of the 524288 lie before the first record of 28. */
    return list->points > (524288 - 36) / 28 ? TOO_MANY : GOOD;
}

#endif
