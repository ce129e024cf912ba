dnl Builds the extension `ketama`: against what pkg-config knows, or against --with-ketama=PREFIX.

PHP_ARG_WITH([ketama],
  [for libketama],
  [AS_HELP_STRING([--with-ketama@<:@=PREFIX@:>@],
    [Include libketama; PREFIX is where it is installed, if pkg-config does not know it])])

if test "$PHP_KETAMA" != "no"; then
  if test "$PHP_KETAMA" = "yes"; then
    PKG_CHECK_MODULES([KETAMA], [ketama >= 1.1])
  else
    AS_IF([test -r "$PHP_KETAMA/include/ketama_ring.h"], [],
      [AC_MSG_ERROR([there is no include/ketama_ring.h in $PHP_KETAMA])])
    KETAMA_CFLAGS="-I$PHP_KETAMA/include"
    KETAMA_LIBS="-L$PHP_KETAMA/$PHP_LIBDIR -lketama"
  fi
  PHP_EVAL_INCLINE([$KETAMA_CFLAGS])
  PHP_EVAL_LIBLINE([$KETAMA_LIBS], [KETAMA_SHARED_LIBADD])

  dnl The 2007 library has the same name, and none of these.
  PHP_CHECK_LIBRARY([ketama], [ketama_ring_server_down], [],
    [AC_MSG_ERROR([libketama was not found, or is too old])], [$KETAMA_LIBS])

  PHP_SUBST([KETAMA_SHARED_LIBADD])
  PHP_NEW_EXTENSION([ketama], [ketama.c ring.c lookup.c build.c cache.c], [$ext_shared])
fi
