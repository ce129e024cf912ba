/* This is a generated file, edit the .stub.php file instead.
 * Stub hash: 5cbc1b58a4d38d4a8bec19132f89e1201b662745 */

ZEND_BEGIN_ARG_INFO_EX(arginfo_ketama_roll, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, filename, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_ketama_destroy, 0, 1, IS_VOID, 0)
	ZEND_ARG_INFO(0, continuum)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_ketama_get_server, 0, 2, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO(0, key, IS_STRING, 0)
	ZEND_ARG_INFO(0, continuum)
ZEND_END_ARG_INFO()

#define arginfo_ketama_print_continuum arginfo_ketama_destroy

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_ketama_error, 0, 0, IS_STRING, 0)
ZEND_END_ARG_INFO()


ZEND_FUNCTION(ketama_roll);
ZEND_FUNCTION(ketama_destroy);
ZEND_FUNCTION(ketama_get_server);
ZEND_FUNCTION(ketama_print_continuum);
ZEND_FUNCTION(ketama_error);


static const zend_function_entry ext_functions[] = {
	ZEND_FE(ketama_roll, arginfo_ketama_roll)
	ZEND_FE(ketama_destroy, arginfo_ketama_destroy)
	ZEND_FE(ketama_get_server, arginfo_ketama_get_server)
	ZEND_FE(ketama_print_continuum, arginfo_ketama_print_continuum)
	ZEND_FE(ketama_error, arginfo_ketama_error)
	ZEND_FE_END
};
