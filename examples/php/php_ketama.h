/* php_ketama.h: what the files of the extension `ketama` share. SPDX-License-Identifier: BSD-3-Clause */

#ifndef PHP_KETAMA_H
#define PHP_KETAMA_H

#include "php.h"
#include "ketama_ring.h"

#include <stdbool.h>

#define PHP_KETAMA_VERSION "1.1.0"

extern zend_module_entry ketama_module_entry;
#define phpext_ketama_ptr &ketama_module_entry

ZEND_BEGIN_MODULE_GLOBALS(ketama)
  bool cache;              /* ini: ketama.cache */
  zend_long cache_entries; /* ini: ketama.cache_entries */
  HashTable lists;         /* the cache, see cache.c; with threads each has its own */
  uint64_t opened;         /* how often Ring::open() was called */
  uint64_t read;           /* how often it read a file */
ZEND_END_MODULE_GLOBALS(ketama)

ZEND_EXTERN_MODULE_GLOBALS(ketama)
#define KETAMA_G(v) ZEND_MODULE_GLOBALS_ACCESSOR(ketama, v)

#if defined(ZTS) && defined(COMPILE_DL_KETAMA)
ZEND_TSRMLS_CACHE_EXTERN()
#endif

/* A ring with the number of its holders: objects of PHP, and the cache. It outlives the request that built it. */
typedef struct shared_ring {
  ketama_ring *ring;
  uint32_t holders;
} shared_ring;

/* The options of a dialect as C takes them; the texts are PHP's. */
typedef struct ring_options {
  ketama_option *list;
  zend_string **texts;
  size_t count;
} ring_options;

/* A list on disk or in memory, and what it is to be read as. */
typedef struct list_source {
  const char *path;    /* absolute; NULL: in memory */
  const char *text;    /* NULL: on disk */
  size_t length;       /* of the text */
  const char *dialect; /* NULL: the list's own */
  ring_options options;
} list_source;

/* An object of Ketama\Ring. */
typedef struct {
  shared_ring *shared;
  zend_string *problem; /* or NULL */
  zend_string **names;  /* of the servers, each made when it is first given; NULL before */
  uint32_t count;
  zend_object std;
} ring_object;

static inline ring_object *ring_of(zend_object *object)
{
  return (ring_object *)((char *)object - XtOffsetOf(ring_object, std));
}

#define THIS_RING() ring_of(Z_OBJ_P(ZEND_THIS))

/* The absolute path, to be freed. Symbolic links stay as they are: PHP remembers for minutes where they led. */
static inline char *absolute_path(const char *path)
{
  char *absolute = expand_filepath_with_mode(path, NULL, NULL, 0, CWD_EXPAND);
  return absolute != NULL ? absolute : estrdup(path);
}

/* ring.c */
void ketama_register_ring_classes(void);
void ketama_throw(int status, const char *format, ...) ZEND_ATTRIBUTE_FORMAT(printf, 2, 3);

/* build.c: each throws Ketama\Exception and gives FAILURE, but for build_from_list(), which gives a status and a text. */
zend_result options_from_array(HashTable *array, ring_options *options);
void options_free(ring_options *options);
zend_result server_from_fields(zend_string *name, HashTable *fields, ketama_server *server);
void server_free(ketama_server *server);
zend_result build_from_servers(HashTable *servers, const char *dialect, const ring_options *options, ketama_ring **ring);
int build_from_list(const list_source *source, ketama_ring **ring, zend_string **text);

/* cache.c */
shared_ring *shared_ring_new(ketama_ring *ring);
shared_ring *shared_ring_hold(shared_ring *shared);
void shared_ring_release(shared_ring *shared);
int cache_open(const list_source *source, shared_ring **shared, zend_string **problem);
void cache_init(HashTable *lists);

#endif
