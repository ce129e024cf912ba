/* Random server lists and keys for compare.c: the same for the same seed. */

#ifndef KETAMA_GENERATE_H
#define KETAMA_GENERATE_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_TEXT 16384
#define LONGEST_KEY 250

/* A text under construction. */
struct text {
    char bytes[LONGEST_TEXT];
    size_t length;
};

/* xorshift64*: small, and good enough to choose with. */
static uint64_t random_state = 1;

static uint64_t random_bits(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 2685821657736338717u;
}

static unsigned long below(unsigned long limit)
{
    return (unsigned long)((random_bits() >> 11) % limit);
}

static void add_bytes(struct text *text, const char *bytes, size_t length)
{
    if (text->length + length <= LONGEST_TEXT) {
        memcpy(text->bytes + text->length, bytes, length);
        text->length += length;
    }
}

static void add(struct text *text, const char *string)
{
    add_bytes(text, string, strlen(string));
}

static void add_server(struct text *text, const char *address, long weight, const char *blank, const char *end)
{
    char line[256];
    snprintf(line, sizeof line, "%s%s%ld%s", address, blank, weight, end);
    add(text, line);
}

static const char *any_address(void)
{
    static char address[64];
    static const char *const odd[] = {"a", "#x", "localhost", "/run/cache.sock", "[2001:db8::7]:11211", "%s%n",
                                      "cache-node-03.lan:1121", "cache-node-03.lan:11211", "cache-node-003.lan:11211",
                                      "\xef\xbb\xbf" "10.0.0.1:11211", "-5", "0"};
    if (below(8) == 0)
        return odd[below(sizeof odd / sizeof odd[0])];
    snprintf(address, sizeof address, "10.%lu.%lu.%lu:%lu", below(4), below(256), below(256), 11211 + below(9));
    return address;
}

/* Servers with weights of like size: what people write. */
static void plain_list(struct text *text, unsigned long round)
{
    unsigned long count = 1 + (below(4) ? below(20) : below(117)), most = 1 + below(below(2) ? 1000 : 10000000);
    (void)round;
    while (count--)
        add_server(text, any_address(), (long)(1 + below(most)), "\t", "\n");
}

/* Equal weights, and each number of servers in turn up to what the 2007 library can hold. */
static void equal_list(struct text *text, unsigned long round)
{
    unsigned long i, count = 1 + round % 117, weight = 1 + below(2000);
    char address[64];
    for (i = 0; i < count; i++) {
        snprintf(address, sizeof address, "10.%lu.0.%lu:11211", round % 7, i);
        add_server(text, address, (long)weight, " ", "\n");
    }
}

/* Weights near the ends of a long, negative ones too; some lists wrap. */
static void huge_list(struct text *text, unsigned long round)
{
    static const long edges[] = {1, 2, LONG_MAX, LONG_MAX / 2 + 1, -1, -5, -1000, LONG_MIN};
    unsigned long count = 1 + below(5);
    (void)round;
    while (count--) {
        long weight = below(2) ? edges[below(8)] : (long)(random_bits() >> (2 + below(60)));
        add_server(text, any_address(), weight ? weight : 1, "\t", "\n");
    }
}

/* Comments, blank lines, columns, blanks, CRLF, and an end without a newline. */
static void loose_list(struct text *text, unsigned long round)
{
    static const char *const blanks[] = {"\t", " ", "  ", "\t \t"};
    static const char *const ends[] = {"\n", "\r\n", " name\n", " \n", "\t# x\n", ".5\n", "abc\n"};
    static const char *const between[] = {"#\n", "# 10.0.0.1:1 5\n", "\n", "x", "\n\n", "  ", "\t \t"};
    const char *end = below(2) ? "\n" : "\r\n";
    unsigned long count = 1 + below(12);
    (void)round;
    while (count--) {
        if (below(3) == 0)
            add(text, between[below(3)]);
        if (below(5) == 0)
            add(text, blanks[below(4)]);
        add_server(text, any_address(), (long)(10 + below(5000)), blanks[below(4)], below(4) ? end : ends[below(7)]);
    }
    if (below(2))
        text->length--;
    else if (below(2))
        add(text, between[below(7)]);
}

/* Bytes that mean something to the parser, in any order. */
static void byte_soup(struct text *text, unsigned long round)
{
    static const char alphabet[] = "\t\t  \n\n\r#0123456789-+ab.:\v\f\0\x80\xff";
    unsigned long length = below(below(3) ? 40 : 400);
    (void)round;
    while (length--)
        add_bytes(text, &alphabet[below(sizeof alphabet - 1)], 1);
}

/* A good list in which a few bytes were changed, taken out or doubled. */
static void damaged_list(struct text *text, unsigned long round)
{
    static const char alphabet[] = "\t \n\r#09-+a\0\xff";
    unsigned long changes = 1 + below(3);
    plain_list(text, round);
    while (changes-- && text->length > 2) {
        size_t at = below(text->length - 1);
        if (below(2))
            text->bytes[at] = alphabet[below(sizeof alphabet - 1)];
        else
            memmove(text->bytes + at, text->bytes + at + 1, --text->length - at);
    }
}

/* Servers that share a point, in both orders, and servers that are named twice. */
static void tied_list(struct text *text, unsigned long round)
{
    const char *first = below(2) ? "10.0.7.93:11211" : "10.0.21.24:11211";
    const char *second = first[5] == '7' ? "10.0.21.24:11211" : "10.0.7.93:11211";
    long weight = (long)(1 + below(900));
    char line[64];
    int other = (int)below(3);
    (void)round;
    if (other == 1)
        add_server(text, any_address(), weight, "\t", "\n");
    add_server(text, first, weight, "\t", "\n");
    snprintf(line, sizeof line, "10.7.7.%lu:11211", below(256));
    add_server(text, line, weight, "\t", "\n");
    add_server(text, second, weight, "\t", "\n");
    if (other == 2)
        add_server(text, line, weight, "\t", "\n");
}

/* Lines around the 126 bytes at which they are cut, and addresses around the 23 bytes that fit. */
static void long_list(struct text *text, unsigned long round)
{
    unsigned long count = 1 + below(4);
    (void)round;
    while (count--) {
        unsigned long i, length = below(2) ? 18 + below(8) : 1 + below(20), blanks = below(2) ? 100 + below(20) : 1;
        if (below(4) == 0) {
            add(text, "#");
            for (i = 115 + below(16); i > 0; i--)
                add(text, "c");
            add(text, below(2) ? " 80\n" : "\n");
        }
        for (i = 0; i < length; i++)
            add_bytes(text, "abcdefghijklmnopqrstuvwxyz" + i % 26, 1);
        while (blanks--)
            add(text, " ");
        add_server(text, "", (long)(10 + below(990)), "", "\n");
    }
}

/* Around the number of points that fit into the segment of the 2007 library. */
static void full_list(struct text *text, unsigned long round)
{
    unsigned long i, count = 113 + below(10), spread = below(2) ? 1 : 1 + below(400);
    char address[64];
    for (i = 0; i < count; i++) {
        snprintf(address, sizeof address, "10.8.%lu.%lu:11211", round % 256, i);
        add_server(text, address, (long)(100 + below(spread)), "\t", "\n");
    }
}

typedef void (*maker)(struct text *text, unsigned long round);

static const struct kind {
    const char *name;
    maker make;
} kinds[] = {{"plain", plain_list},     {"equal weights", equal_list}, {"huge weights", huge_list},
             {"loose", loose_list},     {"byte soup", byte_soup},      {"damaged", damaged_list},
             {"ties", tied_list},       {"long lines", long_list},     {"nearly full", full_list},
             {"byte soup", byte_soup}};

#define KINDS (sizeof kinds / sizeof kinds[0])

/* A key: a number, a text or any bytes but NUL, of 0 to 250 bytes. */
static void any_key(char key[LONGEST_KEY + 1])
{
    size_t i, length = below(3) ? below(LONGEST_KEY + 1) : below(64);
    if (below(4) == 0) {
        snprintf(key, LONGEST_KEY + 1, "user:%lu:profile", below(1000000));
        return;
    }
    for (i = 0; i < length; i++)
        key[i] = (char)(1 + below(255));
    key[length] = '\0';
}

#endif
