/* http.c: the module for `http {}`.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#include "ngx_ketama.h"
#include <ngx_http.h>

typedef ngx_http_request_t session_t;

#define NGX(name) ngx_http_##name
#define FLAG(name) NGX_HTTP_##name
#define POOL(session) (session)->pool
#define PORT 80 /* of a server that names none */

#include "shell.h"
