/* Large requests for memory that fail, each in its turn: no call ends the process, and the next one works.
 *
 *     allocations              every call, every request
 *     allocations CALL NUMBER  one call whose request of this number fails, to look at it in a debugger
 *
 * The allocator of the whole process is this one, and so is what asks the system for memory. It refuses the request of a
 * chosen number among those of LARGE bytes and more, and in a second round all that come after it too. Arrays that grow with
 * the list are that large; what the library asks for in smaller pieces cannot fail in Rust. Each failure is met in a process
 * of its own. */

#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <ketama.h>
#include <ketama_ring.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What SECURITY.md calls large, in bytes. */
#define LARGE (16 * 1024)
/* So many that an array of eight bytes a server is large. */
#define SERVERS 2100
/* In rings of other dialects, for which arrays over the points have to be large, but not those over the servers. */
#define FEW 200
/* How a child ends whose call needed fewer large requests than the chosen number. */
#define DONE 3

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

/* The request that fails, none if 0; whether all later ones fail too; how many there were, and how many failed. */
static long chosen, lasting, requests, failures;

static int is_refused(size_t size)
{
    long number;
    if (size < LARGE || __atomic_load_n(&chosen, __ATOMIC_SEQ_CST) == 0)
        return 0;
    number = __atomic_add_fetch(&requests, 1, __ATOMIC_SEQ_CST);
    if (number != chosen && !(lasting && number > chosen))
        return 0;
    __atomic_add_fetch(&failures, 1, __ATOMIC_SEQ_CST);
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return is_refused(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return size > 0 && count > SIZE_MAX / size ? NULL : is_refused(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size)
{
    /* What gets smaller stays where it is: that does not fail. */
    return size > malloc_usable_size(pointer) && is_refused(size) ? NULL : __libc_realloc(pointer, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return is_refused(size) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *pointer = is_refused(size) ? NULL : __libc_memalign(alignment, size);
    if (pointer == NULL)
        return ENOMEM;
    *out = pointer;
    return 0;
}

/* The library asks the system itself whether there is as much as a list will want. Files are no memory of that kind. */
void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    if (flags & MAP_ANONYMOUS && is_refused(size))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
}

void *mmap64(void *address, size_t size, int protection, int flags, int file, off64_t offset)
{
    return mmap(address, size, protection, flags, file, offset);
}

static char *list, *toml, *segment, *rings;
static char names[SERVERS][32];
static ketama_server fleet[SERVERS];
static char *text;
static size_t text_length;

/* What was there before the call: it has to stay as it is. */
static ketama_continuum old_roll;
static ketama_ring *old;
static uint32_t old_server;
/* What the call makes. */
static ketama_continuum rolled;
static ketama_ring *made;
static ketama_handle *handle;
static ketama_fleet *made_fleet;
static ketama_bounded *bounded;
static ketama_buckets *buckets;
static const char *dialect;

static void check_old(void)
{
    CHECK(strcmp(ketama_get_server("k", old_roll)->ip, "10.9.9.1:11211") == 0);
    CHECK(ketama_ring_lookup(old, "k", 1) == old_server);
}

/* The calls. Each gives a status. */

static int roll(void)
{
    if (ketama_roll(&rolled, list) == 1) {
        CHECK_THAT(rolled->numpoints == SERVERS * 160, "%d points", rolled->numpoints);
        CHECK(ketama_get_server("k", rolled) != NULL);
        ketama_smoke(rolled);
        return KETAMA_OK;
    }
    CHECK_THAT(strstr(ketama_error(), "no memory") != NULL, "%s", ketama_error());
    CHECK(rolled->array == old_roll->array);
    ketama_smoke(rolled);
    return KETAMA_E_MEMORY;
}

static int finish(int status)
{
    if (status == KETAMA_OK) {
        CHECK(ketama_ring_server_count(made) == SERVERS);
        CHECK(ketama_ring_lookup(made, "k", 1) == ketama_ring_lookup(old, "k", 1));
        ketama_ring_free(made);
    } else {
        CHECK(made == NULL);
    }
    made = NULL;
    return status;
}

static int open_list(void)
{
    return finish(ketama_ring_open(list, &made));
}

static int open_toml(void)
{
    return finish(ketama_ring_open(toml, &made));
}

static int new_ring(void)
{
    int status = ketama_ring_new(dialect, fleet, FEW, &made);
    if (status == KETAMA_OK)
        CHECK(ketama_ring_server_count(made) == FEW);
    ketama_ring_free(made);
    made = NULL;
    return status;
}

/* Changes of a ring. */
static int change(int status)
{
    if (status == KETAMA_OK)
        ketama_ring_free(made);
    made = NULL;
    return status;
}

static int add(void)
{
    ketama_server server = fleet[7];
    server.name = "one-more:1";
    return change(ketama_ring_add(old, &server, &made));
}

static int take_away(void)
{
    return change(ketama_ring_remove(old, names[7], &made));
}

static int reweight(void)
{
    return change(ketama_ring_reweight(old, names[7], 5, &made));
}

static int give_name(void)
{
    return change(ketama_ring_rename(old, names[7], "another:1", &made));
}

static int mark(void)
{
    return change(ketama_ring_mark(old, names[7], 1, &made));
}

static int publish(void)
{
    return ketama_ring_publish(old, segment);
}

static int attach(void)
{
    return finish(ketama_ring_attach(segment, &made));
}

static int open_handle(const char *path)
{
    int status = ketama_handle_open(path, &handle);
    if (status == KETAMA_OK) {
        CHECK(ketama_handle_lookup(handle, "k", 1) == ketama_ring_lookup(old, "k", 1));
        ketama_handle_free(handle);
    }
    handle = NULL;
    return status;
}

static int follow_list(void)
{
    return open_handle(list);
}

static int follow_segment(void)
{
    return open_handle(segment);
}

static int refresh(void)
{
    uint32_t before = ketama_handle_lookup(handle, "k", 1);
    int changed = -1, status = ketama_handle_refresh(handle, &changed);
    if (status == KETAMA_OK)
        CHECK(changed == 1 || ketama_handle_lookup(handle, "k", 1) == ketama_ring_lookup(old, "k", 1));
    else
        CHECK(changed == -1 && before == 0 && ketama_handle_lookup(handle, "k", 1) == before);
    return status;
}

static int lookups(void)
{
    static ketama_key keys[SERVERS];
    static uint32_t out[SERVERS], more[SERVERS];
    int i, status;
    for (i = 0; i < SERVERS; i++) {
        keys[i].data = names[i];
        keys[i].size = strlen(names[i]);
    }
    status = ketama_ring_lookup_many(old, keys, SERVERS, out);
    for (i = 0; i < SERVERS; i++)
        CHECK(status != KETAMA_OK || out[i] == ketama_ring_lookup(old, names[i], keys[i].size));
    CHECK(ketama_ring_lookup_n(old, "k", 1, more, 3) == 3 && more[0] == ketama_ring_lookup(old, "k", 1));
    return status;
}

static int lookup_all(void)
{
    static uint32_t out[SERVERS];
    size_t count = ketama_ring_lookup_n(old, "k", 1, out, SERVERS);
    CHECK(out[0] == ketama_ring_lookup(old, "k", 1));
    return count == SERVERS ? KETAMA_OK : KETAMA_E_MEMORY;
}

static int zones(void)
{
    static uint32_t out[SERVERS];
    size_t count = ketama_ring_lookup_n_zones(old, "k", 1, out, SERVERS);
    return count == SERVERS ? KETAMA_OK : KETAMA_E_MEMORY;
}

static int name(void)
{
    const char *name = ketama_ring_server_name(old, 7);
    CHECK(name == NULL || strcmp(name, names[7]) == 0);
    return name == NULL ? KETAMA_E_MEMORY : KETAMA_OK;
}

static int shares(void)
{
    static double out[SERVERS];
    return ketama_ring_shares(old, out);
}

static int fingerprint(void)
{
    return ketama_ring_fingerprint(old) == 0 ? KETAMA_E_MEMORY : KETAMA_OK;
}

static int fleet_of(void)
{
    int status = ketama_fleet_new(old, KETAMA_POLICY_NEXT_SERVER, NULL, &made_fleet);
    if (status == KETAMA_OK)
        ketama_fleet_free(made_fleet);
    made_fleet = NULL;
    return status;
}

static int bound(void)
{
    int status = ketama_bounded_new(old, 125, &bounded);
    if (status == KETAMA_OK)
        ketama_bounded_free(bounded);
    bounded = NULL;
    return status;
}

static int read_off(void)
{
    int status = ketama_buckets_new(old, 100000, &buckets);
    if (status == KETAMA_OK)
        ketama_buckets_free(buckets);
    buckets = NULL;
    return status;
}

/* What has to be there before a call. */

static void nothing(void)
{
}

static void no_segment(void)
{
    CHECK(system("rm -rf rings segment segment.*") == 0);
    CHECK(mkdir(rings, 0700) == 0);
}

static void with_directory(void)
{
    no_segment();
    CHECK(setenv("KETAMA_SEGMENT_DIR", rings, 1) == 0);
}

static void roll_and_share(void)
{
    CHECK(roll() == KETAMA_OK && ketama_error()[0] == '\0');
}

/* Another process has published the ring. */
static void with_directory_and_segment(void)
{
    with_directory();
    in_child(roll_and_share);
}

static void with_segment(void)
{
    CHECK_THAT(ketama_ring_publish(old, segment) == KETAMA_OK, "%s", ketama_error());
}

static void following_list(void)
{
    write_text("followed", ONE);
    CHECK(ketama_handle_open("followed", &handle) == KETAMA_OK);
    write_bytes("followed", text, text_length);
}

static void following_segment(void)
{
    ketama_ring *small = NULL;
    CHECK(ketama_ring_parse(ONE, strlen(ONE), &small) == KETAMA_OK);
    CHECK(ketama_ring_publish(small, segment) == KETAMA_OK);
    CHECK(ketama_handle_open(segment, &handle) == KETAMA_OK);
    CHECK(ketama_ring_publish(old, segment) == KETAMA_OK);
    ketama_ring_free(small);
}

struct call {
    const char *name;
    void (*prepare)(void);
    int (*make)(void);
    /* Whether it is made again with all later requests failing too: where the code is the same, once is enough. */
    int twice;
};

static const struct call calls[] = {
    {"roll", nothing, roll, 1},
    {"roll-published", with_directory, roll, 1},
    {"roll-attached", with_directory_and_segment, roll, 1},
    {"open", nothing, open_list, 1},
    {"add", nothing, add, 0},
    {"remove", nothing, take_away, 0},
    {"reweight", nothing, reweight, 0},
    {"rename", nothing, give_name, 0},
    {"mark", nothing, mark, 0},
    {"publish", no_segment, publish, 1},
    {"attach", with_segment, attach, 1},
    {"handle-list", nothing, follow_list, 0},
    {"handle-segment", with_segment, follow_segment, 1},
    {"refresh-list", following_list, refresh, 0},
    {"refresh-segment", following_segment, refresh, 1},
    {"lookups", nothing, lookups, 1},
    {"lookup-all", nothing, lookup_all, 1},
    {"zones", nothing, zones, 1},
    {"name", nothing, name, 1},
    {"shares", nothing, shares, 1},
    {"fingerprint", nothing, fingerprint, 1},
    {"fleet", nothing, fleet_of, 1},
    {"bounded", nothing, bound, 1},
    {"buckets", nothing, read_off, 1},
};

static const struct call toml_call = {"open-toml", nothing, open_toml, 1}, new_call = {"new", nothing, new_ring, 0};

/* Makes a call whose request of this number fails. */
static int make(const struct call *call, long number)
{
    int status;
    call->prepare();
    chosen = number;
    status = call->make();
    chosen = 0;
    check_old();
    CHECK_THAT(status == KETAMA_OK || (status == KETAMA_E_MEMORY && failures > 0), "%s: status %d: %s", call->name, status,
               ketama_error());
    if (failures == 0)
        return DONE;
    CHECK_THAT((status = call->make()) == KETAMA_OK, "%s again: status %d: %s", call->name, status, ketama_error());
    check_old();
    return 0;
}

/* Makes a call with one request failing after another, at most so many, and perhaps again with all after it failing
 * too; how many failed. */
static long make_all(const struct call *call, long most)
{
    long number = 0;
    for (lasting = 0; lasting <= call->twice; lasting++) {
        for (number = 1; number <= most; number++) {
            int status = 0;
            pid_t child = start_child(120);
            if (child == 0)
                _exit(make(call, number));
            CHECK(waitpid(child, &status, 0) == child);
            CHECK_THAT(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == DONE),
                       "%s %s: wait status %d where request %ld fails%s", call->name, dialect, status, number,
                       lasting ? ", and all after it" : "");
            if (WEXITSTATUS(status) == DONE)
                break;
        }
    }
    printf("ok %s %s: %ld requests\n", call->name, call == &new_call ? dialect : "", number - 1);
    return number - 1;
}

static void set_up(void)
{
    char *end;
    int i;
    list = strdup(in_folder("list"));
    toml = strdup(in_folder("list.toml"));
    segment = strdup(in_folder("segment"));
    rings = strdup(in_folder("rings"));
    text = end = __libc_malloc(SERVERS * 40);
    for (i = 0; i < SERVERS; i++) {
        sprintf(names[i], "10.0.%d.%d:11211", i / 250, i % 250);
        fleet[i].name = names[i];
        fleet[i].weight = 1;
        end += sprintf(end, "%s 1\n", names[i]);
    }
    text_length = (size_t)(end - text);
    no_segment();
    dialect = "libketama";
    CHECK_THAT(ketama_ring_new(dialect, fleet, SERVERS, &old) == KETAMA_OK, "%s", ketama_error());
    old_server = ketama_ring_lookup(old, "k", 1);
    write_text(list, ONE);
    CHECK(ketama_roll(&old_roll, list) == 1);
    write_bytes(list, text, text_length);
}

static void write_toml(void)
{
    FILE *file = fopen(toml, "w");
    int i;
    CHECK(file != NULL);
    fprintf(file, "dialect = \"libketama\"\n");
    for (i = 0; i < SERVERS; i++)
        fprintf(file, "[[servers]]\nname = \"%s\"\n", names[i]);
    CHECK(fclose(file) == 0);
}

int main(int argc, char **argv)
{
    size_t i;
    long failed = 0;
    set_up();
    write_toml();
    if (argc < 2)
        failed += make_all(&toml_call, 2);
    for (i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (argc < 2)
            failed += make_all(&calls[i], 1000);
        else if (strcmp(argv[1], calls[i].name) == 0)
            return make(&calls[i], atol(argv[2])) == DONE ? printf("no such request\n"), 0 : 0;
    }
    for (i = 0; (dialect = ketama_dialect_name(i)) != NULL; i++) {
        /* Some want an option or a field. */
        if (ketama_ring_new(dialect, fleet, FEW, &made) != KETAMA_OK)
            continue;
        ketama_ring_free(made);
        made = NULL;
        if (argc < 2)
            failed += make_all(&new_call, 1000);
        else if (strcmp(argv[1], dialect) == 0)
            return make(&new_call, atol(argv[2])) == DONE ? printf("no such request\n"), 0 : 0;
    }
    CHECK(argc < 2);
    printf("%ld requests failed, and no process ended\n", failed);
    return 0;
}
