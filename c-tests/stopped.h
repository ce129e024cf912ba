/* A child process that is stopped before and after each of its system calls. */

#ifndef KETAMA_STOPPED_H
#define KETAMA_STOPPED_H

#include "check.h"
#include <signal.h>
#include <sys/ptrace.h>

/* Runs something in a child up to its stop of this number, where it waits to be killed or let go. Its status has to be
 * KETAMA_OK if it has come to its end before. Whether it came so far; -1 where a child cannot be stopped. */
static inline int stopped_at(int (*run)(void), int stop, pid_t *child)
{
    int status = 0;
    *child = fork();
    CHECK(*child >= 0);
    if (*child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(77);
        raise(SIGSTOP);
        _exit(run());
    }
    CHECK(waitpid(*child, &status, 0) == *child);
    if (WIFEXITED(status)) {
        CHECK(WEXITSTATUS(status) == 77);
        return -1;
    }
    while (stop-- > 0) {
        CHECK(ptrace(PTRACE_SYSCALL, *child, NULL, NULL) == 0);
        CHECK(waitpid(*child, &status, 0) == *child);
        if (WIFEXITED(status)) {
            CHECK_THAT(WEXITSTATUS(status) == KETAMA_OK, "status %d", WEXITSTATUS(status));
            return 0;
        }
        CHECK_THAT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP, "wait status %d", status);
    }
    return 1;
}

#endif
