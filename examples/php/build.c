/* build.c: from PHP's arrays to what the library takes, and from that to a ring.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "php_ketama.h"
#include "ketama.h"

#include <stddef.h>

/* Whether a text can be a C string. */
static bool without_nul(zend_string *text)
{
  return strlen(ZSTR_VAL(text)) == ZSTR_LEN(text);
}

/* A scalar as the library reads options: `true`, `160`, `md5`. NULL for anything else. */
static zend_string *option_text(zval *value)
{
  switch (Z_TYPE_P(value)) {
    case IS_TRUE:
      return zend_string_init("true", 4, 0);
    case IS_FALSE:
      return zend_string_init("false", 5, 0);
    case IS_LONG:
    case IS_DOUBLE:
    case IS_STRING:
      return zval_get_string(value);
    default:
      return NULL;
  }
}

zend_result options_from_array(HashTable *array, ring_options *options)
{
  zend_string *name;
  zval *value;
  uint32_t count = zend_hash_num_elements(array);
  memset(options, 0, sizeof *options);
  if (count == 0) return SUCCESS;
  options->list = safe_emalloc(count, sizeof *options->list, 0);
  options->texts = safe_emalloc(count, sizeof *options->texts, 0);
  ZEND_HASH_FOREACH_STR_KEY_VAL(array, name, value) {
    ZVAL_DEREF(value);
    zend_string *text = name != NULL ? option_text(value) : NULL;
    if (text == NULL || !without_nul(text) || !without_nul(name)) {
      if (text != NULL) zend_string_release(text);
      options_free(options);
      ketama_throw(KETAMA_E_OPTION, "options are name => text, number or boolean");
      return FAILURE;
    }
    options->texts[options->count] = text;
    options->list[options->count++] = (ketama_option){ZSTR_VAL(name), ZSTR_VAL(text)};
  } ZEND_HASH_FOREACH_END();
  return SUCCESS;
}

void options_free(ring_options *options)
{
  for (size_t i = 0; i < options->count; i++) zend_string_release(options->texts[i]);
  if (options->list != NULL) efree(options->list);
  if (options->texts != NULL) efree(options->texts);
  memset(options, 0, sizeof *options);
}

static zend_result refuse(const char *server, const char *field, const char *form)
{
  ketama_throw(KETAMA_E_SERVER, "server %s: %s must be %s", server, field, form);
  return FAILURE;
}

/* A number, or a text that is one, as ini files give it. */
static bool number(zval *value, double *out)
{
  zend_long integer;
  switch (Z_TYPE_P(value)) {
    case IS_LONG:
      *out = (double)Z_LVAL_P(value);
      return true;
    case IS_DOUBLE:
      *out = Z_DVAL_P(value);
      return true;
    case IS_STRING:
      switch (is_numeric_string(Z_STRVAL_P(value), Z_STRLEN_P(value), &integer, out, false)) {
        case IS_LONG:
          *out = (double)integer;
          return true;
        case IS_DOUBLE:
          return true;
      }
  }
  return false;
}

static bool integer(zval *value, zend_long most, zend_long *out)
{
  double read;
  if (!number(value, &read) || read < 0 || read > (double)most || read != (double)(zend_long)read) return false;
  *out = (zend_long)read;
  return true;
}

/* One place on the circle: an integer, or its decimal digits. */
static bool token(zval *value, int64_t *out)
{
  double fraction;
  zend_long read;
  ZVAL_DEREF(value);
  if (Z_TYPE_P(value) == IS_LONG) {
    *out = Z_LVAL_P(value);
    return true;
  }
  if (Z_TYPE_P(value) != IS_STRING) return false;
  if (is_numeric_string(Z_STRVAL_P(value), Z_STRLEN_P(value), &read, &fraction, false) != IS_LONG) return false;
  *out = read;
  return true;
}

static bool tokens(zval *value, ketama_server *server)
{
  zval *element;
  if (Z_TYPE_P(value) != IS_ARRAY) return false;
  HashTable *array = Z_ARRVAL_P(value);
  int64_t *list = safe_emalloc(zend_hash_num_elements(array), sizeof *list, 1);
  size_t count = 0;
  ZEND_HASH_FOREACH_VAL(array, element) {
    if (!token(element, &list[count])) {
      efree(list);
      return false;
    }
    count++;
  } ZEND_HASH_FOREACH_END();
  server->tokens = list;
  server->token_count = count;
  return true;
}

/* Where a field of text lies in the struct, by its name; or NULL. */
static const char **text_field(ketama_server *server, const char *field)
{
  static const struct {
    const char *name;
    size_t offset;
  } fields[] = {
    {"label", offsetof(ketama_server, label)},
    {"zone", offsetof(ketama_server, zone)},
    {"guid", offsetof(ketama_server, guid)},
    {"host", offsetof(ketama_server, host)},
  };
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    if (strcmp(field, fields[i].name) == 0) return (const char **)((char *)server + fields[i].offset);
  }
  return NULL;
}

static zend_result set_number(ketama_server *server, const char *field, zval *value)
{
  zend_long read;
  if (strcmp(field, "weight") == 0)
    return number(value, &server->weight) ? SUCCESS : refuse(server->name, field, "a number");
  bool port = strcmp(field, "port") == 0;
  if (!integer(value, port ? UINT16_MAX : UINT32_MAX, &read))
    return refuse(server->name, field, "an integer in range");
  if (port) {
    server->port = (uint16_t)read;
  } else if (strcmp(field, "id") == 0) {
    server->id = (unsigned int)read;
  } else {
    server->vnodes = (unsigned int)read;
  }
  return SUCCESS;
}

static zend_result set_field(ketama_server *server, const char *field, zval *value)
{
  const char **text = text_field(server, field);
  if (text != NULL) {
    if (Z_TYPE_P(value) != IS_STRING || !without_nul(Z_STR_P(value)))
      return refuse(server->name, field, "a text without NUL");
    *text = Z_STRVAL_P(value);
    return SUCCESS;
  }
  if (strcmp(field, "down") == 0 || strcmp(field, "backup") == 0) {
    *(*field == 'd' ? &server->down : &server->backup) = zend_is_true(value);
    return SUCCESS;
  }
  if (strcmp(field, "tokens") == 0)
    return tokens(value, server) ? SUCCESS : refuse(server->name, field, "a list of integers");
  static const char *const numbers[] = {"weight", "port", "id", "vnodes"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    if (strcmp(field, numbers[i]) == 0) return set_number(server, field, value);
  }
  ketama_throw(KETAMA_E_SERVER, "server %s: there is no field %s", server->name, field);
  return FAILURE;
}

/* Fills in a server whose texts are those of `name` and `fields`, which must outlive it; fields may be NULL. */
zend_result server_from_fields(zend_string *name, HashTable *fields, ketama_server *server)
{
  zend_string *field;
  zval *value;
  memset(server, 0, sizeof *server);
  server->weight = 1;
  server->name = ZSTR_VAL(name);
  if (!without_nul(name)) return refuse(server->name, "name", "a text without NUL");
  if (fields == NULL) return SUCCESS;
  ZEND_HASH_FOREACH_STR_KEY_VAL(fields, field, value) {
    ZVAL_DEREF(value);
    if (field != NULL && zend_string_equals_literal(field, "name")) continue;
    if (Z_TYPE_P(value) == IS_NULL) continue;
    if (set_field(server, field != NULL ? ZSTR_VAL(field) : "without a name", value) == FAILURE) return FAILURE;
  } ZEND_HASH_FOREACH_END();
  return SUCCESS;
}

void server_free(ketama_server *server)
{
  if (server->tokens != NULL) efree((void *)server->tokens);
}

/* One element of an array of servers: name, name => weight, name => fields, or fields with a name. */
static zend_result server_from_element(zend_string *key, zval *value, ketama_server *server)
{
  ZVAL_DEREF(value);
  memset(server, 0, sizeof *server);
  if (key != NULL && Z_TYPE_P(value) != IS_ARRAY) {
    if (server_from_fields(key, NULL, server) == FAILURE) return FAILURE;
    return number(value, &server->weight) ? SUCCESS : refuse(server->name, "weight", "a number");
  }
  if (Z_TYPE_P(value) == IS_STRING) return server_from_fields(Z_STR_P(value), NULL, server);
  if (Z_TYPE_P(value) == IS_ARRAY) {
    zval *name = zend_hash_str_find_deref(Z_ARRVAL_P(value), "name", sizeof "name" - 1);
    if (name != NULL && Z_TYPE_P(name) == IS_STRING) key = Z_STR_P(name);
    if (key != NULL) return server_from_fields(key, Z_ARRVAL_P(value), server);
  }
  ketama_throw(KETAMA_E_SERVER, "a server is a name, name => weight, name => fields, or fields with a name");
  return FAILURE;
}

zend_result build_from_servers(HashTable *array, const char *dialect, const ring_options *options, ketama_ring **ring)
{
  zend_string *key;
  zval *value;
  size_t count = 0;
  zend_result result = SUCCESS;
  ketama_server *servers = safe_emalloc(zend_hash_num_elements(array), sizeof *servers, 1);
  ZEND_HASH_FOREACH_STR_KEY_VAL(array, key, value) {
    result = server_from_element(key, value, &servers[count++]);
    if (result == FAILURE) break;
  } ZEND_HASH_FOREACH_END();
  if (result == SUCCESS) {
    int status = ketama_ring_new_with(dialect, options->list, options->count, servers, count, ring);
    if (status != KETAMA_OK) {
      ketama_throw(status, "%s", ketama_error());
      result = FAILURE;
    }
  }
  for (size_t i = 0; i < count; i++) server_free(&servers[i]);
  efree(servers);
  return result;
}

/* The servers of a list without a dialect of its own, under another dialect. */
static int redress(const ketama_ring *list, const list_source *source, ketama_ring **ring)
{
  uint32_t count = ketama_ring_server_count(list);
  ketama_server *servers = safe_emalloc(count, sizeof *servers, 1);
  memset(servers, 0, count * sizeof *servers);
  for (uint32_t i = 0; i < count; i++) {
    servers[i].name = ketama_ring_server_name(list, i);
    servers[i].weight = ketama_ring_server_weight(list, i);
    servers[i].down = ketama_ring_server_down(list, i);
  }
  int status = ketama_ring_new_with(source->dialect, source->options.list, source->options.count, servers, count, ring);
  efree(servers);
  return status;
}

/* Builds the ring of a list. Gives a status; unless it is KETAMA_OK, *text is the reason, to be released. */
int build_from_list(const list_source *source, ketama_ring **ring, zend_string **text)
{
  ketama_ring *list;
  int status = source->path != NULL ? ketama_ring_open(source->path, &list)
                                    : ketama_ring_parse(source->text, source->length, &list);
  if (status != KETAMA_OK) {
    *text = zend_string_init(ketama_error(), strlen(ketama_error()), 0);
    return status;
  }
  if (source->dialect == NULL) {
    *ring = list;
    return KETAMA_OK;
  }
  if (strcmp(ketama_ring_dialect(list), "libketama") != 0) {
    *text = strpprintf(0, "the list names its dialect itself: %s", ketama_ring_dialect(list));
    status = KETAMA_E_DIALECT;
  } else {
    status = redress(list, source, ring);
    if (status != KETAMA_OK) *text = zend_string_init(ketama_error(), strlen(ketama_error()), 0);
  }
  ketama_ring_free(list);
  return status;
}
