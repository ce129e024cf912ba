/* Threads roll, look up and smoke at once; each has its own error; children of a process with threads work.
 *
 *     threads [ROLLS]     rolls of each of the eight threads, 10000 unless told otherwise */

#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include "check.h"
#include <ketama.h>
#include <pthread.h>

#define THREADS 8

static int rolls = 10000;
static char *changing, *steady;
static ketama_continuum shared;

/* The ring is one of the two that the changing file has, and whole. */
static void check_whole(ketama_continuum ring)
{
    mcs *first = ring->array, *last = first + ring->numpoints - 1;
    const char *address = ring->numpoints == 160 ? "10.9.9.1:11211" : "10.0.1.";
    CHECK_THAT(ring->numpoints == 160 || ring->numpoints == SAMPLE_POINTS, "%d", ring->numpoints);
    CHECK(strncmp(first->ip, address, strlen(address)) == 0 && strncmp(last->ip, address, strlen(address)) == 0);
    CHECK(strncmp(ketama_get_server("41", ring)->ip, address, strlen(address)) == 0);
}

static void *roll_look_up_smoke(void *unused)
{
    int i;
    for (i = 0; i < rolls; i++) {
        char key[16];
        ketama_continuum mine = NULL, other = NULL;
        CHECK_THAT(ketama_roll(&mine, i % 4 ? changing : steady) == 1, "%s", ketama_error());
        CHECK(ketama_error()[0] == '\0');
        check_whole(mine);
        if (i % 16 == 0) {
            CHECK_THAT(ketama_roll(&other, steady) == 1, "%s", ketama_error());
            check_whole(other);
        }
        ketama_smoke(mine);
        if (other)
            check_whole(other);
        ketama_smoke(other);
        sprintf(key, "%d", i);
        CHECK(ketama_get_server(key, shared) != NULL);
    }
    return unused;
}

/* Runs the threads, and meanwhile a function again and again in this one. */
static void with_threads(void *(*run)(void *), void (*meanwhile)(int round), int rounds)
{
    pthread_t threads[THREADS];
    int i;
    CHECK(ketama_roll(&shared, steady) == 1);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, run, NULL) == 0);
    for (i = 0; i < rounds; i++)
        meanwhile(i);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(strcmp(ketama_get_server("41", shared)->ip, "10.0.1.3:11211") == 0);
    ketama_smoke(shared);
}

/* Another list under the same name, or another time of modification. */
static void change(int round)
{
    if (round % 2)
        replace_text(changing, round % 4 == 1 ? ONE : SAMPLE);
    else
        CHECK(utimensat(AT_FDCWD, changing, NULL, 0) == 0);
    usleep(500);
}

static void eight_threads_roll_look_up_and_smoke(void)
{
    with_threads(roll_look_up_smoke, change, rolls / 5);
}

static void use_everything(void)
{
    ketama_continuum ring;
    CHECK(ketama_roll(&ring, steady) == 1);
    check_whole(ring);
    CHECK(strcmp(ketama_get_server("41", shared)->ip, "10.0.1.3:11211") == 0);
    ketama_smoke(ring);
}

static void fork_once(int round)
{
    pid_t child = fork();
    int status;
    (void)round;
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        use_everything();
        /* What the parent's other threads were using is lost to the child, which does not have them. A checker of leaks
         * would say so at its end; a process that becomes another program is not asked. */
        execlp("true", "true", (char *)NULL);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_THAT(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status %d", status);
}

static void children_of_a_process_with_threads_work(void)
{
    with_threads(roll_look_up_smoke, fork_once, rolls < 1000 ? 3 : 50);
}

static pthread_barrier_t everyone;

/* Each thread fails in its own way, all at once, and reads its own text. */
static void *fail(void *number)
{
    char path[64];
    ketama_continuum untouched = NULL;
    CHECK(ketama_error()[0] == '\0');
    sprintf(path, "missing-%p", number);
    pthread_barrier_wait(&everyone);
    CHECK(ketama_roll(&untouched, path) == 0 && untouched == NULL);
    pthread_barrier_wait(&everyone);
    CHECK_THAT(strstr(ketama_error(), path) != NULL, "%s", ketama_error());
    return NULL;
}

static void each_thread_has_its_own_error(void)
{
    pthread_t threads[THREADS];
    ketama_continuum ring = NULL;
    size_t i;
    CHECK(pthread_barrier_init(&everyone, NULL, THREADS) == 0);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, fail, (char *)0 + 16 + i) == 0);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(pthread_barrier_destroy(&everyone) == 0);
    CHECK(ketama_roll(&ring, steady) == 1 && ketama_error()[0] == '\0');
    ketama_smoke(ring);
}

/* A continuum may be rolled in one thread and smoked in another. */
static void *smoke_shared(void *unused)
{
    ketama_smoke(shared);
    return unused;
}

static void another_thread_may_smoke(void)
{
    pthread_t thread;
    CHECK(ketama_roll(&shared, steady) == 1);
    CHECK(pthread_create(&thread, NULL, smoke_shared, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
    /* First one without company: Rust's library finds out then that the system has statx(), and remembers it in an
     * atomic byte, which helgrind takes for a plain one. */
    static const struct test tests[] = {
        TEST(another_thread_may_smoke),
        TEST(each_thread_has_its_own_error),
        TEST(eight_threads_roll_look_up_and_smoke),
        TEST(children_of_a_process_with_threads_work),
    };
    if (argc > 1)
        rolls = atoi(argv[1]);
    changing = in_folder("changing");
    steady = in_folder("steady");
    write_text(changing, SAMPLE);
    write_text(steady, SAMPLE);
    return RUN_TESTS(tests);
}
