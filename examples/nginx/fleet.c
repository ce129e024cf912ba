/* fleet.c: a ring, and the addresses of its servers.
 *
 * A fleet never changes, but for the health of its peers: when the list changes there is another one, and requests that
 * are under way keep theirs. It may be built in any thread; all else belongs to the thread of the worker.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#include "ngx_ketama.h"

static void ring_free(void *ring)
{
    ketama_ring_free(ring);
}

static void *refuse(ngx_ketama_problem_t *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    *ngx_vslprintf(problem->text, problem->text + sizeof problem->text - 1, format, arguments) = '\0';
    va_end(arguments);
    return NULL;
}

/* A fleet without peers; it takes the ring over. */
static ngx_ketama_fleet_t *fleet_new(ketama_ring *ring, ngx_log_t *log)
{
    ngx_pool_t *pool = ngx_create_pool(4096, log);
    ngx_pool_cleanup_t *cleanup = pool != NULL ? ngx_pool_cleanup_add(pool, 0) : NULL;
    if (cleanup == NULL) {
        ketama_ring_free(ring);
        if (pool != NULL) {
            ngx_destroy_pool(pool);
        }
        return NULL;
    }
    cleanup->handler = ring_free;
    cleanup->data = ring;
    ngx_ketama_fleet_t *fleet = ngx_pcalloc(pool, sizeof *fleet);
    u_char *fingerprint = ngx_pnalloc(pool, 16);
    ngx_uint_t nservers = ketama_ring_server_count(ring);
    ngx_ketama_server_t *servers = ngx_pcalloc(pool, (nservers + 1) * sizeof *servers);
    if (fleet == NULL || fingerprint == NULL || servers == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }
    ngx_sprintf(fingerprint, "%016xL", (uint64_t) ketama_ring_fingerprint(ring));
    *fleet = (ngx_ketama_fleet_t) {.pool = pool, .holders = 1, .ring = ring, .servers = servers, .nservers = nservers,
                                   .fingerprint = {16, fingerprint}};
    for (ngx_uint_t i = 0; i < nservers; i++) {
        u_char *name = (u_char *) ketama_ring_server_name(ring, i);
        servers[i].name = (ngx_str_t) {ngx_strlen(name), name};
        servers[i].down = ketama_ring_server_down(ring, i);
    }
    return fleet;
}

/* Gives a server its addresses. */
static ngx_int_t add_peers(ngx_ketama_fleet_t *fleet, ngx_ketama_server_t *server, ngx_addr_t *addrs, ngx_uint_t naddrs,
    ngx_ketama_limits_t limits)
{
    server->peers = ngx_pcalloc(fleet->pool, naddrs * sizeof *server->peers);
    if (server->peers == NULL) {
        return NGX_ERROR;
    }
    server->npeers = naddrs;
    server->limits = limits;
    for (ngx_uint_t i = 0; i < naddrs; i++) {
        server->peers[i].addr = &addrs[i];
        server->peers[i].number = fleet->npeers++;
    }
    if (!server->down) {
        fleet->tries += naddrs;
    }
    return NGX_OK;
}

/* As in nginx's own balancers: there is no point in giving up the only peer. */
static ngx_ketama_fleet_t *spare_single(ngx_ketama_fleet_t *fleet, ngx_ketama_conf_t *conf)
{
    if (fleet->npeers == 1 && conf->backup == NULL) {
        fleet->servers[0].limits.max_fails = 0;
    }
    return fleet;
}

static void *no_memory(ngx_ketama_fleet_t *fleet, ngx_ketama_problem_t *problem)
{
    if (fleet != NULL) {
        ngx_ketama_fleet_release(fleet);
    }
    return refuse(problem, "no memory");
}

static const char *dialect_of(ngx_ketama_conf_t *conf)
{
    return conf->dialect != NULL ? conf->dialect : "libketama";
}

static ketama_ring *ring_of_lines(ngx_ketama_conf_t *conf, ngx_uint_t backup, ngx_ketama_problem_t *problem)
{
    ketama_ring *ring;
    ngx_ketama_line_t *line = conf->lines.elts;
    ketama_server *servers = ngx_calloc((conf->lines.nelts + 1) * sizeof *servers, ngx_cycle->log);
    size_t n = 0;
    if (servers == NULL) {
        return refuse(problem, "no memory");
    }
    for (ngx_uint_t i = 0; i < conf->lines.nelts; i++) {
        if (line[i].backup == backup) {
            servers[n++] = (ketama_server) {.name = (char *) line[i].name.data, .weight = line[i].weight,
                                            .down = line[i].down};
        }
    }
    int status = ketama_ring_new_with(dialect_of(conf), conf->options.elts, conf->options.nelts, servers, n, &ring);
    ngx_free(servers);
    return status == KETAMA_OK ? ring : refuse(problem, "%s", ketama_error());
}

/* The fleet of the `server` lines that are `backup`, or of those that are not; without a server if there is none. */
ngx_ketama_fleet_t *ngx_ketama_fleet_of_lines(ngx_ketama_conf_t *conf, ngx_uint_t backup, ngx_log_t *log,
    ngx_ketama_problem_t *problem)
{
    ketama_ring *ring = ring_of_lines(conf, backup, problem);
    if (ring == NULL) {
        return NULL;
    }
    ngx_ketama_fleet_t *fleet = fleet_new(ring, log);
    if (fleet == NULL) {
        return no_memory(NULL, problem);
    }
    ngx_ketama_line_t *line = conf->lines.elts;
    ngx_ketama_server_t *server = fleet->servers;
    for (ngx_uint_t i = 0; i < conf->lines.nelts; i++) {
        if (line[i].backup != backup) {
            continue;
        }
        if (add_peers(fleet, server++, line[i].addrs, line[i].naddrs, line[i].limits) != NGX_OK) {
            return no_memory(fleet, problem);
        }
    }
    return spare_single(fleet, conf);
}

/* The ring of a list's servers under the dialect and options of the directive; it takes the list's own ring over. */
static ketama_ring *redress(ngx_ketama_conf_t *conf, ketama_ring *list, ngx_ketama_problem_t *problem)
{
    uint32_t n = ketama_ring_server_count(list);
    ketama_ring *ring = NULL;
    ketama_server *servers = NULL;
    if (ngx_strcmp(ketama_ring_dialect(list), "libketama") != 0) {
        refuse(problem, "%V names its dialect itself: %s", &conf->file, ketama_ring_dialect(list));
    } else if ((servers = ngx_calloc((n + 1) * sizeof *servers, ngx_cycle->log)) == NULL) {
        refuse(problem, "no memory");
    } else {
        for (uint32_t i = 0; i < n; i++) {
            servers[i] = (ketama_server) {.name = ketama_ring_server_name(list, i),
                                          .weight = ketama_ring_server_weight(list, i),
                                          .down = ketama_ring_server_down(list, i)};
        }
        if (ketama_ring_new_with(dialect_of(conf), conf->options.elts, conf->options.nelts, servers, n, &ring)
            != KETAMA_OK)
        {
            refuse(problem, "%V: %s", &conf->file, ketama_error());
        }
        ngx_free(servers);
    }
    ketama_ring_free(list);
    return ring;
}

/* The line that describes a server of the list, or NULL. */
static ngx_ketama_line_t *line_of(ngx_ketama_conf_t *conf, ngx_str_t *name)
{
    ngx_ketama_line_t *line = conf->lines.elts;
    for (ngx_uint_t i = 0; i < conf->lines.nelts; i++) {
        if (!line[i].backup && line[i].name.len == name->len
            && ngx_memcmp(line[i].name.data, name->data, name->len) == 0)
        {
            return &line[i];
        }
    }
    return NULL;
}

/* Finds the addresses of a server by its name; that may take as long as the system's resolver does. */
static ngx_int_t resolve(ngx_ketama_fleet_t *fleet, ngx_ketama_conf_t *conf, ngx_str_t *name, ngx_url_t *url,
    ngx_ketama_problem_t *problem)
{
    ngx_memzero(url, sizeof *url);
    url->url = *name;
    url->default_port = conf->port;
    if (name->data[0] == '/') { /* how the clients of memcached name a socket */
        url->url.len = sizeof "unix:" - 1 + name->len;
        url->url.data = ngx_pnalloc(fleet->pool, url->url.len + 1);
        if (url->url.data == NULL) {
            return NGX_ERROR;
        }
        ngx_sprintf(url->url.data, "unix:%V%Z", name);
    }
    if (ngx_parse_url(fleet->pool, url) != NGX_OK) {
        refuse(problem, "%V: server %V: %s", &conf->file, name, url->err != NULL ? url->err : "no memory");
        return NGX_ERROR;
    }
    if (url->no_port && conf->port == 0) {
        refuse(problem, "%V: server %V: no port", &conf->file, name);
        return NGX_ERROR;
    }
    return NGX_OK;
}

/* The fleet of a list; it takes the list's ring over. */
ngx_ketama_fleet_t *ngx_ketama_fleet_of_list(ngx_ketama_conf_t *conf, ketama_ring *list, ngx_log_t *log,
    ngx_ketama_problem_t *problem)
{
    ngx_url_t url;
    ketama_ring *ring = conf->dialect != NULL || conf->options.nelts ? redress(conf, list, problem) : list;
    if (ring == NULL) {
        return NULL;
    }
    ngx_ketama_fleet_t *fleet = fleet_new(ring, log);
    if (fleet == NULL) {
        return no_memory(NULL, problem);
    }
    if (fleet->nservers == 0) {
        ngx_ketama_fleet_release(fleet);
        return refuse(problem, "%V: no servers", &conf->file);
    }
    for (ngx_uint_t i = 0; i < fleet->nservers; i++) {
        ngx_ketama_server_t *server = &fleet->servers[i];
        ngx_ketama_line_t *line = line_of(conf, &server->name);
        if (line != NULL) {
            server->down |= line->down;
        } else if (resolve(fleet, conf, &server->name, &url, problem) != NGX_OK) {
            ngx_ketama_fleet_release(fleet);
            return NULL;
        }
        if (add_peers(fleet, server, line != NULL ? line->addrs : url.addrs, line != NULL ? line->naddrs : url.naddrs,
                      line != NULL ? line->limits : conf->limits) != NGX_OK)
        {
            return no_memory(fleet, problem);
        }
    }
    return spare_single(fleet, conf);
}

/* Where the health of an address is kept: if the zone is full, in this worker alone. */
static ngx_ketama_health_t *hold(ngx_ketama_conf_t *conf, ngx_str_t *address, ngx_log_t *log)
{
    if (conf->shared != NULL) {
        ngx_ketama_health_t *health = ngx_ketama_health_hold(conf->shared, address);
        if (health != NULL) {
            return health;
        }
        ngx_log_error(NGX_LOG_ERR, log, 0, "ketama: the zone of upstream \"%V\" is full: this worker alone counts the "
                      "failures of %V", &conf->upstream, address);
    }
    return ngx_ketama_health_hold(conf->local, address);
}

/* Gives the peers their health; before that, a fleet cannot be asked. */
ngx_int_t ngx_ketama_fleet_attach(ngx_ketama_fleet_t *fleet, ngx_ketama_conf_t *conf, ngx_log_t *log)
{
    for (ngx_uint_t i = 0; i < fleet->nservers; i++) {
        for (ngx_uint_t j = 0; j < fleet->servers[i].npeers; j++) {
            ngx_ketama_peer_t *peer = &fleet->servers[i].peers[j];
            if (peer->health == NULL && (peer->health = hold(conf, &peer->addr->name, log)) == NULL) {
                return NGX_ERROR;
            }
        }
    }
    fleet->attached = 1;
    return NGX_OK;
}

void ngx_ketama_fleet_release(ngx_ketama_fleet_t *fleet)
{
    if (--fleet->holders > 0) {
        return;
    }
    for (ngx_uint_t i = 0; i < fleet->nservers; i++) {
        for (ngx_uint_t j = 0; j < fleet->servers[i].npeers; j++) {
            ngx_ketama_peer_t *peer = &fleet->servers[i].peers[j];
            if (peer->health != NULL) {
                ngx_ketama_health_release(peer->health);
            }
#if (NGX_OPENSSL)
            if (peer->session != NULL) {
                ngx_ssl_free_session(peer->session);
            }
#endif
        }
    }
    ngx_destroy_pool(fleet->pool);
}
