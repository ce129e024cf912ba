/* ring.c: the class Ketama\Ring: its objects, and how rings are built and changed; and Ketama\Exception.
 *
 * An object holds a ring that may be shared with the cache and with clones: rings never change.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "php_ketama.h"
#include "Zend/zend_exceptions.h"
#include "Zend/zend_interfaces.h"
#include "ext/spl/spl_exceptions.h"
#include "ketama.h"
#include "ring_arginfo.h"

static zend_class_entry *ring_class, *exception_class;
static zend_object_handlers ring_handlers;

void ketama_throw(int status, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  zend_string *text = zend_vstrpprintf(0, format, arguments);
  va_end(arguments);
  zend_throw_exception(exception_class, ZSTR_VAL(text), status);
  zend_string_release(text);
}

static zend_object *ring_create(zend_class_entry *class)
{
  ring_object *object = zend_object_alloc(sizeof *object, class);
  zend_object_std_init(&object->std, class);
  object_properties_init(&object->std, class);
  object->std.handlers = &ring_handlers;
  return &object->std;
}

static void ring_free(zend_object *std)
{
  ring_object *object = ring_of(std);
  shared_ring_release(object->shared);
  if (object->problem != NULL) zend_string_release(object->problem);
  if (object->names != NULL) {
    for (uint32_t i = 0; i < object->count; i++) {
      if (object->names[i] != NULL) zend_string_release(object->names[i]);
    }
    efree(object->names);
  }
  zend_object_std_dtor(std);
}

/* Takes over the caller's hold on the ring. */
static void ring_set(ring_object *object, shared_ring *shared)
{
  object->shared = shared;
  object->count = ketama_ring_server_count(shared->ring);
}

static zend_object *ring_clone(zend_object *old)
{
  zend_object *new = ring_create(old->ce);
  ring_object *from = ring_of(old), *to = ring_of(new);
  if (from->shared != NULL) ring_set(to, shared_ring_hold(from->shared));
  if (from->problem != NULL) to->problem = zend_string_copy(from->problem);
  zend_objects_clone_members(new, old);
  return new;
}

static void return_ring(zval *return_value, shared_ring *shared)
{
  object_init_ex(return_value, ring_class);
  ring_set(ring_of(Z_OBJ_P(return_value)), shared);
}

PHP_METHOD(Ketama_Ring, __construct)
{
  HashTable *servers, *option_array = NULL;
  char *dialect = "libketama";
  size_t length;
  ring_options options = {0};
  ketama_ring *ring;
  ZEND_PARSE_PARAMETERS_START(1, 3)
    Z_PARAM_ARRAY_HT(servers)
    Z_PARAM_OPTIONAL
    Z_PARAM_PATH(dialect, length)
    Z_PARAM_ARRAY_HT(option_array)
  ZEND_PARSE_PARAMETERS_END();

  ring_object *object = THIS_RING();
  if (object->shared != NULL) {
    zend_throw_error(NULL, "A Ketama\\Ring never changes: it cannot be constructed again");
    RETURN_THROWS();
  }
  if (option_array != NULL && options_from_array(option_array, &options) == FAILURE) RETURN_THROWS();
  if (build_from_servers(servers, dialect, &options, &ring) == SUCCESS) ring_set(object, shared_ring_new(ring));
  options_free(&options);
}

/* Fills in dialect and options of a list. */
static zend_result source_read_as(list_source *source, const char *dialect, HashTable *option_array)
{
  source->dialect = dialect;
  if (option_array == NULL || zend_hash_num_elements(option_array) == 0) return SUCCESS;
  if (dialect == NULL) {
    ketama_throw(KETAMA_E_OPTION, "options need a dialect");
    return FAILURE;
  }
  return options_from_array(option_array, &source->options);
}

PHP_METHOD(Ketama_Ring, open)
{
  char *path, *dialect = NULL;
  size_t path_length, dialect_length;
  HashTable *option_array = NULL;
  list_source source = {0};
  shared_ring *shared;
  zend_string *text = NULL;
  ZEND_PARSE_PARAMETERS_START(1, 3)
    Z_PARAM_PATH(path, path_length)
    Z_PARAM_OPTIONAL
    Z_PARAM_PATH_OR_NULL(dialect, dialect_length)
    Z_PARAM_ARRAY_HT(option_array)
  ZEND_PARSE_PARAMETERS_END();

  if (php_check_open_basedir_ex(path, 0)) {
    ketama_throw(KETAMA_E_IO, "open_basedir does not allow %s", path);
    RETURN_THROWS();
  }
  if (source_read_as(&source, dialect, option_array) == FAILURE) RETURN_THROWS();
  char *absolute = absolute_path(path);
  source.path = absolute;
  int status = cache_open(&source, &shared, &text);
  if (status == KETAMA_OK) {
    return_ring(return_value, shared);
    ring_of(Z_OBJ_P(return_value))->problem = text;
  } else {
    ketama_throw(status, "%s", ZSTR_VAL(text));
    zend_string_release(text);
  }
  efree(absolute);
  options_free(&source.options);
}

PHP_METHOD(Ketama_Ring, parse)
{
  char *list, *dialect = NULL;
  size_t dialect_length;
  HashTable *option_array = NULL;
  list_source source = {0};
  ketama_ring *ring;
  zend_string *text = NULL;
  ZEND_PARSE_PARAMETERS_START(1, 3)
    Z_PARAM_STRING(list, source.length)
    Z_PARAM_OPTIONAL
    Z_PARAM_PATH_OR_NULL(dialect, dialect_length)
    Z_PARAM_ARRAY_HT(option_array)
  ZEND_PARSE_PARAMETERS_END();

  if (source_read_as(&source, dialect, option_array) == FAILURE) RETURN_THROWS();
  source.text = list;
  int status = build_from_list(&source, &ring, &text);
  if (status == KETAMA_OK) {
    return_ring(return_value, shared_ring_new(ring));
  } else {
    ketama_throw(status, "%s", ZSTR_VAL(text));
    zend_string_release(text);
  }
  options_free(&source.options);
}

PHP_METHOD(Ketama_Ring, problem)
{
  ZEND_PARSE_PARAMETERS_NONE();
  zend_string *problem = THIS_RING()->problem;
  if (problem == NULL) RETURN_NULL();
  RETURN_STR_COPY(problem);
}

/* Returns a ring that was made of another one, or throws. */
static void return_changed(zval *return_value, int status, ketama_ring *ring)
{
  if (status != KETAMA_OK) {
    ketama_throw(status, "%s", ketama_error());
    RETURN_THROWS();
  }
  return_ring(return_value, shared_ring_new(ring));
}

PHP_METHOD(Ketama_Ring, add)
{
  zend_string *name;
  double weight = 1;
  HashTable *fields = NULL;
  ketama_server server;
  ketama_ring *ring = NULL;
  ZEND_PARSE_PARAMETERS_START(1, 3)
    Z_PARAM_STR(name)
    Z_PARAM_OPTIONAL
    Z_PARAM_DOUBLE(weight)
    Z_PARAM_ARRAY_HT(fields)
  ZEND_PARSE_PARAMETERS_END();

  if (server_from_fields(name, fields, &server) == SUCCESS) {
    server.weight = weight;
    int status = ketama_ring_add(THIS_RING()->shared->ring, &server, &ring);
    return_changed(return_value, status, ring);
  }
  server_free(&server);
}

PHP_METHOD(Ketama_Ring, remove)
{
  char *name;
  size_t length;
  ketama_ring *ring = NULL;
  ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_PATH(name, length)
  ZEND_PARSE_PARAMETERS_END();
  int status = ketama_ring_remove(THIS_RING()->shared->ring, name, &ring);
  return_changed(return_value, status, ring);
}

PHP_METHOD(Ketama_Ring, reweight)
{
  char *name;
  size_t length;
  double weight;
  ketama_ring *ring = NULL;
  ZEND_PARSE_PARAMETERS_START(2, 2)
    Z_PARAM_PATH(name, length)
    Z_PARAM_DOUBLE(weight)
  ZEND_PARSE_PARAMETERS_END();
  int status = ketama_ring_reweight(THIS_RING()->shared->ring, name, weight, &ring);
  return_changed(return_value, status, ring);
}

PHP_METHOD(Ketama_Ring, rename)
{
  char *name, *new_name;
  size_t length, new_length;
  ketama_ring *ring = NULL;
  ZEND_PARSE_PARAMETERS_START(2, 2)
    Z_PARAM_PATH(name, length)
    Z_PARAM_PATH(new_name, new_length)
  ZEND_PARSE_PARAMETERS_END();
  int status = ketama_ring_rename(THIS_RING()->shared->ring, name, new_name, &ring);
  return_changed(return_value, status, ring);
}

static void mark(INTERNAL_FUNCTION_PARAMETERS, int down)
{
  char *name;
  size_t length;
  ketama_ring *ring = NULL;
  ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_PATH(name, length)
  ZEND_PARSE_PARAMETERS_END();
  int status = ketama_ring_mark(THIS_RING()->shared->ring, name, down, &ring);
  return_changed(return_value, status, ring);
}

PHP_METHOD(Ketama_Ring, down)
{
  mark(INTERNAL_FUNCTION_PARAM_PASSTHRU, 1);
}

PHP_METHOD(Ketama_Ring, up)
{
  mark(INTERNAL_FUNCTION_PARAM_PASSTHRU, 0);
}

void ketama_register_ring_classes(void)
{
  exception_class = register_class_Ketama_Exception(spl_ce_RuntimeException);
  ring_class = register_class_Ketama_Ring(zend_ce_countable);
  ring_class->create_object = ring_create;
  memcpy(&ring_handlers, &std_object_handlers, sizeof ring_handlers);
  ring_handlers.offset = XtOffsetOf(ring_object, std);
  ring_handlers.free_obj = ring_free;
  ring_handlers.clone_obj = ring_clone;
}
