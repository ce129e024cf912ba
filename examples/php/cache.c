/* cache.c: rings of lists on disk, kept in the process from request to request.
 *
 * A list is looked at by one stat() each time it is opened, and read again when its device, inode, size, modification or
 * change time is another. The key is the absolute path as written, so that a symbolic link that is turned to another
 * file is noticed like any other change. A list that has become bad keeps its last good ring.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "php_ketama.h"
#include "Zend/zend_smart_str.h"
#include "ketama.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

/* What tells one state of a file from another; all zero: there is no file. */
typedef struct {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec modified;
  struct timespec changed;
} identity;

typedef struct {
  identity identity;
  bool fresh;          /* another change may bear the same times: the next opening reads again */
  shared_ring *shared; /* the last good ring */
  zend_string *problem; /* persistent: why the file as it is now has none; NULL if it has */
  uint64_t last_opened;
} cached_list;

shared_ring *shared_ring_new(ketama_ring *ring)
{
  shared_ring *shared = pemalloc(sizeof *shared, 1);
  shared->ring = ring;
  shared->holders = 1;
  return shared;
}

shared_ring *shared_ring_hold(shared_ring *shared)
{
  shared->holders++;
  return shared;
}

void shared_ring_release(shared_ring *shared)
{
  if (shared == NULL || --shared->holders > 0) return;
  ketama_ring_free(shared->ring);
  pefree(shared, 1);
}

static void cached_list_free(zval *value)
{
  cached_list *list = Z_PTR_P(value);
  shared_ring_release(list->shared);
  if (list->problem != NULL) zend_string_release_ex(list->problem, 1);
  pefree(list, 1);
}

void cache_init(HashTable *lists)
{
  zend_hash_init(lists, 8, NULL, cached_list_free, 1);
}

static bool same_time(struct timespec a, struct timespec b)
{
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same(const identity *a, const identity *b)
{
  return a->device == b->device && a->inode == b->inode && a->size == b->size && same_time(a->modified, b->modified)
    && same_time(a->changed, b->changed);
}

/* Whether a file that bears this time at `now` may be changed again without bearing another: clocks of file systems
 * stand still for a tick (10 ms at most, doubled here), or for 2 s where they keep whole seconds. */
static bool is_fresh(struct timespec stamp, struct timespec now)
{
  double tick = stamp.tv_nsec == 0 ? 2 : 0.02;
  double age = difftime(now.tv_sec, stamp.tv_sec) + (double)(now.tv_nsec - stamp.tv_nsec) / 1e9;
  return age <= tick && age >= -tick;
}

/* The state of the file at `path`, and whether it is fresh; 0, or the errno. To be called before the file is read: a
 * change in between has another identity, or a fresh one, and is read the next time. */
static int look(const char *path, identity *seen, bool *fresh)
{
  struct stat status;
  struct timespec now;
  memset(seen, 0, sizeof *seen);
  *fresh = false;
  clock_gettime(CLOCK_REALTIME, &now);
  if (stat(path, &status) != 0) return errno;
  seen->device = status.st_dev;
  seen->inode = status.st_ino;
  seen->size = status.st_size;
  seen->modified = status.st_mtim;
  seen->changed = status.st_ctim;
  *fresh = is_fresh(status.st_mtim, now) || is_fresh(status.st_ctim, now);
  return 0;
}

/* The name of an entry: path, dialect and options, with NULs between them. */
static zend_string *entry_name(const list_source *source)
{
  smart_str name = {0};
  smart_str_appendl_ex(&name, source->path, strlen(source->path) + 1, 1);
  if (source->dialect != NULL) smart_str_appendl_ex(&name, source->dialect, strlen(source->dialect) + 1, 1);
  for (size_t i = 0; i < source->options.count; i++) {
    smart_str_appendl_ex(&name, source->options.list[i].name, strlen(source->options.list[i].name) + 1, 1);
    smart_str_appendl_ex(&name, source->options.list[i].value, strlen(source->options.list[i].value) + 1, 1);
  }
  smart_str_0(&name);
  return name.s;
}

static int read_list(const list_source *source, shared_ring **shared, zend_string **text)
{
  ketama_ring *ring;
  KETAMA_G(read)++;
  int status = build_from_list(source, &ring, text);
  if (status == KETAMA_OK) *shared = shared_ring_new(ring);
  return status;
}

/* Makes room for one entry more: the one that was not opened for longest goes. */
static void make_room(HashTable *lists)
{
  while (zend_hash_num_elements(lists) >= (size_t)KETAMA_G(cache_entries)) {
    zend_string *name, *oldest_name = NULL;
    cached_list *list, *oldest = NULL;
    ZEND_HASH_FOREACH_STR_KEY_PTR(lists, name, list) {
      if (oldest != NULL && oldest->last_opened <= list->last_opened) continue;
      oldest = list;
      oldest_name = name;
    } ZEND_HASH_FOREACH_END();
    zend_hash_del(lists, oldest_name);
  }
}

/* Notes why the file has no ring (NULL: it has one). Gives whether that is news. */
static bool set_problem(cached_list *list, zend_string *text)
{
  if (text != NULL && list->problem != NULL && zend_string_equals(text, list->problem)) return false;
  if (list->problem != NULL) zend_string_release_ex(list->problem, 1);
  list->problem = text != NULL ? zend_string_dup(text, 1) : NULL;
  return text != NULL;
}

/* Brings an entry up to date with its file. Gives whether there is a problem that was not there before. */
static bool refresh(cached_list *list, const list_source *source)
{
  identity seen;
  bool fresh;
  int missing = look(source->path, &seen, &fresh);
  if (!missing && !list->fresh && same(&list->identity, &seen)) return false;
  shared_ring *shared = NULL;
  zend_string *text = NULL;
  list->identity = seen;
  list->fresh = fresh;
  if (missing) {
    text = strpprintf(0, "cannot read %s: %s", source->path, strerror(missing));
  } else {
    read_list(source, &shared, &text);
  }
  if (shared != NULL) {
    shared_ring_release(list->shared);
    list->shared = shared;
  }
  bool news = set_problem(list, text);
  if (text != NULL) zend_string_release(text);
  return news;
}

/* A list that is opened for the first time: an entry only if there is a ring. */
static int first(const list_source *source, zend_string *name, cached_list **entry, zend_string **text)
{
  cached_list list = {0};
  look(source->path, &list.identity, &list.fresh);
  int status = read_list(source, &list.shared, text);
  if (status != KETAMA_OK) return status;
  make_room(&KETAMA_G(lists));
  *entry = zend_hash_add_new_mem(&KETAMA_G(lists), name, &list, sizeof list);
  return KETAMA_OK;
}

/* Opens a list. Gives a status of the library, and for KETAMA_OK a ring to be released; *problem is then why it is the
 * ring of an earlier state (to be released), or NULL. For another status *problem is the reason. */
int cache_open(const list_source *source, shared_ring **shared, zend_string **problem)
{
  KETAMA_G(opened)++;
  *problem = NULL;
  if (!KETAMA_G(cache) || KETAMA_G(cache_entries) == 0) return read_list(source, shared, problem);

  zend_string *name = entry_name(source);
  cached_list *list = zend_hash_find_ptr(&KETAMA_G(lists), name);
  int status = KETAMA_OK;
  bool news = false;
  if (list != NULL) {
    news = refresh(list, source);
  } else {
    status = first(source, name, &list, problem);
  }
  zend_string_release_ex(name, 1);
  if (status != KETAMA_OK) return status;
  list->last_opened = KETAMA_G(opened);
  *shared = shared_ring_hold(list->shared);
  if (list->problem != NULL) *problem = zend_string_dup(list->problem, 0);
  /* Once for each process and problem: a warning at each request would fill the log. It comes last, because an error
   * handler may open lists, and the entry may be gone afterwards. */
  if (news) php_error_docref(NULL, E_WARNING, "%s; the ring of the last good list stays", ZSTR_VAL(*problem));
  return KETAMA_OK;
}
