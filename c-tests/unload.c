/* The library is opened, used and closed again and again: it goes away each time, and nothing of it stays behind.
 *
 *     unload LIBRARY */

#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include "check.h"
#include <dlfcn.h>
#include <ketama.h>
#include <pthread.h>

static char *library_path;
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

static void it_is_unmapped_each_time(void)
{
    int i;
    for (i = 0; i < 100; i++) {
        use_once(in_folder("list"));
        CHECK_THAT(mapped() == 0, "%d mappings after %d uses", mapped(), i + 1);
    }
}

static void a_fork_after_it_was_closed_works(void)
{
    in_child(nothing);
}

/* The thread ends when the library is gone: what is done at the end of a thread must not be code of the library. */
static void a_thread_may_outlive_it(void)
{
    int i;
    for (i = 0; i < 20; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, use_once, in_folder("list")) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK_THAT(mapped() == 0, "%d mappings", mapped());
    }
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
        TEST(it_is_unmapped_each_time),
        TEST(a_fork_after_it_was_closed_works),
        TEST(a_thread_may_outlive_it),
        TEST(a_child_may_open_it_and_end),
    };
    CHECK(argc == 2);
    library_path = argv[1];
    write_text(in_folder("list"), SAMPLE);
    return RUN_TESTS(tests);
}
