/* lookup.c: what a Ketama\Ring is asked: servers for keys, and what it says of itself.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "php_ketama.h"
#include "ketama.h"

#include <inttypes.h>

/* Name of a server, as a string that the object keeps; NULL for KETAMA_NO_SERVER. */
static zend_string *name_of(ring_object *object, uint32_t index)
{
  if (index >= object->count) return NULL;
  if (object->names == NULL) object->names = ecalloc(object->count, sizeof *object->names);
  if (object->names[index] == NULL) {
    const char *name = ketama_ring_server_name(object->shared->ring, index);
    object->names[index] = zend_string_init(name, strlen(name), 0);
  }
  return object->names[index];
}

static void set_server(zval *value, ring_object *object, uint32_t index)
{
  zend_string *name = name_of(object, index);
  if (name == NULL) {
    ZVAL_NULL(value);
  } else {
    ZVAL_STR_COPY(value, name);
  }
}

PHP_METHOD(Ketama_Ring, dialects)
{
  ZEND_PARSE_PARAMETERS_NONE();
  array_init(return_value);
  for (size_t i = 0; ketama_dialect_name(i) != NULL; i++) add_next_index_string(return_value, ketama_dialect_name(i));
}

PHP_METHOD(Ketama_Ring, get)
{
  char *key;
  size_t length;
  ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_STRING(key, length)
  ZEND_PARSE_PARAMETERS_END();

  ring_object *object = THIS_RING();
  set_server(return_value, object, ketama_ring_lookup(object->shared->ring, key, length));
}

PHP_METHOD(Ketama_Ring, getInteger)
{
  zend_long number;
  uint32_t server;
  ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_LONG(number)
  ZEND_PARSE_PARAMETERS_END();

  ring_object *object = THIS_RING();
  /* Negative numbers are those of 64 bits from 2^63 on, which PHP has no other way to write. */
  int status = ketama_ring_lookup_integer(object->shared->ring, (uint64_t)number, &server);
  if (status != KETAMA_OK) {
    ketama_throw(status, "%s", ketama_error());
    RETURN_THROWS();
  }
  set_server(return_value, object, server);
}

/* More replicas than this are given only where there are more servers. */
enum { MOST_REPLICAS = 65535 };

PHP_METHOD(Ketama_Ring, getN)
{
  char *key;
  size_t length;
  zend_long n;
  ZEND_PARSE_PARAMETERS_START(2, 2)
    Z_PARAM_STRING(key, length)
    Z_PARAM_LONG(n)
  ZEND_PARSE_PARAMETERS_END();
  if (n < 0) {
    zend_argument_value_error(2, "must be greater than or equal to 0");
    RETURN_THROWS();
  }

  ring_object *object = THIS_RING();
  /* Few dialects give a server again, so that there may be more answers than servers. */
  size_t most = MIN((zend_ulong)n, MAX(object->count, MOST_REPLICAS));
  uint32_t *found = safe_emalloc(most, sizeof *found, 1);
  size_t count = ketama_ring_lookup_n(object->shared->ring, key, length, found, most);
  array_init_size(return_value, (uint32_t)count);
  for (size_t i = 0; i < count; i++) {
    zval name;
    set_server(&name, object, found[i]);
    add_next_index_zval(return_value, &name);
  }
  efree(found);
}

/* The keys of a batch as C takes them, and the strings that were made of the integers among them. */
typedef struct {
  ketama_key *keys;
  zend_string **made;
  uint32_t *servers;
  size_t count;
} key_batch;

static void batch_free(key_batch *batch)
{
  for (size_t i = 0; i < batch->count; i++) {
    if (batch->made[i] != NULL) zend_string_release(batch->made[i]);
  }
  efree(batch->keys);
  efree(batch->made);
  efree(batch->servers);
}

static bool batch_fill(key_batch *batch, HashTable *array)
{
  zval *value;
  size_t room = zend_hash_num_elements(array);
  batch->count = 0;
  batch->keys = safe_emalloc(room, sizeof *batch->keys, 1);
  batch->made = safe_emalloc(room, sizeof *batch->made, 1);
  batch->servers = safe_emalloc(room, sizeof *batch->servers, 1);
  ZEND_HASH_FOREACH_VAL(array, value) {
    ZVAL_DEREF(value);
    if (Z_TYPE_P(value) != IS_STRING && Z_TYPE_P(value) != IS_LONG) return false;
    zend_string *made = Z_TYPE_P(value) == IS_LONG ? zend_long_to_str(Z_LVAL_P(value)) : NULL;
    zend_string *key = made != NULL ? made : Z_STR_P(value);
    batch->made[batch->count] = made;
    batch->keys[batch->count++] = (ketama_key){ZSTR_VAL(key), ZSTR_LEN(key)};
  } ZEND_HASH_FOREACH_END();
  return true;
}

PHP_METHOD(Ketama_Ring, getMany)
{
  HashTable *array;
  key_batch batch;
  zend_ulong number;
  zend_string *name;
  size_t i = 0;
  ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_ARRAY_HT(array)
  ZEND_PARSE_PARAMETERS_END();

  ring_object *object = THIS_RING();
  if (!batch_fill(&batch, array)) {
    batch_free(&batch);
    zend_argument_type_error(1, "must contain only strings and integers");
    RETURN_THROWS();
  }
  ketama_ring_lookup_many(object->shared->ring, batch.keys, batch.count, batch.servers);
  array_init_size(return_value, (uint32_t)batch.count);
  ZEND_HASH_FOREACH_KEY(array, number, name) {
    zval server;
    set_server(&server, object, batch.servers[i++]);
    if (name != NULL) {
      zend_hash_add_new(Z_ARRVAL_P(return_value), name, &server);
    } else {
      zend_hash_index_add_new(Z_ARRVAL_P(return_value), number, &server);
    }
  } ZEND_HASH_FOREACH_END();
  batch_free(&batch);
}

/* A weight as it was written: 2, not 2.0. */
static void add_weight(zval *server, double weight)
{
  if (ZEND_DOUBLE_FITS_LONG(weight) && weight == (double)(zend_long)weight) {
    add_assoc_long(server, "weight", (zend_long)weight);
  } else {
    add_assoc_double(server, "weight", weight);
  }
}

PHP_METHOD(Ketama_Ring, servers)
{
  ZEND_PARSE_PARAMETERS_NONE();
  ring_object *object = THIS_RING();
  const ketama_ring *ring = object->shared->ring;
  array_init_size(return_value, object->count);
  for (uint32_t i = 0; i < object->count; i++) {
    zval server;
    array_init_size(&server, 3);
    add_assoc_str(&server, "name", zend_string_copy(name_of(object, i)));
    add_weight(&server, ketama_ring_server_weight(ring, i));
    add_assoc_bool(&server, "down", ketama_ring_server_down(ring, i));
    add_next_index_zval(return_value, &server);
  }
}

PHP_METHOD(Ketama_Ring, shares)
{
  ZEND_PARSE_PARAMETERS_NONE();
  ring_object *object = THIS_RING();
  double *shares = safe_emalloc(object->count, sizeof *shares, 1);
  ketama_ring_shares(object->shared->ring, shares);
  array_init_size(return_value, object->count);
  for (uint32_t i = 0; i < object->count; i++) {
    /* A name that occurs twice is one server to those who ask. */
    zval share, *before = zend_symtable_find(Z_ARRVAL_P(return_value), name_of(object, i));
    ZVAL_DOUBLE(&share, shares[i] + (before != NULL ? Z_DVAL_P(before) : 0));
    zend_symtable_update(Z_ARRVAL_P(return_value), name_of(object, i), &share);
  }
  efree(shares);
}

PHP_METHOD(Ketama_Ring, fingerprint)
{
  ZEND_PARSE_PARAMETERS_NONE();
  char digits[17];
  snprintf(digits, sizeof digits, "%016" PRIx64, ketama_ring_fingerprint(THIS_RING()->shared->ring));
  RETURN_STRINGL(digits, 16);
}

PHP_METHOD(Ketama_Ring, dialect)
{
  ZEND_PARSE_PARAMETERS_NONE();
  RETURN_STRING(ketama_ring_dialect(THIS_RING()->shared->ring));
}

PHP_METHOD(Ketama_Ring, count)
{
  ZEND_PARSE_PARAMETERS_NONE();
  RETURN_LONG(THIS_RING()->count);
}
