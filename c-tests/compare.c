/* Compares a libketama with another one, or with recorded answers, and shows the first difference in full.
 *
 *     compare [-n LISTS] [-k KEYS] [-s SEED] [-v VECTORS] OURS [OTHER]
 *
 * With OTHER: both libraries answer for every recorded list, every recorded bad list, and LISTS random ones with KEYS
 * random keys each. Without: ours against what was recorded. Exit code 0: no difference; 1: a difference; 2: usage.
 *
 * Each question is asked in a process of its own, for the 2007 library keeps its state in the process and in the kernel,
 * and crashes or hangs on some inputs. Which inputs these are is told beforehand by naive.h; ours must answer them as
 * documented (no ring and an error, or the ring that did not fit), and they are counted apart. */

#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include "check.h"
#include "generate.h"
#include "naive.h"
#include "recorded.h"
#include <dlfcn.h>
#include <ketama.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#define MOST_KEYS 4096
#define MOST_POINTS 40000
#define SHOWN 22 /* bytes of `ip`, all that the 2007 library defines */

struct record {
    unsigned int point;
    char ip[SHOWN + 1];
};

/* All that a library says about one list. In memory shared with the process that asks. */
struct answer {
    int complete, code, numpoints, has_array, has_modtime, keys;
    enum { UNTOUCHED, EMPTY, ALLOCATED } state;
    long modtime;
    char error[256];
    unsigned int hashes[MOST_KEYS];
    int places[MOST_KEYS]; /* index of the record in the array; -1 for NULL */
    struct record records[MOST_POINTS];
};

struct question {
    char name[64], path[4096];
    struct text list;
    int missing, keys, index; /* index: which random list, from 0 */
    char key[MOST_KEYS][LONGEST_KEY + 1];
};

static struct question question;
static struct answer *ours, *theirs;
static const char *our_path, *their_path, *vectors = "c-tests/vectors";
static unsigned long compared[2], looked_up, left_out[VERDICTS]; /* compared: refused lists, rings */

static void print_escaped(const char *bytes, size_t length)
{
    size_t i;
    for (i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        printf(byte > 0x20 && byte < 0x7f && byte != '\\' ? "%c" : "\\x%02x", byte);
    }
}

static void *function(void *library, const char *name)
{
    void *address = dlsym(library, name);
    CHECK_THAT(address != NULL, "%s", name);
    return address;
}

/* POSIX has it that an object pointer from dlsym() can hold a function; C has no cast for it. */
#define FIND(variable, library, name) (*(void **)&(variable) = function(library, name))

static void fill(struct answer *answer, void *library)
{
    int (*roll)(ketama_continuum *, char *);
    mcs *(*get_server)(char *, ketama_continuum);
    unsigned int (*hashi)(char *);
    char *(*error)(void);
    void (*smoke)(ketama_continuum);
    static continuum untouched;
    ketama_continuum ring = &untouched;
    const char *record;
    int i;
    FIND(roll, library, "ketama_roll");
    FIND(get_server, library, "ketama_get_server");
    FIND(hashi, library, "ketama_hashi");
    FIND(error, library, "ketama_error");
    FIND(smoke, library, "ketama_smoke");
    answer->code = roll(&ring, question.path);
    strncpy(answer->error, error(), sizeof answer->error - 1);
    answer->state = ring == &untouched ? UNTOUCHED : ring ? ALLOCATED : EMPTY;
    answer->keys = question.keys;
    for (i = 0; i < question.keys; i++)
        answer->hashes[i] = hashi(question.key[i]);
    if (answer->state != ALLOCATED)
        return;
    answer->numpoints = ring->numpoints;
    answer->has_array = ring->array != NULL;
    answer->has_modtime = ring->modtime != NULL;
    if (ring->modtime)
        memcpy(&answer->modtime, ring->modtime, sizeof answer->modtime);
    CHECK_THAT(ring->numpoints <= MOST_POINTS, "%d points", ring->numpoints);
    for (i = 0; i < ring->numpoints; i++) {
        record = (const char *)ring->array + 28 * i;
        memcpy(&answer->records[i].point, record, 4);
        strncpy(answer->records[i].ip, record + 4, SHOWN);
    }
    for (i = 0; i < question.keys; i++) {
        mcs *server = get_server(question.key[i], ring);
        answer->places[i] = server ? (int)(server - (mcs *)ring->array) : -1;
    }
    smoke(ring);
}

/* Removes what the 2007 library leaves in the kernel: it would serve a later file of the same inode from there. */
static void forget(const char *path)
{
    key_t key = ftok(path, 'R');
    int id = key == -1 ? -1 : shmget(key, 0, 0);
    if (id != -1)
        shmctl(id, IPC_RMID, NULL);
    id = key == -1 ? -1 : semget(key, 0, 0);
    if (id != -1)
        semctl(id, 0, IPC_RMID);
}

static void ask(const char *path, struct answer *answer)
{
    pid_t child;
    memset(answer, 0, sizeof *answer);
    forget(question.path);
    fflush(NULL);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        void *library = dlopen(path, RTLD_LOCAL | RTLD_NOW);
        CHECK_THAT(library != NULL, "%s", dlerror());
        alarm(20);
        fill(answer, library);
        answer->complete = 1;
        _exit(0);
    }
    CHECK(waitpid(child, NULL, 0) == child);
    forget(question.path);
}

/* Says where two answers differ, and ends the program. */
static void differ(const char *what, int key, int record)
{
    const struct answer *answers[2];
    const char *names[2];
    int i;
    answers[0] = ours, answers[1] = theirs, names[0] = our_path, names[1] = their_path ? their_path : "recorded";
    printf("DIFFERENCE in %s\n  list     %s\n  content  ", what, question.name);
    print_escaped(question.list.bytes, question.list.length);
    if (key >= 0) {
        printf("\n  key      ");
        print_escaped(question.key[key], strlen(question.key[key]));
    }
    for (i = 0; i < 2; i++) {
        const struct answer *answer = answers[i];
        int place = key >= 0 ? answer->places[key] : record;
        printf("\n%s\n  returned %d, %s, numpoints %d, array %s, modtime %s %ld, error \"", names[i], answer->code,
               answer->complete ? "complete" : "CRASHED OR HUNG", answer->numpoints, answer->has_array ? "set" : "NULL",
               answer->has_modtime ? "set" : "NULL", answer->modtime);
        print_escaped(answer->error, strlen(answer->error));
        printf("\", *contptr %s", answer->state == UNTOUCHED ? "untouched" : answer->state == EMPTY ? "NULL" : "set");
        if (key >= 0)
            printf("\n  hash %u", answer->hashes[key]);
        if (place >= 0 && place < answer->numpoints) {
            printf("\n  record %d: point %u, address ", place, answer->records[place].point);
            print_escaped(answer->records[place].ip, strlen(answer->records[place].ip));
        }
    }
    printf("\n");
    exit(1);
}

/* Ours against theirs, in the order in which a difference explains itself. */
static void compare(void)
{
    int i;
    if (!ours->complete || !theirs->complete)
        differ("reaching the end", -1, -1);
    if (ours->code != theirs->code)
        differ("the return code", -1, -1);
    if (!strstr(ours->error, theirs->error) || (ours->code == 1 && ours->error[0]))
        differ("the error", -1, -1);
    if (ours->state != theirs->state || ours->has_array != theirs->has_array || ours->has_modtime != theirs->has_modtime)
        differ("the continuum", -1, -1);
    for (i = 0; i < ours->numpoints && i < theirs->numpoints; i++)
        if (memcmp(&ours->records[i], &theirs->records[i], sizeof(struct record)) != 0)
            differ("a record", -1, i);
    if (ours->numpoints != theirs->numpoints)
        differ("the number of points", -1, i);
    if (their_path && ours->modtime != theirs->modtime)
        differ("the modification time", -1, -1);
    for (i = 0; i < question.keys; i++)
        if (ours->hashes[i] != theirs->hashes[i] || ours->places[i] != theirs->places[i])
            differ("a key", i, -1);
    looked_up += (unsigned long)question.keys;
    compared[ours->code == 1]++;
}

/* What ours must do where the 2007 library has no answer. */
static void expect_documented(enum verdict verdict, long points)
{
    memset(theirs, 0, sizeof *theirs);
    theirs->complete = 1;
    theirs->state = ALLOCATED;
    theirs->code = verdict == TOO_MANY;
    theirs->numpoints = verdict == TOO_MANY ? (int)points : 0;
    if (!ours->complete || ours->code != theirs->code || ours->state != ALLOCATED)
        differ("what is documented", -1, -1);
    if (ours->numpoints != theirs->numpoints || (ours->code == 0) != (ours->error[0] != '\0'))
        differ("what is documented", -1, -1);
    left_out[verdict]++;
}

/* Puts the question to ours, and to theirs if it can bear it. */
static void put_question(void)
{
    static struct naive_list list;
    enum verdict verdict = naive_parse(question.list.bytes, question.list.length, &list);
    remove(question.path);
    if (!question.missing)
        write_bytes(question.path, question.list.bytes, question.list.length);
    ask(our_path, ours);
    if (their_path && verdict <= BAD)
        ask(their_path, theirs);
    if (verdict <= BAD)
        compare();
    else
        expect_documented(verdict, list.points);
    remove(question.path);
}

/* Reads `point TAB address` lines into the recorded answer. */
static void read_ring(const char *name)
{
    FILE *file = open_vector(vectors, name, ".ring");
    char line[512];
    while (fgets(line, sizeof line, file)) {
        char *rest = line, *address;
        struct record *record = &theirs->records[theirs->numpoints++];
        CHECK(theirs->numpoints <= MOST_POINTS);
        record->point = (unsigned int)strtoul(next_field(&rest), NULL, 10);
        address = next_field(&rest);
        unescape(address);
        strncpy(record->ip, address, SHOWN);
    }
    fclose(file);
}

/* Reads `key TAB hash TAB point TAB address` lines: the keys, and where they are recorded to go. */
static void read_keys(const char *name)
{
    FILE *file = open_vector(vectors, name, ".keys");
    char line[2048];
    for (question.keys = 0; fgets(line, sizeof line, file); question.keys++) {
        char *rest = line, *key = next_field(&rest), *address;
        unsigned int point;
        int place = 0;
        CHECK(question.keys < MOST_KEYS);
        unescape(key);
        CHECK(strlen(key) <= LONGEST_KEY);
        strcpy(question.key[question.keys], key);
        theirs->hashes[question.keys] = (unsigned int)strtoul(next_field(&rest), NULL, 10);
        point = (unsigned int)strtoul(next_field(&rest), NULL, 10);
        address = next_field(&rest);
        unescape(address);
        while (place < theirs->numpoints &&
               (theirs->records[place].point != point || strcmp(theirs->records[place].ip, address) != 0))
            place++;
        CHECK_THAT(place < theirs->numpoints, "%s: %s", name, key);
        theirs->places[question.keys] = place;
    }
    fclose(file);
}

/* Every list of manifest.tsv with its ring and its keys. */
static void ask_recorded_rings(void)
{
    FILE *manifest = open_vector(vectors, "manifest", ".tsv"), *file;
    char line[512];
    CHECK(fgets(line, sizeof line, manifest) != NULL);
    while (fgets(line, sizeof line, manifest)) {
        char *rest = line;
        snprintf(question.name, sizeof question.name, "%.60s", next_field(&rest));
        file = open_vector(vectors, question.name, ".servers");
        question.list.length = fread(question.list.bytes, 1, LONGEST_TEXT, file);
        fclose(file);
        memset(theirs, 0, sizeof *theirs);
        theirs->complete = theirs->code = theirs->has_array = theirs->has_modtime = 1;
        theirs->state = ALLOCATED;
        read_ring(question.name);
        read_keys(question.name);
        put_question();
    }
    fclose(manifest);
}

/* Every row of errors.tsv: name, content, return code, error, state of *contptr. */
static void ask_recorded_errors(void)
{
    static char line[LONGEST_TEXT * 4];
    FILE *errors = open_vector(vectors, "errors", ".tsv");
    CHECK(fgets(line, sizeof line, errors) != NULL);
    while (fgets(line, sizeof line, errors)) {
        char *rest = line, *content, *text, *file;
        snprintf(question.name, sizeof question.name, "errors.tsv: %.40s", next_field(&rest));
        memset(theirs, 0, sizeof *theirs);
        content = next_field(&rest);
        question.missing = content[0] == '<';
        question.keys = 0;
        theirs->complete = 1;
        theirs->code = atoi(next_field(&rest));
        text = next_field(&rest);
        theirs->state = strncmp(next_field(&rest), "untouched", 9) == 0 ? UNTOUCHED : ALLOCATED;
        question.list.length = question.missing ? 0 : unescape(content);
        memcpy(question.list.bytes, content, question.list.length);
        file = strstr(text, "%FILE%");
        CHECK(file != NULL);
        snprintf(theirs->error, sizeof theirs->error, "%.*s%.150s%s", (int)(file - text), text, question.path, file + 6);
        put_question();
    }
    question.missing = 0;
    fclose(errors);
}

static void ask_random(unsigned long count, int keys)
{
    unsigned long i;
    for (i = 0; i < count; i++) {
        const struct kind *kind = &kinds[i % KINDS];
        snprintf(question.name, sizeof question.name, "random list %lu (%s)", i, kind->name);
        question.list.length = 0;
        kind->make(&question.list, i / KINDS);
        for (question.keys = 0; question.keys < keys; question.keys++)
            any_key(question.key[question.keys]);
        put_question();
    }
}

static char folder[] = "/tmp/ketama-compare-XXXXXX";

static void remove_folder(void)
{
    remove(question.path);
    rmdir(folder);
}

static struct answer *shared_answer(void)
{
    void *memory = mmap(NULL, sizeof(struct answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

int main(int argc, char **argv)
{
    unsigned long count = 400, seed = 2007;
    int option, keys = 200;
    while ((option = getopt(argc, argv, "n:k:s:v:")) != -1) {
        if (option == 'n')
            count = strtoul(optarg, NULL, 10);
        else if (option == 'k')
            keys = atoi(optarg) < MOST_KEYS ? atoi(optarg) : MOST_KEYS;
        else if (option == 's')
            seed = strtoul(optarg, NULL, 10);
        else if (option == 'v')
            vectors = optarg;
    }
    if (argc - optind < 1 || argc - optind > 2) {
        fprintf(stderr, "usage: %s [-n LISTS] [-k KEYS] [-s SEED] [-v VECTORS] OURS [OTHER]\n", argv[0]);
        return 2;
    }
    our_path = argv[optind];
    their_path = argv[optind + 1];
    random_state = seed * 2654435769u + 1;
    ours = shared_answer();
    theirs = shared_answer();
    CHECK(mkdtemp(folder) != NULL);
    snprintf(question.path, sizeof question.path, "%s/list", folder);
    atexit(remove_folder);
    ask_recorded_rings();
    ask_recorded_errors();
    if (their_path)
        ask_random(count, keys);
    printf("no difference: %lu rings, %lu keys, %lu refused lists; seed %lu\n", compared[1], looked_up, compared[0], seed);
    printf("where the 2007 library has no answer, ours does what is documented: %lu lists that crash it, %lu whose "
           "weights wrap, %lu with too many points\n",
           left_out[CRASHES], left_out[WRAPS], left_out[TOO_MANY]);
    return 0;
}
