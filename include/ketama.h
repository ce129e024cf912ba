/* ketama.h: the interface of the 2007 library libketama, unchanged for its users.
 *
 * Generated from src/capi/libketama.rs; do not edit. SPDX-License-Identifier: BSD-3-Clause
 *
 * Strings are C strings. Functions never print (but for ketama_print_continuum), never exit, and answer NULL instead of
 * following it. Ring rules and the form of a server list: README.md.
 */

#ifndef KETAMA_LIBKETAMA_KETAMA_H__
#define KETAMA_LIBKETAMA_KETAMA_H__

#include <sys/types.h>
#include <sys/sem.h>

#ifndef __APPLE__
/* For semctl(); the 2007 header declared it, so it stays. */
union semun {
  int val;
  struct semid_ds *buf;
  unsigned short *array;
};
#endif

/* The type of a comparison function for qsort(): cast ketama_compare() to it. */
typedef int (*compfn)(const void*, const void*);

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Size of the shared segment that the 2007 library used, in bytes. Kept for programs that name it; no limit here.
 */
#define MC_SHMSIZE 524288

/**
 * A ring: all points of all servers, in ascending order. Never changes while it lives.
 */
typedef struct {
  /**
   * Number of records in array; 0 if there are none.
   */
  int numpoints;
  /**
   * Points at a time_t: the time of the file's last modification, in seconds since 1970, plus the time zone's
   * offset from UTC without daylight saving (the 2007 library computed it so). NULL if there are no records.
   */
  void *modtime;
  /**
   * Points at numpoints records of type mcs. NULL if there are none.
   */
  void *array;
} continuum;

/**
 * A continuum as the functions take it.
 */
typedef continuum *ketama_continuum;

/**
 * One point on the circle and the server that owns it. 28 bytes.
 */
typedef struct {
  /**
   * The point: 0 to 2^32 - 1.
   */
  unsigned int point;
  /**
   * The server's address, as written in the server list, and a NUL. An address of 22 or 23 bytes runs on into the
   * two bytes of padding behind this field, NUL included; longer ones are refused by ketama_roll().
   */
  char ip[22];
} mcs;

/**
 * One line of a server list. Kept for programs that name it; no function takes it.
 */
typedef struct {
  /**
   * The address.
   */
  char addr[22];
  /**
   * The weight.
   */
  unsigned long memory;
} serverinfo;

/**
 * \brief Reads a server list and gives the ring that it describes.
 *
 * Cheap when the file has not changed since it was last rolled in this process: one system call. Every change is
 * noticed: content, size, modification time to the nanosecond, another file under the same name.
 *
 * Each call gives a continuum of its own, to be released with ketama_smoke(), after a failure too, if *contptr was set.
 * Continua that were rolled before keep showing the list as it was then.
 *
 * With the environment variable KETAMA_SEGMENT_DIR set to a directory, processes that roll the same list share one copy
 * of its ring in a file there. If that does not work, for whatever reason, the ring lies in this process's own memory,
 * as it does without the variable; ketama_error() then says why. The variable has no effect in set-user-ID programs.
 *
 * \param contptr  where the continuum is stored; not NULL
 * \param filename path of the server list: lines ADDRESS, blanks, WEIGHT; a line that starts with # is a comment.
 *                 Addresses have at most 23 bytes.
 * \return 1 on success.
 *         0 on failure; ketama_error() says why. *contptr is untouched if the path cannot be resolved. Otherwise the
 *         list is bad, and *contptr is a continuum: the last good one of this file if one is still in use in this
 *         process, else an empty one (no records).
 *
 * Threads: may be called from any number of threads at once, and after fork().
 */
int ketama_roll(ketama_continuum *contptr,
                char *filename);

/**
 * \brief Releases a continuum, and nothing else: all other continua stay as they are.
 *
 * \param contptr a continuum of ketama_roll(), not a copy of one. NULL, an empty one and one that was smoked already do
 *                no harm (as long as fewer than 1024 others were smoked since).
 *
 * Records of the continuum, and what ketama_get_server() returned for it, are not valid afterwards.
 * Threads: any; no other thread may be using this continuum.
 */
void ketama_smoke(ketama_continuum contptr);

/**
 * \brief Finds the server for a key.
 *
 * \param key  a C string of any length
 * \param cont a continuum, or a copy of the struct that was made while the original lives
 * \return the record of the first point at or above the key's hash, or the first record if there is none; it lies in
 *         the continuum's array and is valid until ketama_smoke(). NULL if the continuum is empty or a pointer is NULL.
 *
 * Threads: any number at once in one continuum; takes no lock.
 */
mcs *ketama_get_server(char *key,
                       ketama_continuum cont);

/**
 * \brief Prints a continuum to C's standard output: the number of points, then `ADDRESS (POINT)` for each.
 *
 * \param cont a continuum; nothing is printed for NULL
 */
void ketama_print_continuum(ketama_continuum cont);

/**
 * \brief Compares two records by their points, for qsort() and bsearch().
 *
 * \param a a record
 * \param b another record
 * \return -1 if the point of a is the lesser one, 1 if it is the greater one, 0 if they are equal or a pointer is NULL
 */
int ketama_compare(mcs *a,
                   mcs *b);

/**
 * \brief Hashes a string: the first four bytes of its MD5 digest as a little-endian number.
 *
 * \param inString a C string of any length
 * \return 0 to 2^32 - 1; 0 for NULL
 */
unsigned int ketama_hashi(char *inString);

/**
 * \brief Computes the MD5 digest of a string.
 *
 * \param inString  a C string of any length
 * \param md5pword where the 16 bytes of the digest are stored; untouched if a pointer is NULL
 */
void ketama_md5_digest(char *inString, unsigned char *md5pword);

/**
 * \brief Says why the last call of this thread failed.
 *
 * \return a text of at most 254 bytes, never NULL; empty if nothing has failed since this thread's last ketama_roll().
 *         It is valid until the thread ends, and changed by the thread's next call.
 */
char *ketama_error(void);

#ifdef __cplusplus
}
#endif

#endif /* KETAMA_LIBKETAMA_KETAMA_H__ */
