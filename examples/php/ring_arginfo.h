/* This is a generated file, edit the .stub.php file instead.
 * Stub hash: 701cbea09b233f4e0436ee1fb1a00a6c04c79080 */

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Ketama_Ring___construct, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, servers, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, dialect, IS_STRING, 0, "\"libketama\"")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, options, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Ketama_Ring_open, 0, 1, Ketama\\Ring, 0)
	ZEND_ARG_TYPE_INFO(0, path, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, dialect, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, options, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Ketama_Ring_parse, 0, 1, Ketama\\Ring, 0)
	ZEND_ARG_TYPE_INFO(0, text, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, dialect, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, options, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Ketama_Ring_dialects, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Ketama_Ring_get, 0, 1, IS_STRING, 1)
	ZEND_ARG_TYPE_INFO(0, key, IS_STRING, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Ketama_Ring_getServer arginfo_class_Ketama_Ring_get

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Ketama_Ring_getInteger, 0, 1, IS_STRING, 1)
	ZEND_ARG_TYPE_INFO(0, number, IS_LONG, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Ketama_Ring_getN, 0, 2, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO(0, key, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, n, IS_LONG, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Ketama_Ring_getMany, 0, 1, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO(0, keys, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Ketama_Ring_servers arginfo_class_Ketama_Ring_dialects

#define arginfo_class_Ketama_Ring_shares arginfo_class_Ketama_Ring_dialects

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Ketama_Ring_fingerprint, 0, 0, IS_STRING, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Ketama_Ring_dialect arginfo_class_Ketama_Ring_fingerprint

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Ketama_Ring_count, 0, 0, IS_LONG, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Ketama_Ring_problem, 0, 0, IS_STRING, 1)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Ketama_Ring_add, 0, 1, Ketama\\Ring, 0)
	ZEND_ARG_TYPE_INFO(0, name, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, weight, IS_DOUBLE, 0, "1.0")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, fields, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Ketama_Ring_remove, 0, 1, Ketama\\Ring, 0)
	ZEND_ARG_TYPE_INFO(0, name, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Ketama_Ring_reweight, 0, 2, Ketama\\Ring, 0)
	ZEND_ARG_TYPE_INFO(0, name, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, weight, IS_DOUBLE, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_OBJ_INFO_EX(arginfo_class_Ketama_Ring_rename, 0, 2, Ketama\\Ring, 0)
	ZEND_ARG_TYPE_INFO(0, name, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, newName, IS_STRING, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Ketama_Ring_down arginfo_class_Ketama_Ring_remove

#define arginfo_class_Ketama_Ring_up arginfo_class_Ketama_Ring_remove


ZEND_METHOD(Ketama_Ring, __construct);
ZEND_METHOD(Ketama_Ring, open);
ZEND_METHOD(Ketama_Ring, parse);
ZEND_METHOD(Ketama_Ring, dialects);
ZEND_METHOD(Ketama_Ring, get);
ZEND_METHOD(Ketama_Ring, getInteger);
ZEND_METHOD(Ketama_Ring, getN);
ZEND_METHOD(Ketama_Ring, getMany);
ZEND_METHOD(Ketama_Ring, servers);
ZEND_METHOD(Ketama_Ring, shares);
ZEND_METHOD(Ketama_Ring, fingerprint);
ZEND_METHOD(Ketama_Ring, dialect);
ZEND_METHOD(Ketama_Ring, count);
ZEND_METHOD(Ketama_Ring, problem);
ZEND_METHOD(Ketama_Ring, add);
ZEND_METHOD(Ketama_Ring, remove);
ZEND_METHOD(Ketama_Ring, reweight);
ZEND_METHOD(Ketama_Ring, rename);
ZEND_METHOD(Ketama_Ring, down);
ZEND_METHOD(Ketama_Ring, up);


static const zend_function_entry class_Ketama_Exception_methods[] = {
	ZEND_FE_END
};


static const zend_function_entry class_Ketama_Ring_methods[] = {
	ZEND_ME(Ketama_Ring, __construct, arginfo_class_Ketama_Ring___construct, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, open, arginfo_class_Ketama_Ring_open, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Ketama_Ring, parse, arginfo_class_Ketama_Ring_parse, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Ketama_Ring, dialects, arginfo_class_Ketama_Ring_dialects, ZEND_ACC_PUBLIC|ZEND_ACC_STATIC)
	ZEND_ME(Ketama_Ring, get, arginfo_class_Ketama_Ring_get, ZEND_ACC_PUBLIC)
	ZEND_MALIAS(Ketama_Ring, getServer, get, arginfo_class_Ketama_Ring_getServer, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, getInteger, arginfo_class_Ketama_Ring_getInteger, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, getN, arginfo_class_Ketama_Ring_getN, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, getMany, arginfo_class_Ketama_Ring_getMany, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, servers, arginfo_class_Ketama_Ring_servers, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, shares, arginfo_class_Ketama_Ring_shares, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, fingerprint, arginfo_class_Ketama_Ring_fingerprint, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, dialect, arginfo_class_Ketama_Ring_dialect, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, count, arginfo_class_Ketama_Ring_count, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, problem, arginfo_class_Ketama_Ring_problem, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, add, arginfo_class_Ketama_Ring_add, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, remove, arginfo_class_Ketama_Ring_remove, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, reweight, arginfo_class_Ketama_Ring_reweight, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, rename, arginfo_class_Ketama_Ring_rename, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, down, arginfo_class_Ketama_Ring_down, ZEND_ACC_PUBLIC)
	ZEND_ME(Ketama_Ring, up, arginfo_class_Ketama_Ring_up, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};

static zend_class_entry *register_class_Ketama_Exception(zend_class_entry *class_entry_RuntimeException)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Ketama", "Exception", class_Ketama_Exception_methods);
	class_entry = zend_register_internal_class_ex(&ce, class_entry_RuntimeException);

	zval const_ARGUMENT_value;
	ZVAL_LONG(&const_ARGUMENT_value, KETAMA_E_ARGUMENT);
	zend_string *const_ARGUMENT_name = zend_string_init_interned("ARGUMENT", sizeof("ARGUMENT") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_ARGUMENT_name, &const_ARGUMENT_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_ARGUMENT_name);

	zval const_IO_value;
	ZVAL_LONG(&const_IO_value, KETAMA_E_IO);
	zend_string *const_IO_name = zend_string_init_interned("IO", sizeof("IO") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_IO_name, &const_IO_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_IO_name);

	zval const_SYNTAX_value;
	ZVAL_LONG(&const_SYNTAX_value, KETAMA_E_SYNTAX);
	zend_string *const_SYNTAX_name = zend_string_init_interned("SYNTAX", sizeof("SYNTAX") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_SYNTAX_name, &const_SYNTAX_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_SYNTAX_name);

	zval const_DIALECT_value;
	ZVAL_LONG(&const_DIALECT_value, KETAMA_E_DIALECT);
	zend_string *const_DIALECT_name = zend_string_init_interned("DIALECT", sizeof("DIALECT") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_DIALECT_name, &const_DIALECT_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_DIALECT_name);

	zval const_OPTION_value;
	ZVAL_LONG(&const_OPTION_value, KETAMA_E_OPTION);
	zend_string *const_OPTION_name = zend_string_init_interned("OPTION", sizeof("OPTION") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_OPTION_name, &const_OPTION_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_OPTION_name);

	zval const_SERVER_value;
	ZVAL_LONG(&const_SERVER_value, KETAMA_E_SERVER);
	zend_string *const_SERVER_name = zend_string_init_interned("SERVER", sizeof("SERVER") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_SERVER_name, &const_SERVER_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_SERVER_name);

	zval const_LIMIT_value;
	ZVAL_LONG(&const_LIMIT_value, KETAMA_E_LIMIT);
	zend_string *const_LIMIT_name = zend_string_init_interned("LIMIT", sizeof("LIMIT") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_LIMIT_name, &const_LIMIT_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_LIMIT_name);

	zval const_MEMORY_value;
	ZVAL_LONG(&const_MEMORY_value, KETAMA_E_MEMORY);
	zend_string *const_MEMORY_name = zend_string_init_interned("MEMORY", sizeof("MEMORY") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_MEMORY_name, &const_MEMORY_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_MEMORY_name);

	zval const_INTERNAL_value;
	ZVAL_LONG(&const_INTERNAL_value, KETAMA_E_INTERNAL);
	zend_string *const_INTERNAL_name = zend_string_init_interned("INTERNAL", sizeof("INTERNAL") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_INTERNAL_name, &const_INTERNAL_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_INTERNAL_name);

	return class_entry;
}

static zend_class_entry *register_class_Ketama_Ring(zend_class_entry *class_entry_Countable)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Ketama", "Ring", class_Ketama_Ring_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_FINAL|ZEND_ACC_NO_DYNAMIC_PROPERTIES|ZEND_ACC_NOT_SERIALIZABLE;
	zend_class_implements(class_entry, 1, class_entry_Countable);

	return class_entry;
}
