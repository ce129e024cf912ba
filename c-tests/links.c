/* The directory of a segment in the hands of an enemy, who puts links to a file of somebody else's in the place of whatever lies
 * there: between any two system calls of who publishes or attaches, and all the time. That file stays as it is, and readers have
 * a ring that was published or none.
 *
 *     links          both
 *     links free     all the time only: a checker's own system calls would be counted */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <ketama.h>
#include <ketama_ring.h>
#include "stopped.h"
#include <sys/mman.h>

/* So often rings are published, and so many links are put in place at least meanwhile. */
#define ROUNDS 150
#define LINKS 3000
/* Who the enemy is where this is root. */
#define ENEMY 60123

static ketama_ring *rings[2];
static char victim[] = "victim", list[] = "list";
static char text[4096];
static struct stat before;
/* How many links the enemy has put in place, and the number of the last temporary file that it has seen. */
static volatile long *links;
static long seen;

/* The name of the link before it is in place: the enemy's own. */
#define OWN "rings/enemy"

/* What is put in the place of a name. */
enum { SYMBOLIC, HARD, EMPTY, FIFO, NOTHING, KINDS };

static void replace(const char *name, long kind)
{
    unlink(OWN);
    switch (kind % KINDS) {
    case SYMBOLIC:
        CHECK(symlink("../victim", OWN) == 0);
        break;
    case HARD:
        /* May be forbidden: then there is nothing to be renamed. */
        if (link(victim, OWN) != 0)
            return;
        break;
    case EMPTY:
        close(open(OWN, O_CREAT | O_WRONLY, 0644));
        break;
    case FIFO:
        mkfifo(OWN, 0600);
        break;
    default:
        unlink(name);
        return;
    }
    if (rename(OWN, name) == 0)
        ++*links;
}

/* Replaces what lies in the directory under a name that holds a text. */
static void replace_all(const char *part, long kind)
{
    char name[600];
    struct dirent *entry;
    DIR *folder = opendir("rings");
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        const char *number = strrchr(entry->d_name, '-');
        if (strstr(entry->d_name, part) == NULL || strlen(entry->d_name) > 200)
            continue;
        if (number != NULL && strstr(entry->d_name, ".tmp") != NULL)
            seen = atol(number + 1);
        sprintf(name, "rings/%s", entry->d_name);
        replace(name, kind);
    }
    CHECK(closedir(folder) == 0);
}

/* Replaces what lies in the directory, and the names that the publisher will use next. */
static void attack(pid_t publisher)
{
    static const char *const names[] = {"rings/ring", "rings/ring.control", "rings/ring.lock"};
    char name[600];
    long kind;
    for (kind = 0;; kind++) {
        replace(names[kind % 3], kind / 3);
        replace_all(kind % 2 ? ".tmp" : "ketama-", kind / 2);
        sprintf(name, "rings/ring.%ld-%ld.tmp", (long)publisher, seen + 1 + kind % 3);
        replace(name, kind / 3 + 1);
    }
}

static void check_victim(void)
{
    static char now[sizeof text + 1];
    struct stat state;
    FILE *file = fopen(victim, "r");
    CHECK(file != NULL && fread(now, 1, sizeof now, file) == sizeof text && fclose(file) == 0);
    CHECK(memcmp(now, text, sizeof text) == 0);
    CHECK(stat(victim, &state) == 0);
    CHECK(state.st_ino == before.st_ino && state.st_mode == before.st_mode && state.st_uid == before.st_uid);
    CHECK(state.st_gid == before.st_gid && state.st_mtim.tv_sec == before.st_mtim.tv_sec);
    CHECK(state.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
}

static int is_refusal(int status)
{
    return status == KETAMA_E_IO || status == KETAMA_E_SEGMENT || status == KETAMA_E_BUSY;
}

/* Attaches; whether there was a ring. */
static int attached(void)
{
    ketama_ring *ring = NULL;
    uint64_t fingerprint;
    int status = ketama_ring_attach("rings/ring", &ring);
    CHECK_THAT(status == KETAMA_OK || is_refusal(status), "status %d: %s", status, ketama_error());
    if (status != KETAMA_OK)
        return 0;
    fingerprint = ketama_ring_fingerprint(ring);
    CHECK(fingerprint == ketama_ring_fingerprint(rings[0]) || fingerprint == ketama_ring_fingerprint(rings[1]));
    CHECK(ketama_ring_lookup(ring, "key", 3) != KETAMA_NO_SERVER);
    ketama_ring_free(ring);
    return 1;
}

static void roll(int round)
{
    ketama_continuum ring;
    replace_text(list, round % 2 ? ONE : SAMPLE);
    CHECK_THAT(ketama_roll(&ring, list) == 1, "%s", ketama_error());
    CHECK(ring->numpoints == (round % 2 ? 160 : SAMPLE_POINTS));
    ketama_smoke(ring);
}

/* An enemy of this user against rings that this process publishes; the same user if it is 0. */
static void withstand(uid_t user)
{
    long rounds, published = 0, found = 0, start = *links;
    pid_t enemy, publisher = getpid();
    int status;
    CHECK(system("rm -rf rings && mkdir -m 0755 rings") == 0);
    if (user != 0)
        CHECK(chown("rings", user, (gid_t)-1) == 0);
    enemy = fork();
    CHECK(enemy >= 0);
    if (enemy == 0) {
        alarm(600);
        if (user != 0)
            CHECK(setgroups(0, NULL) == 0 && setgid(user) == 0 && setuid(user) == 0);
        attack(publisher);
    }
    for (rounds = 0; rounds < ROUNDS || *links - start < LINKS; rounds++) {
        status = ketama_ring_publish(rings[rounds % 2], "rings/ring");
        CHECK_THAT(status == KETAMA_OK || is_refusal(status), "status %d: %s", status, ketama_error());
        published += status == KETAMA_OK;
        found += attached();
        roll((int)rounds);
        check_victim();
        CHECK_THAT(waitpid(enemy, &status, WNOHANG) == 0, "the enemy has ended: wait status %d", status);
    }
    CHECK(kill(enemy, SIGKILL) == 0 && waitpid(enemy, &status, 0) == enemy);
    check_victim();
    printf("user %ld: %ld links, %ld of %ld times published, %ld attached\n", (long)user, *links - start, published, rounds,
           found);
    /* Without the enemy all works again, whatever it has left, once what it made of the lock is removed: links are refused. */
    if (user != 0)
        CHECK(chown("rings", 0, 0) == 0);
    unlink(OWN);
    unlink("rings/ring.lock");
    CHECK_THAT(ketama_ring_publish(rings[0], "rings/ring") == KETAMA_OK, "%s", ketama_error());
    CHECK(attached());
    check_victim();
}

static int publish(void)
{
    return ketama_ring_publish(rings[1], "rings/ring");
}

static int attach(void)
{
    attached();
    return KETAMA_OK;
}

/* Runs something in a child, and replaces names at its stop of this number. As stopped_at(). */
static int interrupted(int (*run)(void), int stop, const char *part, int kind)
{
    pid_t child;
    int status = 0, came = stopped_at(run, stop, &child);
    if (came != 1)
        return came;
    replace_all(part, kind);
    CHECK(ptrace(PTRACE_DETACH, child, NULL, NULL) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_THAT(WIFEXITED(status) && (WEXITSTATUS(status) == KETAMA_OK || is_refusal(WEXITSTATUS(status))),
               "%s is %d after %d stops: wait status %d", part, kind, stop, status);
    return 1;
}

/* The enemy has the time to replace one name between any two system calls. */
static void withstand_at_each_system_call(int (*run)(void), const char *what)
{
    static const char *const parts[] = {"ring", "ring.control", "ring.lock", ".tmp"};
    int stop = 0, kind, came = 1;
    size_t i;
    CHECK(system("rm -rf rings && mkdir -m 0755 rings") == 0);
    for (i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (kind = SYMBOLIC; kind <= EMPTY; kind++) {
            for (stop = 0, came = 1; came == 1; stop++) {
                unlink(OWN);
                CHECK_THAT(ketama_ring_publish(rings[0], "rings/ring") == KETAMA_OK, "%s", ketama_error());
                came = interrupted(run, stop, parts[i], kind);
                check_victim();
                if (came < 0) {
                    printf("SKIPPED links between the system calls of who %s: no process can be traced here\n", what);
                    return;
                }
                replace_all("ring", NOTHING);
            }
        }
    }
    printf("%d places for links in who %s\n", stop, what);
}

int main(int argc, char **argv)
{
    static const char *const lists[] = {ONE, SAMPLE};
    int i;
    CHECK(argc == 1 || strcmp(argv[1], "free") == 0);
    CHECK(setenv("KETAMA_SEGMENT_DIR", "rings", 1) == 0 && chmod(".", 0755) == 0);
    ketama_segment_policy(0, 1);
    for (i = 0; i < 2; i++)
        CHECK(ketama_ring_parse(lists[i], strlen(lists[i]), &rings[i]) == KETAMA_OK);
    memset(text, 'v', sizeof text);
    write_bytes(victim, text, sizeof text);
    CHECK(chmod(victim, 0600) == 0 && stat(victim, &before) == 0);
    links = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(links != MAP_FAILED);
    if (argc == 1) {
        withstand_at_each_system_call(publish, "publishes");
        withstand_at_each_system_call(attach, "attaches");
    }
    withstand(0);
    if (geteuid() == 0)
        withstand(ENEMY);
    else
        printf("SKIPPED a directory of another user: only root can make one\n");
    ketama_ring_free(rings[0]);
    ketama_ring_free(rings[1]);
    return 0;
}
