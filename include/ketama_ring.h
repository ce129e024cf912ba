/* ketama_ring.h: where does this key live? Rings in every dialect of the field.
 *
 * Generated from src/capi/ring/; do not edit. SPDX-License-Identifier: BSD-3-Clause
 *
 * Conventions. A function that can fail returns a status: KETAMA_OK (0) or a KETAMA_E_ number, which never changes its
 * meaning; ketama_error() in ketama.h has the reason, for each thread its own. Out-parameters come last and are
 * untouched on failure. What is const is not changed and not kept. A ring that is stored through an out-parameter is the
 * caller's, to be released with ketama_ring_free(). Rings never change: any number of threads may use one at once.
 * Servers are named by index, 0 to ketama_ring_server_count() - 1, in the order of the list. Strings are C strings;
 * names and labels may hold any bytes but NUL, other texts are UTF-8. Nothing prints, exits or calls back.
 *
 *   ketama_server fleet[] = {{"10.0.0.1:11211", 1}, {"10.0.0.2:11211", 2}};
 *   ketama_ring *ring;
 *   if (ketama_ring_new("twemproxy", fleet, 2, &ring) != KETAMA_OK) return puts(ketama_error());
 *   puts(ketama_ring_server_name(ring, ketama_ring_lookup(ring, "user:42", 7)));
 *   ketama_ring_free(ring);
 */

#ifndef KETAMA_RING_H
#define KETAMA_RING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Success.
 */
#define KETAMA_OK 0

/**
 * A pointer is NULL that must not be, or a number is out of its range.
 */
#define KETAMA_E_ARGUMENT 1

/**
 * A file could not be opened or read.
 */
#define KETAMA_E_IO 2

/**
 * A server list does not have the form that it should have.
 */
#define KETAMA_E_SYNTAX 3

/**
 * No dialect has this name.
 */
#define KETAMA_E_DIALECT 4

/**
 * The dialect has no such option, or the option cannot have this value.
 */
#define KETAMA_E_OPTION 5

/**
 * A server cannot be used as it is written: its name, its weight or another field.
 */
#define KETAMA_E_SERVER 6

/**
 * A limit would be exceeded, such as the option max-points.
 */
#define KETAMA_E_LIMIT 7

/**
 * Memory could not be had.
 */
#define KETAMA_E_MEMORY 8

/**
 * A defect of this library was caught.
 */
#define KETAMA_E_INTERNAL 9

/**
 * A shared segment cannot be trusted, or is not one.
 */
#define KETAMA_E_SEGMENT 10

/**
 * Another process is at work for longer than one waits.
 */
#define KETAMA_E_BUSY 11

/**
 * The index that stands for no server.
 */
#define KETAMA_NO_SERVER 4294967295

/**
 * The keys of a server that is out: what the dialect's software does with them.
 */
#define KETAMA_POLICY_DIALECT 0

/**
 * The keys of a server that is out go to the next server that is up; other keys stay where they are.
 */
#define KETAMA_POLICY_NEXT_SERVER 1

/**
 * The ring is built without the servers that are out.
 */
#define KETAMA_POLICY_REBUILD 2

/**
 * The keys of a server that is out are refused; no key ever moves.
 */
#define KETAMA_POLICY_FAIL 3

/**
 * An ejected server is back after its time, its failures counted from 0.
 */
#define KETAMA_AFTER_FRESH 0

/**
 * An ejected server is back after its time, and the next failure ejects it again.
 */
#define KETAMA_AFTER_ONCE 1

/**
 * After its time one look-up gets the server as a trial; it is back if that request succeeds.
 */
#define KETAMA_AFTER_TRIAL 2

/**
 * After its time the server has its keys again, but every request is refused (libmemcached's marked dead).
 */
#define KETAMA_AFTER_REFUSED 3

/**
 * The server is used.
 */
#define KETAMA_STATE_UP 0

/**
 * It failed, but is not ejected: its keys are refused for a while.
 */
#define KETAMA_STATE_RESTING 1

/**
 * It is ejected.
 */
#define KETAMA_STATE_OUT 2

/**
 * The next look-up that meets it gets it as a trial.
 */
#define KETAMA_STATE_TRIAL 3

/**
 * Its time out is over, but every request is refused.
 */
#define KETAMA_STATE_REFUSED 4

/**
 * It was taken out by hand.
 */
#define KETAMA_STATE_DOWN 5

/**
 * A ring with a bound on the load of its servers. It never changes; any number of threads may use it at once.
 */
typedef struct ketama_bounded ketama_bounded;

/**
 * A ring read off into buckets. It never changes; any number of threads may use it at once.
 */
typedef struct ketama_buckets ketama_buckets;

/**
 * A ring and the state of its servers. Any number of threads may use it at once; look-ups never wait for a lock.
 */
typedef struct ketama_fleet ketama_fleet;

/**
 * A ring that follows the file from which it comes. Any number of threads may use one at once.
 */
typedef struct ketama_handle ketama_handle;

/**
 * A ring: a server list under the rule of its dialect. It never changes, and any number of threads may use it at once.
 */
typedef struct ketama_ring ketama_ring;

/**
 * A server. Set every field that is not described otherwise to 0 or NULL: `ketama_server s = {"10.0.0.1:11211", 1};`
 * does. A field that the dialect does not have must stay 0 or NULL.
 */
typedef struct ketama_server {
  /**
   * The identity used in answers, and what is hashed unless the dialect says otherwise; not NULL, not empty.
   */
  const char *name;
  /**
   * The weight as written in the software's own configuration; 1 where nobody wrote one. A number without a fraction
   * counts as an integer.
   */
  double weight;
  /**
   * Nonzero: not usable at the moment.
   */
  int down;
  /**
   * haproxy: nonzero: used only when no other server is usable.
   */
  int backup;
  /**
   * The text that is hashed in place of the one derived from the name; or NULL.
   */
  const char *label;
  /**
   * The availability zone; or NULL.
   */
  const char *zone;
  /**
   * haproxy: the text hashed with hash-key guid; or NULL.
   */
  const char *guid;
  /**
   * haproxy: the numeric address hashed with hash-key addr and addr-port; or NULL.
   */
  const char *host;
  /**
   * haproxy: the number that is hashed; or 0.
   */
  unsigned int id;
  /**
   * haproxy: the port hashed with hash-key addr-port; or 0.
   */
  uint16_t port;
  /**
   * uhashring, hashring-js: this server's own number in place of the option; or 0.
   */
  unsigned int vnodes;
  /**
   * cassandra: this server's places on the circle; or NULL.
   */
  const int64_t *tokens;
  /**
   * Number of tokens.
   */
  size_t token_count;
  /**
   * For later versions; 0.
   */
  size_t reserved[4];
} ketama_server;

/**
 * An option of a dialect, as text: `true`, `160`, `fnv1a-64`.
 */
typedef struct ketama_option {
  /**
   * Its name: lower-case words joined by `-`; case and `_` for `-` do not matter.
   */
  const char *name;
  /**
   * Its value.
   */
  const char *value;
} ketama_option;

/**
 * When a server counts as dead and when it is tried again. Start from ketama_settings_of().
 */
typedef struct ketama_settings {
  /**
   * This many failures in a row eject a server; 0: never.
   */
  uint32_t failures;
  /**
   * This many successes in a row bring an ejected server back; 0: successes do not.
   */
  uint32_t successes;
  /**
   * How long an ejected server stays out, in milliseconds; below 0: until successes bring it back.
   */
  int64_t retry_ms;
  /**
   * How long the keys of a server are refused after a failure that does not eject it, in milliseconds.
   */
  uint64_t rest_ms;
  /**
   * While a server is out: the probability, 0 to 1, with which a look-up ignores that, so that a dead server is
   * discovered when it lives again.
   */
  double explore;
  /**
   * Where the sequence of random numbers for explore starts.
   */
  uint64_t seed;
  /**
   * What happens when the time of retry_ms is over: a KETAMA_AFTER_ number.
   */
  int after;
  /**
   * Nonzero: a list's only server is never ejected.
   */
  int spares_single;
  /**
   * Nonzero: the ring stays as it was when the last server is ejected; its keys are then refused.
   */
  int keeps_last_ring;
} ketama_settings;

/**
 * Something that happened to a server.
 */
typedef struct ketama_event {
  /**
   * When, in milliseconds: the time that was passed to the call that brought it about.
   */
  uint64_t at_ms;
  /**
   * The server's index.
   */
  uint32_t server;
  /**
   * Nonzero: it was ejected; 0: it is back.
   */
  int ejected;
} ketama_event;

/**
 * A key: any bytes, NUL included.
 */
typedef struct ketama_key {
  /**
   * The first byte; may be NULL if size is 0.
   */
  const void *data;
  /**
   * Number of bytes.
   */
  size_t size;
} ketama_key;

/**
 * A point on the circle, or a slot of a table.
 */
typedef struct ketama_point {
  /**
   * Its place, the lower 64 bits of it.
   */
  uint64_t place;
  /**
   * The upper 64 bits of its place; 0 but in dialects with places of 128 bits.
   */
  uint64_t place_high;
  /**
   * The index of the server that owns it.
   */
  unsigned int server;
} ketama_point;

/**
 * \brief Version of the library that is loaded, such as `1.1.0`: a C string that is always valid.
 */
const char *ketama_version(void);

/**
 * \brief Name of a dialect: a C string that is valid as long as the library is loaded.
 *
 * \param index 0 to the number of dialects - 1, in the order in which they are listed for people
 * \return NULL for a greater index
 */
const char *ketama_dialect_name(size_t index);

/**
 * \brief Reads a server list from a file and builds its ring.
 *
 * \param path a classic server list (lines ADDRESS WEIGHT: dialect libketama) or a TOML list (`dialect = "..."`,
 *             `[[servers]]`), recognised by content. If a TOML list names a segment (`segment = "..."`, seen from
 *             the list's folder), the ring is shared with all processes that open this list; where that does not
 *             work it is private, and ketama_ring_private() says why.
 * \param out  where the ring is stored; untouched on failure. To be released with ketama_ring_free().
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _IO, _SYNTAX, _DIALECT, _OPTION, _SERVER, _LIMIT, _MEMORY;
 *         ketama_error() then names the file, the line and the reason
 *
 * Threads: any.
 */
int ketama_ring_open(const char *path,
                     struct ketama_ring **out);

/**
 * \brief Builds the ring of a server list in memory.
 *
 * \param text   the list, in either form that ketama_ring_open() reads; need not end with a NUL
 * \param length its bytes
 * \param out    as in ketama_ring_open()
 * \return as ketama_ring_open(), without KETAMA_E_IO; errors name the list `(text)`
 */
int ketama_ring_parse(const char *text, size_t length, struct ketama_ring **out);

/**
 * \brief Builds a ring from code, with the dialect's default options.
 *
 * \param dialect a dialect's name or alias
 * \param servers the servers, in the order of the software's own configuration; what they point at is copied
 * \param n       how many; with 0 every look-up gives KETAMA_NO_SERVER
 * \param out     as in ketama_ring_open()
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _DIALECT, _OPTION (a required one is missing), _SERVER, _LIMIT,
 *         _MEMORY
 */
int ketama_ring_new(const char *dialect,
                    const struct ketama_server *servers,
                    size_t n,
                    struct ketama_ring **out);

/**
 * \brief Builds a ring from code, with options.
 *
 * \param dialect      a dialect's name or alias
 * \param options      the options that are not to have their defaults; may be NULL if option_count is 0
 * \param option_count how many
 * \param servers      as in ketama_ring_new()
 * \param n            as in ketama_ring_new()
 * \param out          as in ketama_ring_open()
 * \return as ketama_ring_new()
 */
int ketama_ring_new_with(const char *dialect,
                         const struct ketama_option *options,
                         size_t option_count,
                         const struct ketama_server *servers,
                         size_t n,
                         struct ketama_ring **out);

/**
 * \brief Builds the ring of the same list with one server more, at its end.
 *
 * \param ring   a ring; it stays as it is
 * \param server the server
 * \param out    as in ketama_ring_open()
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _SERVER, _LIMIT, _MEMORY
 */
int ketama_ring_add(const struct ketama_ring *ring,
                    const struct ketama_server *server,
                    struct ketama_ring **out);

/**
 * \brief Builds the ring of the same list without one server. The indices of later servers fall by one.
 *
 * \param ring a ring; it stays as it is
 * \param name the server's name; the first one if there are several
 * \param out  as in ketama_ring_open()
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _SERVER (no such server, or what is left is refused), _LIMIT, _MEMORY
 */
int ketama_ring_remove(const struct ketama_ring *ring,
                       const char *name,
                       struct ketama_ring **out);

/**
 * \brief Builds the ring of the same list with another weight for one server.
 *
 * \param ring   a ring; it stays as it is
 * \param name   the server's name
 * \param weight the new weight, as in ketama_server
 * \param out    as in ketama_ring_open()
 * \return as ketama_ring_remove()
 */
int ketama_ring_reweight(const struct ketama_ring *ring,
                         const char *name,
                         double weight,
                         struct ketama_ring **out);

/**
 * \brief Builds the ring of the same list with another name for one server.
 *
 * The name is what most dialects hash, so keys move as if the server had been replaced, unless it has a label.
 *
 * \param ring     a ring; it stays as it is
 * \param name     the server's name
 * \param new_name the name that it gets
 * \param out      as in ketama_ring_open()
 * \return as ketama_ring_remove()
 */
int ketama_ring_rename(const struct ketama_ring *ring,
                       const char *name,
                       const char *new_name,
                       struct ketama_ring **out);

/**
 * \brief Builds the ring of the same list with one server down, or up again; what follows is the dialect's rule.
 *
 * \param ring a ring; it stays as it is
 * \param name the server's name
 * \param down nonzero: down
 * \param out  as in ketama_ring_open()
 * \return as ketama_ring_remove()
 */
int ketama_ring_mark(const struct ketama_ring *ring,
                     const char *name,
                     int down,
                     struct ketama_ring **out);

/**
 * \brief Releases a ring. Names that it gave are not valid afterwards.
 *
 * \param ring a ring that no thread is using, or NULL
 */
void ketama_ring_free(struct ketama_ring *ring);

/**
 * \brief Milliseconds of a clock that never goes back: what the functions below take as now. Any other such clock will
 * do, if all calls for a fleet use the same one.
 */
uint64_t ketama_now(void);

/**
 * \brief Gives the settings of the software whose dialect the ring has.
 *
 * \param ring a ring
 * \param out  where the settings are stored
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT for a NULL
 */
int ketama_settings_of(const struct ketama_ring *ring, struct ketama_settings *out);

/**
 * \brief Makes a fleet of a ring. Servers that are down in its list count as taken out by hand.
 *
 * \param ring     a ring; it is copied, and may be freed at once
 * \param policy   a KETAMA_POLICY_ number
 * \param settings the settings; NULL for those of the dialect's software
 * \param out      where the fleet is stored; to be released with ketama_fleet_free()
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL, an unknown number), KETAMA_E_OPTION (settings that do not go together),
 *         or what ketama_ring_mark() returns
 */
int ketama_fleet_new(const struct ketama_ring *ring,
                     int policy,
                     const struct ketama_settings *settings,
                     struct ketama_fleet **out);

/**
 * \brief Releases a fleet that no thread is using; NULL is allowed.
 */
void ketama_fleet_free(struct ketama_fleet *fleet);

/**
 * \brief Finds the server to which a request goes now.
 *
 * \param fleet a fleet
 * \param key   as in ketama_ring_lookup()
 * \param len   its bytes
 * \param now   milliseconds, as of ketama_now()
 * \param owner NULL, or where the index of the server is stored to which the key belongs if it is refused: that server
 *              must not be asked now, and nobody stands in for it; else KETAMA_NO_SERVER is stored
 * \return the server's index, or KETAMA_NO_SERVER
 *
 * Tell the fleet how the request went: ketama_fleet_succeeded(), ketama_fleet_failed().
 */
uint32_t ketama_fleet_lookup(const struct ketama_fleet *fleet,
                             const void *key,
                             size_t len,
                             uint64_t now,
                             uint32_t *owner);

/**
 * \brief Finds the first n servers for a key that can be asked now, in the order of ketama_ring_lookup_n().
 *
 * \param fleet a fleet
 * \param key   as in ketama_ring_lookup()
 * \param len   its bytes
 * \param now   milliseconds, as of ketama_now()
 * \param out   room for n indices
 * \param n     how many are wanted
 * \return how many there are; 0 for NULL
 */
size_t ketama_fleet_lookup_n(const struct ketama_fleet *fleet,
                             const void *key,
                             size_t len,
                             uint64_t now,
                             uint32_t *out,
                             size_t n);

/**
 * \brief Reports that a request to a server succeeded.
 *
 * \param fleet  a fleet
 * \param server the server's index
 * \param now    milliseconds, as of ketama_now()
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (NULL), KETAMA_E_SERVER (no such server), or what building a ring returns
 */
int ketama_fleet_succeeded(struct ketama_fleet *fleet,
                           uint32_t server,
                           uint64_t now);

/**
 * \brief Reports that a request to a server failed. As ketama_fleet_succeeded().
 */
int ketama_fleet_failed(struct ketama_fleet *fleet, uint32_t server, uint64_t now);

/**
 * \brief Takes a server out by hand (down nonzero), or puts it back. As ketama_fleet_succeeded().
 */
int ketama_fleet_mark(struct ketama_fleet *fleet, uint32_t server, int down, uint64_t now);

/**
 * \brief State of a server: a KETAMA_STATE_ number; KETAMA_STATE_DOWN for an index that is none.
 *
 * \param fleet  a fleet
 * \param server the server's index
 * \param now    milliseconds, as of ketama_now()
 */
int ketama_fleet_state(const struct ketama_fleet *fleet, uint32_t server, uint64_t now);

/**
 * \brief Number of servers that are neither ejected nor taken out; 0 for NULL. now as of ketama_now().
 */
uint32_t ketama_fleet_alive_count(const struct ketama_fleet *fleet, uint64_t now);

/**
 * \brief Takes the oldest events that nobody has taken yet: servers ejected and rediscovered. 4096 are kept.
 *
 * \param fleet a fleet
 * \param out   room for n events
 * \param n     how many are wanted
 * \return how many were stored; 0 for NULL
 */
size_t ketama_fleet_events(struct ketama_fleet *fleet, struct ketama_event *out, size_t n);

/**
 * \brief Finds the server for a key.
 *
 * \param ring a ring
 * \param key  the key: any bytes; may be NULL if len is 0
 * \param len  its bytes
 * \return the server's index, or KETAMA_NO_SERVER where the dialect's software finds none: no servers, all of them down
 *         (in most dialects), a key that the software answers otherwise (nginx: the empty one); and for NULL
 *
 * Threads: any number at once in one ring; takes no lock, allocates nothing unless a prefix is hashed with the key.
 */
uint32_t ketama_ring_lookup(const struct ketama_ring *ring,
                            const void *key,
                            size_t len);

/**
 * \brief Finds the first n servers for a key in the dialect's own order: replicas, or whom to ask when one fails.
 *
 * Each server comes once (spymemcached: its retry sequence, where one may come again). Servers that are down are passed
 * over. Where the rule has no order of its own (modulo, buckets, jump, tables) the servers follow the first one in list
 * order, wrapping: that order is this library's.
 *
 * \param ring a ring
 * \param key  as in ketama_ring_lookup()
 * \param len  its bytes
 * \param out  room for n indices
 * \param n    how many are wanted
 * \return how many there are: n, or fewer, also where memory lacks to remember those that were met; 0 for NULL
 */
size_t ketama_ring_lookup_n(const struct ketama_ring *ring,
                            const void *key,
                            size_t len,
                            uint32_t *out,
                            size_t n);

/**
 * \brief Finds the servers for many keys at once, several times faster than one by one where the processor has vector
 * instructions for the dialect's hash.
 *
 * \param ring a ring
 * \param keys n keys
 * \param n    how many; 0 is allowed
 * \param out  room for n indices: each becomes what ketama_ring_lookup() gives for its key
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT if a pointer is NULL
 */
int ketama_ring_lookup_many(const struct ketama_ring *ring,
                            const struct ketama_key *keys,
                            size_t n,
                            uint32_t *out);

/**
 * \brief Finds the server for an integer that is given in place of a key's hash, where the software can be given one
 * (varnish, haproxy, jump).
 *
 * \param ring   a ring
 * \param number the number; below 2^32 in dialects with places of 32 bits
 * \param out    where the index is stored, or KETAMA_NO_SERVER; untouched on failure
 * \return KETAMA_OK, KETAMA_E_ARGUMENT for a NULL, KETAMA_E_OPTION if the dialect takes no integers, or none so large
 */
int ketama_ring_lookup_integer(const struct ketama_ring *ring,
                               uint64_t number,
                               uint32_t *out);

/**
 * \brief Finds the server that answers for a place on the circle. Where a rule hashes the key again while a server is
 * down, the owner of the place, up or down.
 *
 * \param ring  a ring
 * \param place the place; in dialects with 128-bit places its lower half
 * \return the server's index, or KETAMA_NO_SERVER where places are not searched for, and for NULL
 */
uint32_t ketama_ring_lookup_place(const struct ketama_ring *ring,
                                  uint64_t place);

/**
 * \brief Computes a key's place on the circle: its hash, as the dialect takes it.
 *
 * \param ring a ring
 * \param key  as in ketama_ring_lookup()
 * \param len  its bytes
 * \param out  where the place is stored, with server = its owner; untouched on failure
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT for a NULL and where the dialect has no place for this key
 */
int ketama_ring_place(const struct ketama_ring *ring, const void *key, size_t len, struct ketama_point *out);

/**
 * \brief Number of the point, or of the slot, that a key meets first, whether its server is up or not.
 *
 * \param ring a ring
 * \param key  as in ketama_ring_lookup()
 * \param len  its bytes
 * \return 0 to ketama_ring_point_count() - 1; SIZE_MAX where there are no points, where the dialect has no place for this
 *         key, and for NULL
 */
size_t ketama_ring_position(const struct ketama_ring *ring,
                            const void *key,
                            size_t len);

/**
 * \brief Copies the bytes of a key that are hashed: a prefix put before it, the part between hash tags, or all of it.
 *
 * \param ring a ring
 * \param key  as in ketama_ring_lookup()
 * \param len  its bytes
 * \param out  room for the bytes, of which as many are stored as fit; may be NULL if room is 0
 * \param room its bytes
 * \return how many bytes are hashed, whether they fit or not; 0 where nothing is hashed, and for NULL
 */
size_t ketama_ring_hashed(const struct ketama_ring *ring,
                          const void *key,
                          size_t len,
                          void *out,
                          size_t room);

/**
 * \brief Number of servers in the list, those that are down or without a point included. 0 for NULL.
 */
uint32_t ketama_ring_server_count(const struct ketama_ring *ring);

/**
 * \brief Name of a server: a C string that is valid as long as the ring.
 *
 * \param index 0 to ketama_ring_server_count() - 1, in list order
 * \return NULL for another index, KETAMA_NO_SERVER among them, if ring is NULL, and without memory for the names
 */
const char *ketama_ring_server_name(const struct ketama_ring *ring,
                                    uint32_t index);

/**
 * \brief Index of the server with this name, the first one if there are several; KETAMA_NO_SERVER if there is none or a
 * pointer is NULL.
 */
uint32_t ketama_ring_server_index(const struct ketama_ring *ring,
                                  const char *name);

/**
 * \brief Weight of a server, as written in the list. 0 for an index that is none, and if ring is NULL.
 */
double ketama_ring_server_weight(const struct ketama_ring *ring, uint32_t index);

/**
 * \brief Whether a server is marked as down, in the list or by ketama_ring_mark(): 1 if it is, 0 if it is not, for an
 * index that is none, and if ring is NULL.
 */
int ketama_ring_server_down(const struct ketama_ring *ring,
                            uint32_t index);

/**
 * \brief Sum of the servers' weights, as written in the list. 0 if ring is NULL.
 */
double ketama_ring_total_weight(const struct ketama_ring *ring);

/**
 * \brief Shares of the key space, 0 to 1, one for each server: exact from the points, not sampled.
 *
 * \param ring a ring
 * \param out  room for ketama_ring_server_count() numbers
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT if a pointer is NULL
 */
int ketama_ring_shares(const struct ketama_ring *ring, double *out);

/**
 * \brief Share of the key space of one server, 0 to 1. 0 for an index that is none, if ring is NULL, and without memory.
 *
 * Walks over all points: for the shares of all servers use ketama_ring_shares().
 */
double ketama_ring_server_share(const struct ketama_ring *ring,
                                uint32_t index);

/**
 * \brief Name of the ring's dialect: a C string that is valid as long as the ring. NULL if ring is NULL.
 */
const char *ketama_ring_dialect(const struct ketama_ring *ring);

/**
 * \brief A number that two rings share exactly when they map every key to servers of the same name, in whatever process,
 * on whatever machine. 0 if ring is NULL.
 */
uint64_t ketama_ring_fingerprint(const struct ketama_ring *ring);

/**
 * \brief Number of points on the circle, or of slots in the dialect's table. 0 where there are neither, and for NULL.
 */
size_t ketama_ring_point_count(const struct ketama_ring *ring);

/**
 * \brief A point, by its number in ring order.
 *
 * \param ring  a ring
 * \param index 0 to ketama_ring_point_count() - 1
 * \param out   where the point is stored; untouched on failure
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT for another index or a NULL
 */
int ketama_ring_point(const struct ketama_ring *ring, size_t index, struct ketama_point *out);

/**
 * \brief Sets how this process shares rings, in all functions from now on. Without a call: group 0, 100 ms.
 *
 * \param group nonzero: segments can be read by the files' group too (0640 in place of 0600). Readers trust a segment
 *              only if it belongs to themselves or to root: see ketama_segment_trust() for publishers that are neither.
 * \param milliseconds how long to wait for another process that is building the same ring before building a private one
 */
void ketama_segment_policy(int group,
                           unsigned int milliseconds);

/**
 * \brief Makes this process trust the segments of one more user, in all functions from now on. Without a call it trusts its
 * own and root's.
 *
 * For the readers of a group whose publisher is another user and not root. That user could end this process, by cutting
 * short a segment that it has attached: trust nobody in whom the process need not trust anyway.
 *
 * \param user a user ID, as of getpwnam(); (unsigned int)-1 takes the trust back
 */
void ketama_segment_trust(unsigned int user);

/**
 * \brief Publishes a ring: writes it into a file that other processes attach, in place of what lies there.
 *
 * A process that has attached what was there before keeps it until it refreshes. Beside the file lie PATH.lock and
 * PATH.control; they stay. A memory file system (/dev/shm, /run) is the best place; the folder must exist.
 *
 * \param ring a ring
 * \param path where the segment is to lie
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _IO, _MEMORY, _LIMIT: a ring without points (modulo and others), which
 *         each reader makes for itself, of more than 2^24 slots; _BUSY: another process has been publishing there for
 *         longer than ketama_segment_policy() allows. On failure, what lay there stays.
 */
int ketama_ring_publish(const struct ketama_ring *ring,
                        const char *path);

/**
 * \brief Attaches the ring that another process has published: nothing is built, and the points lie in memory that all
 * processes share. Look-ups are as fast as in a ring of one's own.
 *
 * \param path where the segment lies
 * \param out  where the ring is stored; untouched on failure. To be released with ketama_ring_free().
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _IO, _MEMORY, or _SEGMENT: it does not belong to this user or root,
 *         others may write to it, it is a symbolic link, it is damaged, or its format is not known to this version
 */
int ketama_ring_attach(const char *path,
                       struct ketama_ring **out);

/**
 * \brief Whether a ring lies in a segment that other processes share: 1 or 0. 0 for NULL.
 */
int ketama_ring_is_shared(const struct ketama_ring *ring);

/**
 * \brief Why a ring is private although its list names a segment: a C string that is valid as long as the ring. NULL if
 * it is shared, if nothing else was asked for, and for NULL.
 */
const char *ketama_ring_private(const struct ketama_ring *ring);

/**
 * \brief Opens a handle: a ring that follows a server list or a segment through all its changes.
 *
 * \param path a server list in either form, or a segment; it may be a symbolic link to a list
 * \param out  where the handle is stored; untouched on failure. To be released with ketama_handle_free().
 * \return as ketama_ring_open() for a list, as ketama_ring_attach() for a segment
 */
int ketama_handle_open(const char *path, struct ketama_handle **out);

/**
 * \brief Looks whether the file has changed, and takes the new ring if it has. Costs one system call when nothing has
 * changed.
 *
 * It takes as long as the file system takes to give the file (a network file system whose server is away, a FIFO without a
 * writer), and other refreshes of the handle wait for it. ketama_handle_lookup(), ketama_handle_ring() and
 * ketama_handle_is_stale() never wait.
 *
 * \param handle  a handle
 * \param changed set to 1 if another ring is in use now, else to 0; may be NULL; untouched on failure
 * \return KETAMA_OK, or why the file cannot be used as it is now, as ketama_handle_open(): the ring in use stays, and the
 *         next call says the same until the file changes, or tries again where memory or descriptors lacked
 */
int ketama_handle_refresh(const struct ketama_handle *handle,
                          int *changed);

/**
 * \brief Whether ketama_handle_refresh() may have something to do: 1 or 0. For a segment one load from memory, and 0 is
 * certain; for a server list always 1. 0 for NULL.
 */
int ketama_handle_is_stale(const struct ketama_handle *handle);

/**
 * \brief The ring as it is now. It stays as it is until it is released, whatever becomes of file and handle.
 *
 * \param handle a handle
 * \param out    where the ring is stored; untouched on failure. To be released with ketama_ring_free().
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT for a NULL
 */
int ketama_handle_ring(const struct ketama_handle *handle, struct ketama_ring **out);

/**
 * \brief Finds the server for a key in the ring as it is now. Never waits for a refresh.
 *
 * \param handle a handle
 * \param key    as in ketama_ring_lookup()
 * \param len    its bytes
 * \return the server's index in the ring as it is now, or KETAMA_NO_SERVER, as ketama_ring_lookup(). After a refresh an
 *         index may stand for another server: who needs names takes a ring with ketama_handle_ring().
 */
uint32_t ketama_handle_lookup(const struct ketama_handle *handle,
                              const void *key,
                              size_t len);

/**
 * \brief A file descriptor that can be read (poll, epoll, select) when the file may have changed;
 * ketama_handle_refresh() makes it unreadable again.
 *
 * \param handle a handle
 * \param out    where the descriptor is stored; it belongs to the handle: do not read from it, do not close it
 * \return KETAMA_OK, KETAMA_E_ARGUMENT for a NULL, or KETAMA_E_IO where files cannot be watched: then
 *         ketama_handle_refresh() is to be called now and then
 */
int ketama_handle_watch(const struct ketama_handle *handle,
                        int *out);

/**
 * \brief Waits until the file may have changed, whether it can be watched or has to be looked at twice a second.
 *
 * \param handle       a handle
 * \param milliseconds how long to wait at most
 * \return 1 if it may have changed; 0 if the time is over, and for NULL
 */
int ketama_handle_wait(const struct ketama_handle *handle,
                       unsigned int milliseconds);

/**
 * \brief Releases a handle, and the descriptor that it gave. Rings taken from it stay.
 *
 * \param handle a handle that no thread is using, or NULL
 */
void ketama_handle_free(struct ketama_handle *handle);

/**
 * \brief Finds the first n servers for a key, from as many zones as there are.
 *
 * The servers are walked in the order of ketama_ring_lookup_n(). A server is taken if its zone has none yet; those that
 * are passed over follow in walk order once every zone has one. A server without a zone counts as a zone of its own.
 * (The placement of Cassandra's NetworkTopologyStrategy within one data centre.)
 *
 * \param ring a ring
 * \param key  as in ketama_ring_lookup()
 * \param len  its bytes
 * \param out  room for n indices
 * \param n    how many are wanted
 * \return how many there are; 0 for NULL
 */
size_t ketama_ring_lookup_n_zones(const struct ketama_ring *ring,
                                  const void *key,
                                  size_t len,
                                  uint32_t *out,
                                  size_t n);

/**
 * \brief Bounds the loads of a ring's servers.
 *
 * A server's capacity is percent / 100 of its share, by weight, of all requests under way and the one to be placed,
 * rounded up (Mirrokni, Thorup and Zadimoghaddam, Consistent Hashing with Bounded Loads, 2016). No server is given more;
 * some server is always below its capacity; what is too much for one server goes to those behind it, the same for the
 * same loads.
 *
 * \param ring    a ring; it is copied
 * \param percent 101 to 1000000; 0 for the rule that the ring's options ask for (haproxy: hash-balance-factor, with
 *                HAProxy's own rounding)
 * \param out     where it is stored; to be released with ketama_bounded_free()
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), KETAMA_E_OPTION (percent out of range, or 0 and the options ask for
 *         none)
 */
int ketama_bounded_new(const struct ketama_ring *ring,
                       uint32_t percent,
                       struct ketama_bounded **out);

/**
 * \brief Releases what ketama_bounded_new() stored; NULL is allowed.
 */
void ketama_bounded_free(struct ketama_bounded *bounded);

/**
 * \brief Finds the server for a key: the first in the order of ketama_ring_lookup_n() that is below its capacity.
 *
 * \param bounded a ring with bounds
 * \param key     as in ketama_ring_lookup()
 * \param len     its bytes
 * \param loads   requests under way now, one number for each server in list order
 * \param n       how many numbers: ketama_ring_server_count()
 * \param out     where the index is stored, or KETAMA_NO_SERVER; untouched on failure
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), KETAMA_E_SERVER (n is not the number of servers), KETAMA_E_LIMIT (the
 *         sum of the loads exceeds 2^64 - 1)
 */
int ketama_bounded_lookup(const struct ketama_bounded *bounded,
                          const void *key,
                          size_t len,
                          const uint64_t *loads,
                          size_t n,
                          uint32_t *out);

/**
 * \brief Capacity of a server: the most requests that it may have under way when total + 1 are. 0 for NULL.
 */
uint64_t ketama_bounded_capacity(const struct ketama_bounded *bounded, uint32_t server, uint64_t total);

/**
 * \brief Reads a ring off into buckets, for look-ups in one step: bucket b answers for the place b * 2^w / count on a
 * circle of 2^w places, and a key has the bucket hash mod count (the precomputation of Set::ConsistentHash, which has
 * 1024 of them).
 *
 * \param ring  a ring; it is not needed afterwards
 * \param count how many: 1 to the option max-points
 * \param out   where they are stored; to be released with ketama_buckets_free()
 * \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), KETAMA_E_LIMIT (count), KETAMA_E_OPTION (the dialect has no points on a
 *         circle, or hashes keys again while a server is down)
 */
int ketama_buckets_new(const struct ketama_ring *ring,
                       uint32_t count,
                       struct ketama_buckets **out);

/**
 * \brief Releases what ketama_buckets_new() stored; NULL is allowed.
 */
void ketama_buckets_free(struct ketama_buckets *buckets);

/**
 * \brief The buckets themselves: count indices of servers, or KETAMA_NO_SERVER, valid as long as buckets. NULL for NULL.
 */
const uint32_t *ketama_buckets_slots(const struct ketama_buckets *buckets);

/**
 * \brief Finds the server for a key, that of bucket hash mod count; KETAMA_NO_SERVER where there is none, and for NULL.
 *
 * \param buckets the buckets
 * \param key     as in ketama_ring_lookup()
 * \param len     its bytes
 */
uint32_t ketama_buckets_lookup(const struct ketama_buckets *buckets,
                               const void *key,
                               size_t len);

#ifdef __cplusplus
}
#endif

#endif /* KETAMA_RING_H */
