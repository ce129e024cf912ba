/* The life cycle of a continuum: what programs of the 2007 library rely on, and what it did wrong there. */

#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include "check.h"
#include <ketama.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <time.h>

static ketama_continuum rolled(char *path)
{
    ketama_continuum ring = NULL;
    CHECK_THAT(ketama_roll(&ring, path) == 1, "%s", ketama_error());
    CHECK(ring != NULL && ring->array != NULL && ring->modtime != NULL && ring->numpoints > 0);
    CHECK(ketama_error()[0] == '\0');
    return ring;
}

static const char *owner(const char *key, ketama_continuum ring)
{
    mcs *server = ketama_get_server((char *)key, ring);
    return server ? server->ip : "(none)";
}

#define CHECK_OWNER(key, ring, address) CHECK_THAT(strcmp(owner(key, ring), address) == 0, "%s", owner(key, ring))

static void functions_of_the_hash(void)
{
    unsigned char digest[16];
    mcs a = {5, "a"}, b = {4000000000u, "b"};
    CHECK(ketama_hashi("") == 3649838548u);
    CHECK(ketama_hashi("k01718590547") == 0);
    CHECK(ketama_hashi("k02012165218") == 1);
    CHECK(ketama_hashi("k11476776389") == 4294967295u);
    ketama_md5_digest("abc", digest);
    CHECK(memcmp(digest, "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72", 16) == 0);
    CHECK(ketama_compare(&a, &b) == -1 && ketama_compare(&b, &a) == 1 && ketama_compare(&a, &a) == 0);
}

static void keys_go_where_they_went_in_2007(void)
{
    char *path = in_folder("sample");
    ketama_continuum ring;
    mcs *records;
    int i;
    write_text(path, SAMPLE);
    ring = rolled(path);
    records = ring->array;
    CHECK(ring->numpoints == SAMPLE_POINTS);
    for (i = 1; i < ring->numpoints; i++)
        CHECK(ketama_compare(&records[i - 1], &records[i]) <= 0);
    CHECK_OWNER("1", ring, "10.0.1.5:11211");
    CHECK_OWNER("41", ring, "10.0.1.3:11211");
    CHECK_OWNER("81", ring, "10.0.1.7:11211");
    /* The greatest hash lies above the last point, hash 0 below the first: both go to record 0. */
    CHECK(ketama_get_server("k11476776389", ring) == records);
    CHECK(ketama_get_server("k01718590547", ring) == records);
    ketama_smoke(ring);
}

static void two_rolls_give_two_continua(void)
{
    char *path = in_folder("sample");
    ketama_continuum first = rolled(path), second = rolled(path);
    CHECK(first != second);
    ketama_smoke(first);
    CHECK_OWNER("1", second, "10.0.1.5:11211");
    ketama_smoke(second);
}

static void smoke_leaves_other_continua_alone(void)
{
    char *one = in_folder("one"), *two = in_folder("two");
    ketama_continuum first, second;
    write_text(one, ONE);
    write_text(two, TWO);
    first = rolled(one);
    second = rolled(two);
    CHECK_OWNER("k", first, "10.9.9.1:11211");
    ketama_smoke(first);
    CHECK_OWNER("k", second, "10.9.9.2:11211");
    CHECK(((mcs *)second->array)[second->numpoints - 1].ip[0] == '1');
    ketama_smoke(NULL);
    CHECK_OWNER("k", second, "10.9.9.2:11211");
    ketama_smoke(second);
}

static void smoke_takes_what_is_no_live_continuum(void)
{
    char *path = in_folder("one"), *bad = in_folder("bad");
    ketama_continuum ring = rolled(path), failed = NULL;
    write_text(bad, "no weight\n");
    ketama_smoke(NULL);
    CHECK(ketama_roll(&failed, bad) == 0);
    ketama_smoke(failed);
    ketama_smoke(failed);
    ketama_smoke(ring);
    ketama_smoke(ring);
    CHECK_OWNER("k", ring = rolled(path), "10.9.9.1:11211");
    ketama_smoke(ring);
}

static void a_copy_of_the_struct_looks_up(void)
{
    char *path = in_folder("sample");
    ketama_continuum ring = rolled(path);
    continuum copy = *ring, own = *ring;
    CHECK(ketama_get_server("41", &copy) == ketama_get_server("41", ring));
    /* An array of the caller's own, which the library has never seen. */
    own.array = malloc(sizeof(mcs) * (size_t)ring->numpoints);
    own.modtime = NULL;
    memcpy(own.array, ring->array, sizeof(mcs) * (size_t)ring->numpoints);
    ketama_smoke(ring);
    CHECK_OWNER("41", &own, "10.0.1.3:11211");
    own.numpoints = 0;
    CHECK(ketama_get_server("41", &own) == NULL);
    free(own.array);
}

static void a_live_continuum_never_changes(void)
{
    char *path = in_folder("changing");
    ketama_continuum before, after;
    size_t size;
    void *copy;
    write_text(path, SAMPLE);
    before = rolled(path);
    size = sizeof(mcs) * (size_t)before->numpoints;
    copy = malloc(size);
    memcpy(copy, before->array, size);
    write_text(path, ONE);
    after = rolled(path);
    CHECK(after->numpoints == 160 && before->numpoints == SAMPLE_POINTS);
    CHECK(memcmp(copy, before->array, size) == 0);
    CHECK_OWNER("41", before, "10.0.1.3:11211");
    CHECK_OWNER("41", after, "10.9.9.1:11211");
    ketama_smoke(after);
    CHECK(memcmp(copy, before->array, size) == 0);
    ketama_smoke(before);
    free(copy);
}

/* Rolls, lets the file change, rolls again: the second ring must be that of TWO. */
static void check_change(const char *name, void (*change)(char *path))
{
    char *path = in_folder(name);
    ketama_continuum before, after;
    remove(path);
    write_text(path, ONE);
    before = rolled(path);
    ketama_smoke(rolled(path));
    change(path);
    after = rolled(path);
    CHECK_OWNER("k", before, "10.9.9.1:11211");
    CHECK_OWNER("k", after, "10.9.9.2:11211");
    ketama_smoke(before);
    ketama_smoke(after);
}

static void overwrite(char *path)
{
    write_text(path, TWO);
}

static void rename_over(char *path)
{
    replace_text(path, TWO);
}

/* Same inode, size and second, whatever the time is. */
static void overwrite_in_the_same_second(char *path)
{
    struct stat state;
    struct timespec times[2];
    CHECK(stat(path, &state) == 0);
    times[0] = times[1] = state.st_mtim;
    write_text(path, TWO);
    times[1].tv_nsec = (times[1].tv_nsec + 1000) % 1000000000;
    CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
}

/* Even the nanosecond is as before; the time of the change tells. */
static void overwrite_and_set_the_time_back(char *path)
{
    struct stat state;
    struct timespec times[2];
    CHECK(stat(path, &state) == 0);
    times[0] = times[1] = state.st_mtim;
    write_text(path, TWO);
    CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
}

static void make_older(char *path)
{
    struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
    write_text(path, TWO);
    CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
}

static void roll_notices_every_change(void)
{
    check_change("overwritten", overwrite);
    check_change("renamed", rename_over);
    check_change("same-second", overwrite_in_the_same_second);
    check_change("same-time", overwrite_and_set_the_time_back);
    check_change("older", make_older);
}

static void roll_follows_a_link_that_is_swapped(void)
{
    char *link = in_folder("link"), *other = in_folder("link.new");
    ketama_continuum ring;
    write_text(in_folder("one"), ONE);
    write_text(in_folder("two"), TWO);
    CHECK(symlink("one", link) == 0);
    ring = rolled(link);
    CHECK_OWNER("k", ring, "10.9.9.1:11211");
    ketama_smoke(ring);
    CHECK(symlink("two", other) == 0 && rename(other, link) == 0);
    ring = rolled(link);
    CHECK_OWNER("k", ring, "10.9.9.2:11211");
    ketama_smoke(ring);
}

static void a_deleted_file_leaves_its_continuum(void)
{
    char *path = in_folder("deleted");
    ketama_continuum ring, other;
    write_text(path, ONE);
    ring = other = rolled(path);
    CHECK(remove(path) == 0);
    CHECK(ketama_roll(&other, path) == 0);
    CHECK(other == ring);
    CHECK(strstr(ketama_error(), "Invalid filename specified: ") != NULL);
    CHECK_OWNER("k", ring, "10.9.9.1:11211");
    ketama_smoke(ring);
}

static void a_file_that_turns_bad_leaves_its_last_good_ring(void)
{
    char *path = in_folder("turning");
    ketama_continuum good, bad = NULL;
    write_text(path, ONE);
    good = rolled(path);
    write_text(path, "10.9.9.1:11211\tmany\n");
    CHECK(ketama_roll(&bad, path) == 0);
    CHECK(strstr(ketama_error(), "Invalid memory value (line 1 in ") != NULL);
    CHECK(bad != NULL && bad != good);
    ketama_smoke(good);
    CHECK_OWNER("k", bad, "10.9.9.1:11211");
    ketama_smoke(bad);
    /* No continuum shows the good ring any more: the next one is empty. */
    CHECK(ketama_roll(&bad, path) == 0);
    CHECK(bad->numpoints == 0 && bad->array == NULL && bad->modtime == NULL);
    CHECK(ketama_get_server("k", bad) == NULL);
    ketama_smoke(bad);
    write_text(path, TWO);
    CHECK_OWNER("k", good = rolled(path), "10.9.9.2:11211");
    ketama_smoke(good);
}

static void nothing_is_left_in_the_kernel(void)
{
    char *path = in_folder("kernel");
    ketama_continuum ring;
    write_text(path, ONE);
    ring = rolled(path);
    CHECK(shmget(ftok(path, 'R'), 0, 0) == -1);
    CHECK(semget(ftok(path, 'R'), 0, 0) == -1);
    ketama_smoke(ring);
}

/* A time zone, a time of modification, and how far from it the time of the continuum must be. */
static struct zone {
    const char *name, *rule;
    time_t modified;
    long offset;
} zone;

static void roll_in_zone(void)
{
    char *path = in_folder("zone");
    struct timespec times[2] = {{0, 5}, {0, 5}};
    ketama_continuum ring;
    time_t stored;
    int named = access("/usr/share/zoneinfo/Asia/Tokyo", R_OK) == 0;
    times[0].tv_sec = times[1].tv_sec = zone.modified;
    setenv("TZ", named ? zone.name : zone.rule, 1);
    tzset();
    write_text(path, ONE);
    CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
    ring = rolled(path);
    memcpy(&stored, ring->modtime, sizeof stored);
    CHECK_THAT(stored - zone.modified == zone.offset, "%s: %ld", zone.name, (long)(stored - zone.modified));
    ketama_smoke(ring);
}

static void modtime_is_what_the_reference_stores(void)
{
    enum { WINTER = 1705320000, SUMMER = 1721044800 };
    static const struct zone zones[] = {
        {"UTC", "UTC0", WINTER, 0},
        {"America/New_York", "EST5EDT,M3.2.0,M11.1.0", WINTER, 18000},
        {"America/New_York", "EST5EDT,M3.2.0,M11.1.0", SUMMER, 18000},
        {"Europe/London", "GMT0BST,M3.5.0/1,M10.5.0", WINTER, 0},
        {"Europe/London", "GMT0BST,M3.5.0/1,M10.5.0", SUMMER, 0},
        {"Asia/Tokyo", "JST-9", SUMMER, -32400},
    };
    size_t i;
    for (i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        zone = zones[i];
        in_child(roll_in_zone);
    }
}

static void print_goes_through_stdout(void)
{
    char *path = in_folder("one"), *printed = in_folder("printed");
    static char text[65536], expected[65536];
    continuum empty = {0, NULL, NULL};
    ketama_continuum ring;
    int i, saved = dup(1), end;
    FILE *file;
    write_text(path, ONE);
    ring = rolled(path);
    fflush(stdout);
    CHECK(freopen(printed, "w", stdout) != NULL);
    printf("before\n");
    ketama_print_continuum(ring);
    printf("between\n");
    ketama_print_continuum(&empty);
    printf("after\n");
    fflush(stdout);
    CHECK(dup2(saved, 1) == 1);
    close(saved);
    end = sprintf(expected, "before\nNumpoints in continuum: 160\n");
    for (i = 0; i < 160; i++)
        end += sprintf(expected + end, "10.9.9.1:11211 (%u)\n", ((mcs *)ring->array)[i].point);
    sprintf(expected + end, "between\nNumpoints in continuum: 0\nContinuum empty\nafter\n");
    file = fopen(printed, "r");
    CHECK(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    CHECK_THAT(strcmp(text, expected) == 0, "%s", text);
    ketama_smoke(ring);
}

static void addresses_up_to_23_bytes_print_whole(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvw";
    char *path = in_folder("long");
    ketama_continuum ring;
    int length;
    for (length = 21; length <= 23; length++) {
        char line[64], expected[64], shown[64];
        sprintf(line, "%.*s 100\n", length, letters);
        sprintf(expected, "%.*s", length, letters);
        replace_text(path, line);
        ring = rolled(path);
        /* Through the record, not the field: a compiler knows that the field ends after 22 bytes. */
        snprintf(shown, sizeof shown, "%s", (char *)ketama_get_server("k", ring) + 4);
        CHECK_THAT(strcmp(shown, expected) == 0, "%s", shown);
        ketama_smoke(ring);
    }
    replace_text(path, "abcdefghijklmnopqrstuvwx 100\n");
    CHECK(ketama_roll(&ring, path) == 0);
    CHECK_THAT(strstr(ketama_error(), "24 bytes") && strstr(ketama_error(), "ip[22]") && strstr(ketama_error(), "(line 1 in "),
               "%s", ketama_error());
    ketama_smoke(ring);
}

static ketama_continuum inherited;

static void use_and_smoke(void)
{
    ketama_continuum ring = rolled(in_folder("sample"));
    CHECK_OWNER("41", inherited, "10.0.1.3:11211");
    ketama_smoke(inherited);
    CHECK_OWNER("41", ring, "10.0.1.3:11211");
    ketama_smoke(ring);
}

static void a_child_inherits_and_smokes_for_itself(void)
{
    inherited = rolled(in_folder("sample"));
    in_child(use_and_smoke);
    CHECK_OWNER("41", inherited, "10.0.1.3:11211");
    ketama_smoke(inherited);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(functions_of_the_hash),
        TEST(keys_go_where_they_went_in_2007),
        TEST(two_rolls_give_two_continua),
        TEST(smoke_leaves_other_continua_alone),
        TEST(smoke_takes_what_is_no_live_continuum),
        TEST(a_copy_of_the_struct_looks_up),
        TEST(a_live_continuum_never_changes),
        TEST(roll_notices_every_change),
        TEST(roll_follows_a_link_that_is_swapped),
        TEST(a_deleted_file_leaves_its_continuum),
        TEST(a_file_that_turns_bad_leaves_its_last_good_ring),
        TEST(nothing_is_left_in_the_kernel),
        TEST(modtime_is_what_the_reference_stores),
        TEST(print_goes_through_stdout),
        TEST(addresses_up_to_23_bytes_print_whole),
        TEST(a_child_inherits_and_smokes_for_itself),
    };
    return RUN_TESTS(tests);
}
