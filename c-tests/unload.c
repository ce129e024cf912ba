/* The library is opened, used and closed again and again. It stays in the process, one copy of it, and a thread that used
 * it may end when nobody has it open any more.
 *
 *     unload LIBRARY */

#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include "check.h"
#include <dlfcn.h>
#include <ketama.h>
#include <ketama_ring.h>
#include <pthread.h>

static char library_path[4096];
static int keep_open;

static void *function(void *library, const char *name)
{
    void *address = dlsym(library, name);
    CHECK_THAT(address != NULL, "%s", name);
    return address;
}

/* How many mappings of the library there are. */
static int mapped(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    const char *name = strrchr(library_path, '/');
    char line[4400];
    int count = 0;
    CHECK(file != NULL && name != NULL);
    while (fgets(line, sizeof line, file))
        count += strstr(line, name) != NULL;
    fclose(file);
    return count;
}

/* Opens, rolls, looks up, smokes and closes. */
static void *use_once(void *list)
{
    void *library = dlopen(library_path, RTLD_LOCAL | RTLD_NOW);
    int (*roll)(ketama_continuum *, char *);
    mcs *(*get_server)(char *, ketama_continuum);
    void (*smoke)(ketama_continuum);
    ketama_continuum ring = NULL;
    CHECK_THAT(library != NULL, "%s", dlerror());
    *(void **)&roll = function(library, "ketama_roll");
    *(void **)&get_server = function(library, "ketama_get_server");
    *(void **)&smoke = function(library, "ketama_smoke");
    CHECK(roll(&ring, list) == 1);
    CHECK(strcmp(get_server("41", ring)->ip, "10.0.1.3:11211") == 0);
    smoke(ring);
    if (!keep_open)
        CHECK(dlclose(library) == 0);
    return NULL;
}

static void nothing(void)
{
}

static void one_copy_serves_each_time(void)
{
    int i, first;
    use_once(in_folder("list"));
    first = mapped();
    CHECK(first > 0);
    for (i = 0; i < 100; i++) {
        use_once(in_folder("list"));
        CHECK_THAT(mapped() == first, "%d mappings after %d uses, %d after the first", mapped(), i + 1, first);
    }
}

static void a_fork_after_it_was_closed_works(void)
{
    in_child(nothing);
}

/* The thread ends when the library is closed. A large ring is built by several threads, and a handle keeps something for
 * each thread: both leave work for the end of this one. */
static void *use_all(void *list)
{
    void *library = dlopen(library_path, RTLD_LOCAL | RTLD_NOW);
    int (*open_handle)(const char *, ketama_handle **);
    uint32_t (*lookup)(const ketama_handle *, const void *, size_t);
    void (*free_handle)(ketama_handle *);
    ketama_handle *handle;
    CHECK_THAT(library != NULL, "%s", dlerror());
    *(void **)&open_handle = function(library, "ketama_handle_open");
    *(void **)&lookup = function(library, "ketama_handle_lookup");
    *(void **)&free_handle = function(library, "ketama_handle_free");
    CHECK(open_handle(list, &handle) == KETAMA_OK);
    CHECK(lookup(handle, "41", 2) != KETAMA_NO_SERVER);
    free_handle(handle);
    CHECK(dlclose(library) == 0);
    return NULL;
}

static void run_in_thread(void *(*run)(void *), char *list)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, list) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void a_thread_may_end_when_it_is_closed(void)
{
    int i;
    for (i = 0; i < 20; i++)
        run_in_thread(use_once, in_folder("list"));
    run_in_thread(use_all, in_folder("large"));
}

static void use_in_child(void)
{
    keep_open = 1;
    use_once(in_folder("list"));
}

static void a_child_may_open_it_and_end(void)
{
    in_child(use_in_child);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(one_copy_serves_each_time),
        TEST(a_fork_after_it_was_closed_works),
        TEST(a_thread_may_end_when_it_is_closed),
        TEST(a_child_may_open_it_and_end),
    };
    FILE *large;
    int i;
    CHECK(argc == 2);
    /* Mappings go by the name of the file, not by that of a link to it. */
    CHECK_THAT(realpath(argv[1], library_path) != NULL, "%s", argv[1]);
    write_text(in_folder("list"), SAMPLE);
    large = fopen(in_folder("large"), "w");
    CHECK(large != NULL);
    for (i = 0; i < 1000; i++)
        fprintf(large, "10.0.%d.%d:11211 1000\n", i / 256, i % 256);
    CHECK(fclose(large) == 0);
    return RUN_TESTS(tests);
}
