/* conf.c: the directive `ketama KEY [file=LIST] [dialect=NAME] [OPTION=VALUE ...]`, and what becomes of it.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#include "ngx_ketama.h"

void ngx_ketama_conf_init(ngx_ketama_conf_t *conf, in_port_t port)
{
    conf->port = port;
    conf->limits = (ngx_ketama_limits_t) {.max_conns = 0, .max_fails = 1, .fail_timeout = 10};
}

static ngx_int_t set_number(ngx_str_t *value, ngx_int_t most, ngx_uint_t *number)
{
    ngx_int_t read = ngx_atoi(value->data, value->len);
    if (read == NGX_ERROR || read > most) {
        return NGX_ERROR;
    }
    *number = read;
    return NGX_OK;
}

static ngx_int_t set_port(ngx_str_t *value, in_port_t *port)
{
    ngx_uint_t number;
    if (set_number(value, 65535, &number) != NGX_OK || number == 0) {
        return NGX_ERROR;
    }
    *port = (in_port_t) number;
    return NGX_OK;
}

static ngx_int_t set_time(ngx_str_t *value, time_t *time)
{
    ngx_int_t read = ngx_parse_time(value, 1);
    if (read == NGX_ERROR) {
        return NGX_ERROR;
    }
    *time = read;
    return NGX_OK;
}

static ngx_int_t set_file(ngx_conf_t *cf, ngx_str_t *value, ngx_str_t *file)
{
    *file = *value;
    return value->len > 0 ? ngx_conf_full_name(cf->cycle, file, 1) : NGX_ERROR;
}

static ngx_int_t add_option(ngx_ketama_conf_t *conf, ngx_str_t *name, ngx_str_t *value)
{
    ketama_option *option = ngx_array_push(&conf->options);
    if (option == NULL) {
        return NGX_ERROR;
    }
    *option = (ketama_option) {.name = (char *) name->data, .value = (char *) value->data};
    return NGX_OK;
}

static ngx_uint_t is(ngx_str_t *name, const char *word)
{
    return ngx_strcmp(name->data, word) == 0;
}

/* Takes a parameter that tells what the list does not: NGX_DECLINED if it is another one. */
static ngx_int_t set_for_list(ngx_ketama_conf_t *conf, ngx_str_t *name, ngx_str_t *value)
{
    if (is(name, "port")) {
        return set_port(value, &conf->port);
    }
    if (is(name, "max_fails")) {
        return set_number(value, NGX_MAX_INT_T_VALUE, &conf->limits.max_fails);
    }
    if (is(name, "max_conns")) {
        return set_number(value, NGX_MAX_INT_T_VALUE, &conf->limits.max_conns);
    }
    if (is(name, "fail_timeout")) {
        return set_time(value, &conf->limits.fail_timeout);
    }
    return NGX_DECLINED;
}

/* Takes one parameter; what is not the directive's own is an option of the dialect. */
static ngx_int_t set_parameter(ngx_conf_t *cf, ngx_ketama_conf_t *conf, ngx_str_t *name, ngx_str_t *value)
{
    if (is(name, "file")) {
        return set_file(cf, value, &conf->file);
    }
    if (is(name, "dialect")) {
        conf->dialect = (char *) value->data;
        return NGX_OK;
    }
    ngx_int_t taken = set_for_list(conf, name, value);
    if (taken == NGX_DECLINED) {
        return add_option(conf, name, value);
    }
    conf->for_list = 1;
    return taken;
}

/* Cuts NAME=VALUE into two C strings. */
static ngx_int_t cut(ngx_str_t argument, ngx_conf_t *cf, ngx_str_t *name, ngx_str_t *value)
{
    u_char *text = ngx_pnalloc(cf->pool, argument.len + 1);
    if (text == NULL) {
        return NGX_ERROR;
    }
    ngx_memcpy(text, argument.data, argument.len + 1);
    u_char *sign = (u_char *) ngx_strchr(text, '=');
    if (sign == NULL) {
        return NGX_ERROR;
    }
    *sign = '\0';
    *name = (ngx_str_t) {sign - text, text};
    *value = (ngx_str_t) {text + argument.len - sign - 1, sign + 1};
    return NGX_OK;
}

static void conf_free(void *data)
{
    ngx_ketama_conf_t *conf = data;
    if (conf->fleet != NULL) {
        ngx_ketama_fleet_release(conf->fleet);
    }
    if (conf->backup != NULL) {
        ngx_ketama_fleet_release(conf->backup);
    }
}

static ngx_int_t prepare(ngx_conf_t *cf, ngx_ketama_conf_t *conf)
{
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    conf->local = ngx_ketama_registry_new(cf->pool);
    if (cleanup == NULL || conf->local == NULL
        || ngx_array_init(&conf->options, cf->pool, 4, sizeof(ketama_option)) != NGX_OK
        || ngx_array_init(&conf->lines, cf->pool, 8, sizeof(ngx_ketama_line_t)) != NGX_OK)
    {
        return NGX_ERROR;
    }
    cleanup->handler = conf_free;
    cleanup->data = conf;
    return NGX_OK;
}

/* Whether a parameter of this name stands before the one with this index. */
static ngx_uint_t is_repeated(ngx_str_t *argument, ngx_uint_t index)
{
    u_char *end = (u_char *) ngx_strchr(argument[index].data, '=');
    if (end == NULL) {
        return 0;
    }
    for (ngx_uint_t i = 2; i < index; i++) {
        if (ngx_strncmp(argument[i].data, argument[index].data, end - argument[index].data + 1) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Reads the parameters behind the key, and opens the list. */
char *ngx_ketama_conf_parse(ngx_conf_t *cf, ngx_ketama_conf_t *conf, ngx_str_t *upstream)
{
    ngx_str_t *argument = cf->args->elts, name, value;
    ngx_ketama_problem_t problem;
    if (conf->where != NULL) {
        return "is duplicate";
    }
    conf->upstream = *upstream;
    conf->where = cf->conf_file->file.name.data;
    conf->line = cf->conf_file->line;
    if (prepare(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }
    for (ngx_uint_t i = 2; i < cf->args->nelts; i++) {
        if (is_repeated(argument, i)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "ketama: duplicate parameter \"%V\"", &argument[i]);
            return NGX_CONF_ERROR;
        }
        if (cut(argument[i], cf, &name, &value) != NGX_OK || set_parameter(cf, conf, &name, &value) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "ketama: invalid parameter \"%V\"", &argument[i]);
            return NGX_CONF_ERROR;
        }
    }
    if (conf->for_list && conf->file.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "ketama: \"port\", \"max_conns\", \"max_fails\" and "
                           "\"fail_timeout\" are for the servers of a list: \"file\" is missing");
        return NGX_CONF_ERROR;
    }
    if (conf->file.len > 0 && (conf->list = ngx_ketama_list_open(cf, conf, &problem)) == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "ketama: %s", problem.text);
        return NGX_CONF_ERROR;
    }
    return NGX_CONF_OK;
}

static ngx_int_t refused(ngx_conf_t *cf, ngx_ketama_conf_t *conf, const char *reason)
{
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "ketama: %s in upstream \"%V\" in %s:%ui", reason, &conf->upstream,
                  conf->where, conf->line);
    return NGX_ERROR;
}

/* Builds the rings, when all lines of the upstream are known. */
ngx_int_t ngx_ketama_conf_build(ngx_conf_t *cf, ngx_ketama_conf_t *conf)
{
    ngx_ketama_problem_t problem;
    ngx_log_t *log = &cf->cycle->new_log; /* cf->log is gone before the fleets are */
    ngx_ketama_line_t *line = conf->lines.elts;
    for (ngx_uint_t i = 0; i < conf->lines.nelts; i++) {
        if (line[i].backup && conf->backup == NULL
            && (conf->backup = ngx_ketama_fleet_of_lines(conf, 1, log, &problem)) == NULL)
        {
            return refused(cf, conf, (char *) problem.text);
        }
    }
    if (conf->list != NULL) {
        return ngx_ketama_list_first(conf->list, log, &problem) == NGX_OK ? NGX_OK
                                                                          : refused(cf, conf, (char *) problem.text);
    }
    conf->fleet = ngx_ketama_fleet_of_lines(conf, 0, log, &problem);
    if (conf->fleet == NULL) {
        return refused(cf, conf, (char *) problem.text);
    }
    return conf->fleet->nservers > 0 ? NGX_OK : refused(cf, conf, "no servers that are not backup");
}

/* Makes room in the zone for what all workers know of the addresses. In the master, when zones are there. */
ngx_int_t ngx_ketama_conf_share(ngx_cycle_t *cycle, ngx_ketama_conf_t *conf, ngx_shm_zone_t *zone)
{
    conf->shared = ngx_ketama_registry_shared((ngx_slab_pool_t *) zone->shm.addr);
    if (conf->shared == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "ketama: zone \"%V\" is too small", &zone->shm.name);
        return NGX_ERROR;
    }
    return NGX_OK;
}

/* Makes a worker ready for requests; cheap if it is. */
ngx_int_t ngx_ketama_conf_start(ngx_ketama_conf_t *conf)
{
    if (conf->fleet->attached) {
        return NGX_OK;
    }
    if (conf->backup != NULL && ngx_ketama_fleet_attach(conf->backup, conf, ngx_cycle->log) != NGX_OK) {
        return NGX_ERROR;
    }
    if (ngx_ketama_fleet_attach(conf->fleet, conf, ngx_cycle->log) != NGX_OK) {
        return NGX_ERROR;
    }
    if (conf->list != NULL) {
        ngx_ketama_list_start(conf->list);
    }
    return NGX_OK;
}

void ngx_ketama_conf_stop(ngx_ketama_conf_t *conf)
{
    if (conf->list != NULL) {
        ngx_ketama_list_stop(conf->list);
    }
}
