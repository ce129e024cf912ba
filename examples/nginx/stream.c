/* stream.c: the module for `stream {}`.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#include "ngx_ketama.h"
#include <ngx_stream.h>

typedef ngx_stream_session_t session_t;

#define NGX(name) ngx_stream_##name
#define FLAG(name) NGX_STREAM_##name
#define POOL(session) (session)->connection->pool
#define PORT 0 /* of a server that names none: it must name one */

#include "shell.h"
