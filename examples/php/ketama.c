/* ketama.c: the module, and the five functions of the extension that came with the 2007 library.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "php_ketama.h"
#include "php_ini.h"
#include "ext/standard/info.h"
#include "ketama.h"
#include "ketama_arginfo.h"

#include <inttypes.h>
#include <stddef.h>

ZEND_DECLARE_MODULE_GLOBALS(ketama)

static const char RESOURCE[] = "ketama continuum";
static int resource_type;

static void continuum_free(zend_resource *resource)
{
  ketama_smoke(resource->ptr);
}

static ketama_continuum continuum_of(zval *resource)
{
  return zend_fetch_resource(Z_RES_P(resource), RESOURCE, resource_type);
}

PHP_FUNCTION(ketama_roll)
{
  char *path;
  size_t length;
  ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_PATH(path, length)
  ZEND_PARSE_PARAMETERS_END();

  if (php_check_open_basedir(path)) RETURN_FALSE;
  char *absolute = absolute_path(path);
  ketama_continuum continuum = NULL;
  int rolled = ketama_roll(&continuum, absolute);
  efree(absolute);
  if (!rolled) {
    ketama_smoke(continuum);
    /* The old extension ended the script, and scripts rely on a resource. */
    zend_error_noreturn(E_ERROR, "ketama_roll(): unable to create Ketama continuum: %s", ketama_error());
  }
  RETURN_RES(zend_register_resource(continuum, resource_type));
}

PHP_FUNCTION(ketama_destroy)
{
  zval *resource;
  ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_RESOURCE(resource)
  ZEND_PARSE_PARAMETERS_END();

  if (continuum_of(resource) == NULL) RETURN_THROWS();
  zend_list_close(Z_RES_P(resource));
}

/* The address: it may run on behind `ip`, which a look at that field alone would not allow. */
static const char *address(const mcs *record)
{
  return (const char *)record + offsetof(mcs, ip);
}

PHP_FUNCTION(ketama_get_server)
{
  char *key;
  size_t length;
  zval *resource;
  ZEND_PARSE_PARAMETERS_START(2, 2)
    Z_PARAM_STRING(key, length)
    Z_PARAM_RESOURCE(resource)
  ZEND_PARSE_PARAMETERS_END();

  ketama_continuum continuum = continuum_of(resource);
  if (continuum == NULL) RETURN_THROWS();
  array_init_size(return_value, 2);
  const mcs *record = ketama_get_server(key, continuum);
  if (record == NULL) return;
  add_assoc_long(return_value, "point", record->point);
  add_assoc_string(return_value, "ip", address(record));
}

/* Prints what ketama_print_continuum() of the library prints, but to PHP's output: C's goes nowhere under php-fpm. */
PHP_FUNCTION(ketama_print_continuum)
{
  zval *resource;
  ZEND_PARSE_PARAMETERS_START(1, 1)
    Z_PARAM_RESOURCE(resource)
  ZEND_PARSE_PARAMETERS_END();

  ketama_continuum continuum = continuum_of(resource);
  if (continuum == NULL) RETURN_THROWS();
  const mcs *records = continuum->array;
  php_printf("Numpoints in continuum: %d\n", continuum->numpoints);
  for (int i = 0; i < continuum->numpoints; i++) php_printf("%s (%u)\n", address(&records[i]), records[i].point);
}

PHP_FUNCTION(ketama_error)
{
  ZEND_PARSE_PARAMETERS_NONE();
  RETURN_STRING(ketama_error());
}

PHP_INI_BEGIN()
  STD_PHP_INI_BOOLEAN("ketama.cache", "1", PHP_INI_ALL, OnUpdateBool, cache, zend_ketama_globals, ketama_globals)
  STD_PHP_INI_ENTRY("ketama.cache_entries", "32", PHP_INI_SYSTEM, OnUpdateLongGEZero, cache_entries,
                    zend_ketama_globals, ketama_globals)
PHP_INI_END()

static PHP_MINIT_FUNCTION(ketama)
{
  REGISTER_INI_ENTRIES();
  resource_type = zend_register_list_destructors_ex(continuum_free, NULL, RESOURCE, module_number);
  ketama_register_ring_classes();
  return SUCCESS;
}

static PHP_MSHUTDOWN_FUNCTION(ketama)
{
  UNREGISTER_INI_ENTRIES();
  return SUCCESS;
}

static void info_number(const char *name, uint64_t number)
{
  char digits[24];
  snprintf(digits, sizeof digits, "%" PRIu64, number);
  php_info_print_table_row(2, name, digits);
}

static PHP_MINFO_FUNCTION(ketama)
{
  size_t dialects = 0;
  while (ketama_dialect_name(dialects) != NULL) dialects++;
  php_info_print_table_start();
  php_info_print_table_row(2, "ketama support", "enabled");
  php_info_print_table_row(2, "Extension version", PHP_KETAMA_VERSION);
  php_info_print_table_row(2, "Library version", ketama_version());
  info_number("Dialects", dialects);
  info_number("Cached rings", zend_hash_num_elements(&KETAMA_G(lists)));
  info_number("Lists opened", KETAMA_G(opened));
  info_number("Lists read", KETAMA_G(read));
  php_info_print_table_end();
  DISPLAY_INI_ENTRIES();
}

static PHP_GINIT_FUNCTION(ketama)
{
#if defined(ZTS) && defined(COMPILE_DL_KETAMA)
  ZEND_TSRMLS_CACHE_UPDATE();
#endif
  memset(ketama_globals, 0, sizeof *ketama_globals);
  cache_init(&ketama_globals->lists);
}

static PHP_GSHUTDOWN_FUNCTION(ketama)
{
  zend_hash_destroy(&ketama_globals->lists);
}

zend_module_entry ketama_module_entry = {
  STANDARD_MODULE_HEADER,
  "ketama",
  ext_functions,
  PHP_MINIT(ketama),
  PHP_MSHUTDOWN(ketama),
  NULL,
  NULL,
  PHP_MINFO(ketama),
  PHP_KETAMA_VERSION,
  PHP_MODULE_GLOBALS(ketama),
  PHP_GINIT(ketama),
  PHP_GSHUTDOWN(ketama),
  NULL,
  STANDARD_MODULE_PROPERTIES_EX,
};

#ifdef COMPILE_DL_KETAMA
#ifdef ZTS
ZEND_TSRMLS_CACHE_DEFINE()
#endif
ZEND_GET_MODULE(ketama)
#endif
