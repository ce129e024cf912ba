/* A publisher that is killed before and after each of its system calls: readers have the old ring or the new one, whole, and
 * the next publisher leaves nothing lying about. */

#define _GNU_SOURCE
#include <dirent.h>
#include <ketama.h>
#include <ketama_ring.h>
#include "stopped.h"

static ketama_ring *rings[2];
static char *path;

static ketama_ring *ring_of(const char *names[], size_t count)
{
    ketama_server servers[2];
    ketama_ring *ring = NULL;
    size_t i;
    memset(servers, 0, sizeof servers);
    for (i = 0; i < count; i++) {
        servers[i].name = names[i];
        servers[i].weight = 1;
    }
    CHECK_THAT(ketama_ring_new("nginx", servers, count, &ring) == KETAMA_OK, "%s", ketama_error());
    return ring;
}

/* How many files lie in the folder of the segment. */
static int files(void)
{
    struct dirent *entry;
    int count = 0;
    DIR *folder = opendir("rings");
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    CHECK(closedir(folder) == 0);
    return count;
}

/* How many servers the ring of a handle has. */
static size_t servers_of(const ketama_handle *handle)
{
    ketama_ring *ring = NULL;
    size_t count;
    CHECK(ketama_handle_ring(handle, &ring) == KETAMA_OK);
    count = ketama_ring_server_count(ring);
    ketama_ring_free(ring);
    return count;
}

/* What a reader has who comes now: the number of the ring. */
static int seen(void)
{
    ketama_ring *ring = NULL;
    int i;
    CHECK_THAT(ketama_ring_attach(path, &ring) == KETAMA_OK, "%s", ketama_error());
    CHECK(ketama_ring_is_shared(ring));
    i = ketama_ring_fingerprint(ring) == ketama_ring_fingerprint(rings[1]);
    CHECK(ketama_ring_fingerprint(ring) == ketama_ring_fingerprint(rings[i]));
    ketama_ring_free(ring);
    return i;
}

static void publish(ketama_ring *ring)
{
    CHECK_THAT(ketama_ring_publish(ring, path) == KETAMA_OK, "%s", ketama_error());
}

static int publish_second(void)
{
    return ketama_ring_publish(rings[1], path);
}

/* Publishes the second ring in a child, which is killed at its stop of this number. As stopped_at(). */
static int killed_at(int stop)
{
    pid_t child;
    int status = 0, came = stopped_at(publish_second, stop, &child);
    if (came == 1) {
        CHECK(kill(child, SIGKILL) == 0);
        CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    }
    return came;
}

int main(void)
{
    const char *names[] = {"10.0.0.1:11211", "10.0.0.2:11211"};
    ketama_handle *handle = NULL;
    int stop, killed, outcomes[2] = {0, 0};
    rings[0] = ring_of(names, 1);
    rings[1] = ring_of(names, 2);
    CHECK(mkdir("rings", 0700) == 0);
    path = in_folder("rings/ring");
    publish(rings[0]);
    CHECK_THAT(ketama_handle_open(path, &handle) == KETAMA_OK, "%s", ketama_error());
    for (stop = 0; (killed = killed_at(stop)) == 1; stop++) {
        int is_new = seen();
        size_t servers;
        outcomes[is_new]++;
        CHECK_THAT(ketama_handle_refresh(handle, NULL) == KETAMA_OK, "%s", ketama_error());
        servers = servers_of(handle);
        CHECK_THAT(servers == (is_new ? 2u : 1u), "%lu servers", (unsigned long)servers);
        publish(rings[0]);
        CHECK(seen() == 0);
        CHECK_THAT(files() == 3, "%d files after %d stops", files(), stop);
        CHECK(ketama_handle_is_stale(handle) && ketama_handle_refresh(handle, NULL) == KETAMA_OK);
        CHECK(!ketama_handle_is_stale(handle));
    }
    if (killed < 0) {
        printf("SKIPPED publishers that are killed at each system call: none can be traced here\n");
    } else {
        CHECK(seen() == 1);
        CHECK_THAT(outcomes[0] > 10 && outcomes[1] > 0, "%d old, %d new", outcomes[0], outcomes[1]);
        printf("killed %d times: %d readers with the old ring, %d with the new one\n", stop, outcomes[0], outcomes[1]);
    }
    ketama_handle_free(handle);
    ketama_ring_free(rings[0]);
    ketama_ring_free(rings[1]);
    return 0;
}
