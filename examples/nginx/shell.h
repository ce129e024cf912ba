/* shell.h: the module as http and stream know it: the directive `ketama` in `upstream {}`, and the variables
 * $ketama_server and $ketama_fingerprint.
 *
 * nginx has the same interface for both, under names that begin differently: http.c and stream.c say how, and include
 * this.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    ngx_ketama_conf_t    ketama;
    NGX(complex_value_t) key;
} shell_conf_t;

static char *set_ketama(ngx_conf_t *cf, ngx_command_t *command, void *data);
static void *create_conf(ngx_conf_t *cf);
static ngx_int_t add_variables(ngx_conf_t *cf);
static ngx_int_t share(ngx_cycle_t *cycle);
static ngx_int_t start(ngx_cycle_t *cycle);
static void stop(ngx_cycle_t *cycle);

static ngx_command_t commands[] = {
    {ngx_string("ketama"), FLAG(UPS_CONF) | NGX_CONF_1MORE, set_ketama, FLAG(SRV_CONF_OFFSET), 0, NULL},
    ngx_null_command,
};

static NGX(module_t) context = {
    .preconfiguration = add_variables,
    .create_srv_conf = create_conf,
};

ngx_module_t NGX(upstream_ketama_module) = {
    NGX_MODULE_V1,
    .ctx = &context,
    .commands = commands,
    .type = FLAG(MODULE),
    .init_module = share,
    .init_process = start,
    .exit_process = stop,
};

static void *create_conf(ngx_conf_t *cf)
{
    shell_conf_t *conf = ngx_pcalloc(cf->pool, sizeof *conf);
    if (conf != NULL) {
        ngx_ketama_conf_init(&conf->ketama, PORT);
    }
    return conf;
}

/* The conf of an upstream with the directive, or NULL. */
static shell_conf_t *conf_of(NGX(upstream_srv_conf_t) *upstream)
{
    if (upstream->srv_conf == NULL) {
        return NULL;
    }
    shell_conf_t *conf = NGX(conf_upstream_srv_conf)(upstream, NGX(upstream_ketama_module));
    return conf->ketama.where != NULL ? conf : NULL;
}

static ngx_int_t init_peer(session_t *session, NGX(upstream_srv_conf_t) *upstream)
{
    ngx_str_t key;
    shell_conf_t *conf = conf_of(upstream);
    if (NGX(complex_value)(session, &conf->key, &key) != NGX_OK) {
        return NGX_ERROR;
    }
    ngx_ketama_choice_t *choice =
        ngx_ketama_choice_new(&conf->ketama, POOL(session), &session->upstream->peer, &key);
    NGX(set_ctx)(session, choice, NGX(upstream_ketama_module));
    return choice != NULL ? NGX_OK : NGX_ERROR;
}

/* Copies the `server` lines; the one that stands for the list is none. */
static ngx_int_t copy_lines(ngx_ketama_conf_t *conf, ngx_array_t *servers)
{
    NGX(upstream_server_t) *server = servers->elts;
    for (ngx_uint_t i = 0; i < servers->nelts; i++) {
        if (conf->list != NULL && server[i].name.data == conf->file.data) {
            continue;
        }
        ngx_ketama_line_t *line = ngx_array_push(&conf->lines);
        if (line == NULL) {
            return NGX_ERROR;
        }
        *line = (ngx_ketama_line_t) {
            .name = server[i].name, .addrs = server[i].addrs, .naddrs = server[i].naddrs, .weight = server[i].weight,
            .limits = {server[i].max_conns, server[i].max_fails, server[i].fail_timeout},
            .down = server[i].down != 0, .backup = server[i].backup,
        };
    }
    return NGX_OK;
}

static ngx_int_t init_upstream(ngx_conf_t *cf, NGX(upstream_srv_conf_t) *upstream)
{
    ngx_ketama_conf_t *conf = &conf_of(upstream)->ketama;
    if (copy_lines(conf, upstream->servers) != NGX_OK || ngx_ketama_conf_build(cf, conf) != NGX_OK) {
        return NGX_ERROR;
    }
    /* Its peers are not asked, but `zone` and other modules expect them. */
    if (NGX(upstream_init_round_robin)(cf, upstream) != NGX_OK) {
        return NGX_ERROR;
    }
    upstream->peer.init = init_peer;
    return NGX_OK;
}

/* nginx refuses an upstream without a `server` line: one that is down stands for the list. */
static ngx_int_t add_line_of_list(ngx_conf_t *cf, ngx_ketama_conf_t *conf, NGX(upstream_srv_conf_t) *upstream)
{
    NGX(upstream_server_t) *server = ngx_array_push(upstream->servers);
    ngx_addr_t *addr = ngx_pcalloc(cf->pool, sizeof *addr);
    struct sockaddr *sockaddr = ngx_pcalloc(cf->pool, sizeof(ngx_sockaddr_t));
    if (server == NULL || addr == NULL || sockaddr == NULL) {
        return NGX_ERROR;
    }
    sockaddr->sa_family = AF_UNSPEC;
    *addr = (ngx_addr_t) {.sockaddr = sockaddr, .socklen = sizeof *sockaddr, .name = ngx_string("-")};
    ngx_memzero(server, sizeof *server);
    server->name = conf->file;
    server->addrs = addr;
    server->naddrs = 1;
    server->weight = 1;
    server->down = 1;
    return NGX_OK;
}

static char *set_ketama(ngx_conf_t *cf, ngx_command_t *command, void *data)
{
    shell_conf_t *conf = data;
    NGX(upstream_srv_conf_t) *upstream = NGX(conf_get_module_srv_conf)(cf, NGX(upstream_module));
    NGX(compile_complex_value_t) value = {
        .cf = cf, .value = (ngx_str_t *) cf->args->elts + 1, .complex_value = &conf->key,
    };
    (void) command;
    char *answer = ngx_ketama_conf_parse(cf, &conf->ketama, &upstream->host);
    if (answer != NGX_CONF_OK) {
        return answer;
    }
    if (NGX(compile_complex_value)(&value) != NGX_OK) {
        return NGX_CONF_ERROR;
    }
    if (upstream->peer.init_upstream) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0, "load balancing method redefined");
    }
    upstream->peer.init_upstream = init_upstream;
    upstream->flags = FLAG(UPSTREAM_CREATE) | FLAG(UPSTREAM_WEIGHT) | FLAG(UPSTREAM_MAX_CONNS)
                      | FLAG(UPSTREAM_MAX_FAILS) | FLAG(UPSTREAM_FAIL_TIMEOUT) | FLAG(UPSTREAM_DOWN)
                      | FLAG(UPSTREAM_BACKUP);
    if (conf->ketama.list != NULL && add_line_of_list(cf, &conf->ketama, upstream) != NGX_OK) {
        return NGX_CONF_ERROR;
    }
    return NGX_CONF_OK;
}

/* A variable that is a text of the session's choice. */
static ngx_int_t get_variable(session_t *session, NGX(variable_value_t) *value, uintptr_t data)
{
    ngx_ketama_choice_t *choice = NGX(get_module_ctx)(session, NGX(upstream_ketama_module));
    ngx_str_t *(*text_of)(ngx_ketama_choice_t *) = (ngx_str_t *(*)(ngx_ketama_choice_t *)) data;
    ngx_str_t *text = choice != NULL ? text_of(choice) : NULL;
    if (text == NULL) {
        value->not_found = 1;
        return NGX_OK;
    }
    value->valid = 1;
    value->no_cacheable = 1;
    value->not_found = 0;
    value->len = text->len;
    value->data = text->data;
    return NGX_OK;
}

static ngx_int_t add_variable(ngx_conf_t *cf, ngx_str_t name, ngx_str_t *(*text_of)(ngx_ketama_choice_t *))
{
    NGX(variable_t) *variable = NGX(add_variable)(cf, &name, FLAG(VAR_NOCACHEABLE));
    if (variable == NULL) {
        return NGX_ERROR;
    }
    variable->get_handler = get_variable;
    variable->data = (uintptr_t) text_of;
    return NGX_OK;
}

static ngx_int_t add_variables(ngx_conf_t *cf)
{
    ngx_str_t server = ngx_string("ketama_server"), fingerprint = ngx_string("ketama_fingerprint");
    if (add_variable(cf, server, ngx_ketama_choice_server) != NGX_OK) {
        return NGX_ERROR;
    }
    return add_variable(cf, fingerprint, ngx_ketama_choice_fingerprint);
}

/* Calls a function for each upstream with the directive. */
static ngx_int_t each(ngx_cycle_t *cycle, ngx_int_t (*call)(ngx_cycle_t *, ngx_ketama_conf_t *, ngx_shm_zone_t *))
{
    NGX(upstream_main_conf_t) *upstreams = NGX(cycle_get_module_main_conf)(cycle, NGX(upstream_module));
    if (upstreams == NULL) {
        return NGX_OK;
    }
    NGX(upstream_srv_conf_t) **upstream = upstreams->upstreams.elts;
    for (ngx_uint_t i = 0; i < upstreams->upstreams.nelts; i++) {
        shell_conf_t *conf = conf_of(upstream[i]);
        if (conf != NULL && call(cycle, &conf->ketama, upstream[i]->shm_zone) != NGX_OK) {
            return NGX_ERROR;
        }
    }
    return NGX_OK;
}

static ngx_int_t share_one(ngx_cycle_t *cycle, ngx_ketama_conf_t *conf, ngx_shm_zone_t *zone)
{
    return zone != NULL ? ngx_ketama_conf_share(cycle, conf, zone) : NGX_OK;
}

static ngx_int_t share(ngx_cycle_t *cycle)
{
    return each(cycle, share_one);
}

static ngx_int_t start_one(ngx_cycle_t *cycle, ngx_ketama_conf_t *conf, ngx_shm_zone_t *zone)
{
    (void) cycle;
    (void) zone;
    return ngx_ketama_conf_start(conf);
}

static ngx_int_t start(ngx_cycle_t *cycle)
{
    return ngx_process == NGX_PROCESS_WORKER || ngx_process == NGX_PROCESS_SINGLE ? each(cycle, start_one) : NGX_OK;
}

static ngx_int_t stop_one(ngx_cycle_t *cycle, ngx_ketama_conf_t *conf, ngx_shm_zone_t *zone)
{
    (void) cycle;
    (void) zone;
    ngx_ketama_conf_stop(conf);
    return NGX_OK;
}

static void stop(ngx_cycle_t *cycle)
{
    each(cycle, stop_one);
}
