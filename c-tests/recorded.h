/* Reads the answers of the 2007 library that were recorded in c-tests/vectors/ (its README.md describes the files). */

#ifndef KETAMA_RECORDED_H
#define KETAMA_RECORDED_H

#include "check.h"

/* The next field of a line, cut off at its TAB or newline; NULL behind the last one. */
static char *next_field(char **line)
{
    char *field = *line, *end;
    if (field == NULL)
        return NULL;
    end = field + strcspn(field, "\t\n");
    *line = *end == '\t' ? end + 1 : NULL;
    *end = '\0';
    return field;
}

static int hex_digit(char digit)
{
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

/* Replaces each `\xNN` by its byte, in place, and returns how many bytes there are. A NUL follows them. */
static size_t unescape(char *text)
{
    char *to = text;
    const char *from = text;
    while (*from) {
        if (from[0] == '\\' && from[1] == 'x') {
            *to++ = (char)(hex_digit(from[2]) * 16 + hex_digit(from[3]));
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

/* Opens vectors/NAME with an ending. */
static FILE *open_vector(const char *folder, const char *name, const char *ending)
{
    char path[4096];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    file = fopen(path, "r");
    CHECK_THAT(file != NULL, "%s", path);
    return file;
}

#endif
