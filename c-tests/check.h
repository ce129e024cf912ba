/* What the C tests share: a claim that ends the program when it is false, a folder of its own, and small helpers. */

#ifndef KETAMA_CHECK_H
#define KETAMA_CHECK_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* The sample list, as in ketama.servers. */
#define SAMPLE                                                                                                         \
    "10.0.1.1:11211\t600\n10.0.1.2:11211\t300\n10.0.1.3:11211\t200\n10.0.1.4:11211\t350\n"                             \
    "10.0.1.5:11211\t1000\n10.0.1.6:11211\t800\n10.0.1.7:11211\t950\n10.0.1.8:11211\t100\n"
#define SAMPLE_POINTS 1264

/* One server; another one that makes a file of the same size. */
#define ONE "10.9.9.1:11211\t100\n"
#define TWO "10.9.9.2:11211\t100\n"

#define CHECK(claim) CHECK_THAT(claim, "%s", "")

/* The same with a text for printf() that says what was there instead. */
#define CHECK_THAT(claim, ...)                                                                                         \
    do {                                                                                                               \
        if (!(claim)) {                                                                                                \
            fprintf(stderr, "%s:%d: not true: %s ", __FILE__, __LINE__, #claim);                                       \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* One test of a program that has several. */
struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(name) {#name, name}

static inline int run_tests(const struct test *tests, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        tests[i].run();
        printf("ok %s\n", tests[i].name);
        fflush(stdout);
    }
    printf("%lu passed\n", (unsigned long)count);
    return 0;
}

#define RUN_TESTS(tests) run_tests(tests, sizeof(tests) / sizeof((tests)[0]))

/* The folder of this program: c-tests/run.rs makes it, starts the program in it, and removes it. */
static inline char *in_folder(const char *name)
{
    static char paths[8][4096];
    static int next;
    char *path = paths[next++ % 8];
    size_t length;
    CHECK(getcwd(path, 2048) != NULL);
    length = strlen(path);
    snprintf(path + length, 4096 - length, "/%s", name);
    return path;
}

static inline void write_bytes(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "w");
    CHECK_THAT(file != NULL, "%s", path);
    CHECK(fwrite(bytes, 1, length, file) == length);
    CHECK(fclose(file) == 0);
}

static inline void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

/* Replaces a file as distributors of lists do it: a new file, renamed over the old one. */
static inline void replace_text(const char *path, const char *text)
{
    char other[4200];
    snprintf(other, sizeof other, "%s.new", path);
    write_text(other, text);
    CHECK(rename(other, path) == 0);
}

/* Starts a child process, which has so many seconds. What is printed is printed once. */
static inline pid_t start_child(unsigned seconds)
{
    pid_t child;
    fflush(NULL);
    child = fork();
    CHECK(child >= 0);
    if (child == 0)
        alarm(seconds);
    return child;
}

/* Runs a function in a child process and checks that it comes to its end, within a minute. */
static inline void in_child(void (*run)(void))
{
    int status = 0;
    pid_t child = start_child(60);
    if (child == 0) {
        run();
        exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_THAT(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status %d", status);
}

#endif
