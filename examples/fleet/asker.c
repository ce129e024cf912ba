/* asker.c: a C program whose event loop answers questions and follows a ring that another process publishes.
 *
 *   asker SEGMENT < KEYS
 *
 * One line for each key: process, fingerprint of the ring, the server that the ring names, and the value that this server
 * has for the key. SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <inttypes.h>
#include <ketama.h>
#include <ketama_ring.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Connections to memcached, one for each server that was ever asked. */
static struct connection {
    char name[64];
    FILE *answers;
} connections[16];

static void die(const char *what, const char *why)
{
    fprintf(stderr, "asker: %s: %s\n", what, why);
    exit(1);
}

/* A stream from ADDRESS:PORT; NULL if there is no such server. */
static FILE *connected(const char *name)
{
    char host[64];
    unsigned short port;
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (sscanf(name, "%63[0-9.]:%hu", host, &port) != 2 || inet_pton(AF_INET, host, &address.sin_addr) != 1) return NULL;
    address.sin_port = htons(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return NULL;
    return fdopen(fd, "r");
}

static FILE *answers_of(const char *name)
{
    for (struct connection *at = connections; at < connections + sizeof connections / sizeof *connections; at++) {
        if (at->name[0] == '\0') {
            at->answers = connected(name);
            if (at->answers == NULL) return NULL;
            snprintf(at->name, sizeof at->name, "%s", name);
        }
        if (strcmp(at->name, name) == 0) return at->answers;
    }
    return NULL;
}

/* The value of a key on a server, in memcached's own protocol; 0 if it is not there. */
static int value_on(const char *server, const char *key, char *value, int size)
{
    char line[256];
    FILE *answers = answers_of(server);
    if (answers == NULL) return 0;
    dprintf(fileno(answers), "get %s\r\n", key);
    if (fgets(line, sizeof line, answers) == NULL || strncmp(line, "VALUE ", 6) != 0) return 0;
    if (fgets(value, size, answers) == NULL || fgets(line, sizeof line, answers) == NULL) return 0;
    value[strcspn(value, "\r\n")] = '\0';
    return 1;
}

static void answer(const ketama_ring *ring, const char *key)
{
    char value[128];
    const char *server = ketama_ring_server_name(ring, ketama_ring_lookup(ring, key, strlen(key)));
    if (server == NULL || !value_on(server, key, value, sizeof value)) snprintf(value, sizeof value, "-");
    printf("%ld %016" PRIx64 " %s %s\n", (long)getpid(), ketama_ring_fingerprint(ring), server ? server : "-", value);
    fflush(stdout);
}

/* Takes the ring that is in use now. One that cannot be used is no reason to stop: the last good one stays. */
static void follow(const ketama_handle *handle, ketama_ring **ring)
{
    int changed = 0;
    if (ketama_handle_refresh(handle, &changed) != KETAMA_OK) fprintf(stderr, "asker: %s\n", ketama_error());
    if (!changed) return;
    ketama_ring_free(*ring);
    *ring = NULL;
    if (ketama_handle_ring(handle, ring) != KETAMA_OK) die("ring", ketama_error());
}

int main(int argc, char **argv)
{
    char key[256];
    ketama_handle *handle;
    ketama_ring *ring;
    struct pollfd waiting[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};

    if (argc != 2) die("usage", "asker SEGMENT");
    if (ketama_handle_open(argv[1], &handle) != KETAMA_OK || ketama_handle_watch(handle, &waiting[1].fd) != KETAMA_OK
        || ketama_handle_ring(handle, &ring) != KETAMA_OK) die(argv[1], ketama_error());
    setvbuf(stdin, NULL, _IONBF, 0); /* what stdio has read ahead, poll() does not see */
    while (poll(waiting, 2, -1) > 0) {
        if (waiting[1].revents) follow(handle, &ring);
        if (!waiting[0].revents) continue;
        if (fgets(key, sizeof key, stdin) == NULL) break;
        key[strcspn(key, "\n")] = '\0';
        answer(ring, key);
    }
    ketama_ring_free(ring);
    ketama_handle_free(handle);
}
