/* Failure as the callers know it: return code, state of *contptr and text, for what vectors/errors.tsv cannot hold. */

#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include "check.h"
#include <grp.h>
#include <ketama.h>

static continuum untouched;

/* Rolls what must fail, and checks that the text holds each of two texts. */
static ketama_continuum refused(char *path, const char *text, const char *more)
{
    ketama_continuum ring = &untouched;
    CHECK(ketama_roll(&ring, path) == 0);
    CHECK_THAT(strstr(ketama_error(), text) && strstr(ketama_error(), more), "%s", ketama_error());
    CHECK(strlen(ketama_error()) <= 254);
    return ring;
}

static void check_untouched(char *path, const char *text)
{
    CHECK(refused(path, "Invalid filename specified: ", text) == &untouched);
}

static void check_empty(char *path, const char *text, const char *more)
{
    ketama_continuum ring = refused(path, text, more);
    CHECK(ring != NULL && ring != &untouched);
    CHECK(ring->numpoints == 0 && ring->modtime == NULL && ring->array == NULL);
    CHECK(ketama_get_server("k", ring) == NULL);
    ketama_smoke(ring);
}

static void the_text_is_empty_before_any_call(void)
{
    CHECK(ketama_error() != NULL && ketama_error()[0] == '\0');
}

static void a_path_that_leads_nowhere_leaves_contptr_untouched(void)
{
    check_untouched(in_folder("missing"), "/missing");
    check_untouched(in_folder("missing/below"), "/missing/below");
    check_untouched("", "");
    check_untouched(NULL, "(null)");
}

static void null_pointers_are_answered(void)
{
    char *path = in_folder("good");
    unsigned char digest[16] = {1};
    ketama_continuum ring;
    mcs record = {1, "a"};
    write_text(path, ONE);
    CHECK(ketama_roll(NULL, path) == 0 && ketama_error()[0] != '\0');
    CHECK(ketama_roll(&ring, path) == 1);
    CHECK(ketama_get_server(NULL, ring) == NULL);
    CHECK(ketama_get_server("k", NULL) == NULL);
    CHECK(ketama_hashi(NULL) == 0);
    CHECK(ketama_compare(NULL, &record) == 0);
    ketama_md5_digest(NULL, digest);
    CHECK(digest[0] == 1);
    ketama_md5_digest("k", NULL);
    ketama_print_continuum(NULL);
    ketama_smoke(ring);
}

static void a_directory_is_refused_at_once(void)
{
    alarm(10);
    check_empty(in_folder("."), "No valid server definitions in file ", "directory");
    alarm(0);
}

static void a_device_without_end_is_refused(void)
{
    check_empty("/dev/null", "No valid server definitions in file /dev/null", "");
    check_empty("/dev/zero", "No valid server definitions in file /dev/zero", "larger than");
}

static void a_fifo_is_read_as_a_file(void)
{
    char *path = in_folder("fifo");
    ketama_continuum ring;
    pid_t writer;
    CHECK(mkfifo(path, 0600) == 0);
    alarm(30);
    writer = fork();
    if (writer == 0) {
        write_text(path, TWO);
        exit(0);
    }
    CHECK_THAT(ketama_roll(&ring, path) == 1, "%s", ketama_error());
    CHECK(waitpid(writer, NULL, 0) == writer);
    alarm(0);
    CHECK(strcmp(ketama_get_server("k", ring)->ip, "10.9.9.2:11211") == 0);
    ketama_smoke(ring);
}

/* As a user who may not read everything. */
static void without_rights(void)
{
    if (geteuid() == 0)
        CHECK(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
    check_empty("unreadable", "No valid server definitions in file unreadable", "ermission denied");
    check_untouched("locked/list", "locked/list");
}

static void a_file_without_permission_is_refused(void)
{
    write_text("unreadable", ONE);
    CHECK(chmod("unreadable", 0) == 0 && chmod(".", 0755) == 0);
    CHECK(mkdir("locked", 0700) == 0);
    write_text("locked/list", ONE);
    CHECK(chmod("locked", 0) == 0);
    in_child(without_rights);
    CHECK(chmod("locked", 0700) == 0);
}

/* One bad list, and what is said about it beside the reference's words. */
struct bad {
    const char *text, *reason, *line;
};

static void the_reason_is_not_lost(void)
{
    static const struct bad lists[] = {
        {"10.0.0.1:1\n", "Unable to find delimiter", " (line 1 in "},
        {"# c\n\n10.0.0.1:1 0\n", "Invalid memory value", " (line 3 in "},
        {"10.0.0.1:1 5\n10.0.0.2:1 5", "Invalid memory value", " (line 2 in "},
        {"10.0.0.1:1 5\n \n", "Unable to find delimiter", " (line 2 in "},
        {"abcdefghijklmnopqrstuvwx 5\n", "24 bytes", " (line 1 in "},
        /* These crash the reference, or are undefined there. */
        {"10.0.0.1:1 5\n  ", "nothing but blanks", " (line 2 in "},
        {"\t\t", "nothing but blanks", " (line 1 in "},
        {"10.0.0.1:1 5\n10.0.0.2:1 -5\n", "", "list"},
        {"10.0.0.1:1 -1\n10.0.0.2:1 -1\n", "", "list"},
        {"a 9223372036854775807\nb 9223372036854775807\nc 9223372036854775807\n", "", "list"},
        {"a 9223372036854775807\nb 9223372036854775807\nc 2\n", "", "list"},
    };
    size_t i;
    for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        replace_text("list", lists[i].text);
        check_empty("list", lists[i].reason, lists[i].line);
    }
}

static void the_text_is_cut_at_254_bytes(void)
{
    char name[600];
    memset(name, 'x', sizeof name);
    name[200] = name[400] = '/';
    name[599] = '\0';
    check_untouched(name, "xxx");
    CHECK(strlen(ketama_error()) == 254);
}

static void a_roll_that_works_clears_the_text(void)
{
    char *path = in_folder("good");
    ketama_continuum ring = NULL;
    check_untouched(in_folder("missing"), "missing");
    CHECK(ketama_roll(&ring, path) == 1);
    CHECK(ketama_error()[0] == '\0');
    ketama_smoke(ring);
}

static void what_users_read_is_accepted(void)
{
    /* Weights as strtol() takes them: all are 5, so each server has 160 points. */
    static const char *const weights[] = {"5\n", "+5\n", "5abc\n", "5.9\n", "05\n", "5\r\n", " 5\n", "\t5\n", "\v5\n", "50", "50 x\n"};
    ketama_continuum ring;
    size_t i;
    for (i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        char list[64];
        sprintf(list, "a 5\nb %s", weights[i]);
        replace_text("list", list);
        CHECK_THAT(ketama_roll(&ring, "list") == 1, "%s: %s", list, ketama_error());
        CHECK_THAT(ring->numpoints == 320, "%s: %d points", list, ring->numpoints);
        ketama_smoke(ring);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(the_text_is_empty_before_any_call),
        TEST(a_path_that_leads_nowhere_leaves_contptr_untouched),
        TEST(null_pointers_are_answered),
        TEST(a_directory_is_refused_at_once),
        TEST(a_device_without_end_is_refused),
        TEST(a_fifo_is_read_as_a_file),
        TEST(a_file_without_permission_is_refused),
        TEST(the_reason_is_not_lost),
        TEST(the_text_is_cut_at_254_bytes),
        TEST(a_roll_that_works_clears_the_text),
        TEST(what_users_read_is_accepted),
    };
    return RUN_TESTS(tests);
}
