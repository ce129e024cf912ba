/* No descriptors, no watches, no address space: what fails says so, what was there stays, and afterwards all works again.
 *
 *     scarce            all
 *     scarce crowded    all but address space, of which a checker needs more itself */

#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <grp.h>
#include <ketama.h>
#include <ketama_ring.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static void limit(int resource, rlim_t most)
{
    struct rlimit limits;
    CHECK(getrlimit(resource, &limits) == 0);
    limits.rlim_cur = most < limits.rlim_max ? most : limits.rlim_max;
    CHECK(setrlimit(resource, &limits) == 0);
}

static void fails(int status, int expected, const char *text)
{
    CHECK_THAT(status == expected && strstr(ketama_error(), text), "status %d: %s", status, ketama_error());
}

static int changed(ketama_handle *handle)
{
    int is_new = -1;
    CHECK_THAT(ketama_handle_refresh(handle, &is_new) == KETAMA_OK, "%s", ketama_error());
    return is_new;
}

static void without_descriptors_all_is_refused_and_the_old_ring_stays(void)
{
    static const char text[] = "Too many open files";
    static const char one[] = "dialect = \"nginx\"\n[[servers]]\nname = \"a:1\"\n";
    static const char two[] = "dialect = \"nginx\"\n[[servers]]\nname = \"a:1\"\n[[servers]]\nname = \"b:1\"\n";
    char *list = in_folder("list"), *fleet = in_folder("fleet.toml"), *segment = in_folder("segment");
    ketama_continuum old, ring;
    ketama_ring *small = NULL, *large = NULL, *made = NULL;
    ketama_handle *follows_list = NULL, *follows_segment = NULL;
    struct rlimit before;
    int descriptor = -1;
    CHECK(ketama_ring_parse(one, strlen(one), &small) == KETAMA_OK);
    CHECK(ketama_ring_parse(two, strlen(two), &large) == KETAMA_OK);
    write_text(list, ONE);
    write_text(fleet, one);
    CHECK(ketama_ring_publish(small, segment) == KETAMA_OK);
    CHECK(ketama_roll(&old, list) == 1);
    CHECK(ketama_handle_open(fleet, &follows_list) == KETAMA_OK);
    CHECK(ketama_handle_open(segment, &follows_segment) == KETAMA_OK);
    /* All of them have something new to see. */
    replace_text(list, SAMPLE);
    replace_text(fleet, two);
    CHECK(ketama_ring_publish(large, segment) == KETAMA_OK);

    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    limit(RLIMIT_NOFILE, 0);
    CHECK(ketama_roll(&ring, list) == 0);
    CHECK_THAT(strstr(ketama_error(), text) != NULL, "%s", ketama_error());
    CHECK(ring->numpoints == old->numpoints && ring->array == old->array);
    ketama_smoke(ring);
    fails(ketama_ring_open(fleet, &made), KETAMA_E_IO, text);
    fails(ketama_ring_publish(small, segment), KETAMA_E_IO, text);
    fails(ketama_ring_attach(segment, &made), KETAMA_E_IO, text);
    fails(ketama_handle_watch(follows_list, &descriptor), KETAMA_E_IO, text);
    CHECK(made == NULL && descriptor == -1);
    fails(ketama_handle_refresh(follows_list, NULL), KETAMA_E_IO, text);
    fails(ketama_handle_refresh(follows_segment, NULL), KETAMA_E_IO, text);
    CHECK(ketama_handle_is_stale(follows_segment));
    CHECK(ketama_handle_lookup(follows_list, "key", 3) == 0 && ketama_handle_lookup(follows_segment, "key", 3) == 0);
    /* Without a watch, the path is looked at. */
    CHECK(ketama_handle_wait(follows_list, 10000) == 1);

    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK_THAT(ketama_roll(&ring, list) == 1 && ring->numpoints == SAMPLE_POINTS, "%s", ketama_error());
    ketama_smoke(ring);
    ketama_smoke(old);
    CHECK_THAT(changed(follows_list) == 1, "%s", ketama_error());
    CHECK_THAT(changed(follows_segment) == 1 && !ketama_handle_is_stale(follows_segment), "%s", ketama_error());
    CHECK_THAT(ketama_handle_watch(follows_list, &descriptor) == KETAMA_OK && descriptor >= 0, "%s", ketama_error());
    CHECK(ketama_ring_publish(small, segment) == KETAMA_OK);
    CHECK(ketama_ring_attach(segment, &made) == KETAMA_OK && ketama_ring_server_count(made) == 1);
    ketama_ring_free(made);
    ketama_ring_free(small);
    ketama_ring_free(large);
    ketama_handle_free(follows_list);
    ketama_handle_free(follows_segment);
}

/* How many more watches the kernel allows; as many as it likes if below 0. Its own limit is one for all programs of a user. */
static int watches = -1;

int inotify_add_watch(int descriptor, const char *path, uint32_t mask)
{
    if (watches == 0) {
        errno = ENOSPC;
        return -1;
    }
    watches -= watches > 0;
    return (int)syscall(SYS_inotify_add_watch, descriptor, path, mask);
}

/* Waits for a change that is made meanwhile, and takes it. */
static void notices(ketama_handle *handle, const char *path, const char *text)
{
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        usleep(100000);
        write_text(path, text);
        /* A checker of leaks does not ask a process that becomes another program what it has of its parent's. */
        execlp("true", "true", (char *)NULL);
        _exit(1);
    }
    CHECK(ketama_handle_wait(handle, 60000) == 1);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK_THAT(changed(handle) == 1, "%s", path);
}

/* Opens a handle whose list was not changed just now: that alone would make it look again. */
static ketama_handle *settled(const char *path)
{
    ketama_handle *handle = NULL;
    usleep(50000);
    CHECK_THAT(ketama_handle_open(path, &handle) == KETAMA_OK, "%s", ketama_error());
    CHECK(ketama_handle_wait(handle, 0) == 0);
    return handle;
}

/* Links lead through two folders, both of which have to be watched. */
static void with_few_watches_paths_are_looked_at(void)
{
    ketama_handle *handle;
    int descriptor = -1;
    CHECK(mkdir("links", 0700) == 0 && mkdir("one", 0700) == 0 && mkdir("two", 0700) == 0);
    write_text("one/list", ONE);
    write_text("two/list", TWO);
    CHECK(symlink("../one/list", "links/list") == 0);
    for (watches = 1; watches >= 0; watches--) {
        int before = watches;
        handle = settled("links/list");
        watches = before;
        fails(ketama_handle_watch(handle, &descriptor), KETAMA_E_IO, "No space left on device");
        watches = before;
        notices(handle, "one/list", before ? TWO : ONE);
        ketama_handle_free(handle);
        watches = before;
    }
    /* They are enough at first, and not when the link leads elsewhere. */
    watches = -1;
    handle = settled("links/list");
    CHECK(ketama_handle_watch(handle, &descriptor) == KETAMA_OK);
    watches = 1;
    CHECK(symlink("../two/list", "links/new") == 0 && rename("links/new", "links/list") == 0);
    CHECK(ketama_handle_wait(handle, 60000) == 1 && changed(handle) == 1);
    usleep(50000);
    CHECK(changed(handle) == 0 && ketama_handle_wait(handle, 0) == 0);
    notices(handle, "two/list", ONE);
    watches = -1;
    ketama_handle_free(handle);
}

/* As a user who has all the instances that a user may have. */
static void without_instances(void)
{
    ketama_handle *handle = NULL;
    int descriptor = -1;
    CHECK(setgroups(0, NULL) == 0 && setgid(60124) == 0 && setuid(60124) == 0);
    while (inotify_init1(IN_CLOEXEC) >= 0)
        ;
    CHECK(errno == EMFILE);
    handle = settled("list");
    fails(ketama_handle_watch(handle, &descriptor), KETAMA_E_IO, "Too many open files");
    notices(handle, "list", TWO);
    ketama_handle_free(handle);
}

static void without_instances_paths_are_looked_at(void)
{
    if (geteuid() != 0) {
        printf("SKIPPED a user who may watch nothing more: only root can become one\n");
        return;
    }
    write_text("list", ONE);
    CHECK(chmod(".", 0755) == 0 && chown("list", 60124, 60124) == 0);
    in_child(without_instances);
    CHECK(unlink("list") == 0);
}

/* Bytes of address space that this process has. */
static rlim_t space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1 && fclose(file) == 0);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* A list of 100,000 servers, whose ring has 16 million points. */
static void write_large(const char *path, const char *format)
{
    FILE *file = fopen(path, "w");
    int i;
    CHECK(file != NULL);
    if (strstr(format, "[[") != NULL)
        fprintf(file, "dialect = \"twemproxy\"\n");
    for (i = 0; i < 100000; i++)
        fprintf(file, format, i / 250, i % 250);
    CHECK(fclose(file) == 0);
}

static void without_address_space_a_large_list_is_refused(void)
{
    char *list = in_folder("large"), *fleet = in_folder("large.toml"), *small = in_folder("small");
    ketama_continuum ring;
    ketama_ring *made = NULL;
    ketama_handle *handle = NULL;
    rlim_t used;
    struct rlimit before;
    int more;
    write_large(list, "10.0.%d.%d:11211 1\n");
    write_large(fleet, "[[servers]]\nname = \"10.0.%d.%d:11211\"\nweight = 1\n");
    write_text(small, "dialect = \"nginx\"\n[[servers]]\nname = \"a:1\"\n");
    CHECK(ketama_handle_open(small, &handle) == KETAMA_OK);
    CHECK(getrlimit(RLIMIT_AS, &before) == 0);
    used = space();
    for (more = 50; more <= 110; more += 10) {
        limit(RLIMIT_AS, used + (rlim_t)more * 1024 * 1024);
        CHECK_THAT(ketama_roll(&ring, list) == 0, "%d MB", more);
        CHECK_THAT(strstr(ketama_error(), "no memory for ") != NULL, "%d MB: %s", more, ketama_error());
        CHECK(ring->numpoints == 0);
        ketama_smoke(ring);
        fails(ketama_ring_open(fleet, &made), KETAMA_E_MEMORY, "no memory for ");
    }
    /* In between some lack is met late: refused or not, nothing ends the process. */
    for (more = 185; more <= 425; more += 60) {
        int status;
        limit(RLIMIT_AS, used + (rlim_t)more * 1024 * 1024);
        if (ketama_roll(&ring, list) == 0)
            CHECK_THAT(strstr(ketama_error(), "no memory for ") != NULL, "%d MB: %s", more, ketama_error());
        ketama_smoke(ring);
        status = ketama_ring_open(fleet, &made);
        CHECK_THAT(status == KETAMA_OK || status == KETAMA_E_MEMORY, "%d MB: %d: %s", more, status, ketama_error());
        ketama_ring_free(made);
        made = NULL;
    }
    /* What is small still works. */
    limit(RLIMIT_AS, space() + 50 * 1024 * 1024);
    replace_text(small, "dialect = \"nginx\"\n[[servers]]\nname = \"b:1\"\n");
    CHECK(changed(handle) == 1);
    CHECK(ketama_ring_open(small, &made) == KETAMA_OK);
    CHECK(setrlimit(RLIMIT_AS, &before) == 0);
    ketama_ring_free(made);
    ketama_handle_free(handle);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(without_descriptors_all_is_refused_and_the_old_ring_stays),
        TEST(with_few_watches_paths_are_looked_at),
        TEST(without_instances_paths_are_looked_at),
        TEST(without_address_space_a_large_list_is_refused),
    };
    if (argc == 1)
        return RUN_TESTS(tests);
    CHECK(strcmp(argv[1], "crowded") == 0);
    return run_tests(tests, sizeof tests / sizeof tests[0] - 1);
}
