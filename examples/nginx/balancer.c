/* balancer.c: from the key of a request to the peers that it asks.
 *
 * A request asks the server that the ring gives for its key, all addresses of it in turn; then the next server in the
 * order of the ring's dialect, and so on; then the backup servers, on a ring of their own. Servers that are down, that
 * have failed too often or have all the connections that they may have are passed over.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#include "ngx_ketama.h"

struct ngx_ketama_choice_s {
    ngx_pool_t          *pool;
    ngx_str_t            key;
    ngx_ketama_fleet_t  *fleet;  /* whose servers are being asked */
    ngx_ketama_fleet_t  *backup; /* those that come behind it, or NULL */
    ngx_str_t           *upstream;
    uint32_t             first;  /* the ring's answer */
    uint32_t            *order;  /* all servers in the order of the ring; NULL until the answer is not enough */
    size_t               norder;
    size_t               next;
    ngx_ketama_server_t *server; /* whose addresses are being asked, or NULL */
    ngx_ketama_peer_t   *peer;   /* the one that was asked last, or NULL */
    uintptr_t           *tried;  /* a bit for each peer of the fleet */
};

enum {
    BITS = 8 * sizeof(uintptr_t),
    ROOM = 4 /* places in the order for each server: in spymemcached's a server may come again */
};

/* Servers take turns for a key that has no place on the ring: nginx does so for the empty one. */
static void take_turns(ngx_ketama_choice_t *choice)
{
    ngx_uint_t turn = choice->fleet->turn++;
    for (choice->norder = 0; choice->norder < choice->fleet->nservers; choice->norder++) {
        choice->order[choice->norder] = (turn + choice->norder) % choice->fleet->nservers;
    }
}

/* Walks the ring: costly on a large one, and rarely needed. */
static ngx_int_t walk(ngx_ketama_choice_t *choice)
{
    ngx_uint_t n = ROOM * choice->fleet->nservers;
    choice->order = ngx_palloc(choice->pool, n * sizeof *choice->order);
    if (choice->order == NULL) {
        return NGX_ERROR;
    }
    choice->norder = ketama_ring_lookup_n(choice->fleet->ring, choice->key.data, choice->key.len, choice->order, n);
    if (choice->norder == 0 && choice->key.len == 0) {
        take_turns(choice);
    }
    choice->next = 0;
    return NGX_OK;
}

/* The next server of the fleet, or NULL. */
static ngx_ketama_server_t *next_server(ngx_ketama_choice_t *choice)
{
    uint32_t first = choice->first;
    choice->first = KETAMA_NO_SERVER;
    if (first != KETAMA_NO_SERVER) {
        return &choice->fleet->servers[first];
    }
    if (choice->order == NULL && walk(choice) != NGX_OK) {
        return NULL;
    }
    return choice->next < choice->norder ? &choice->fleet->servers[choice->order[choice->next++]] : NULL;
}

static void enter(ngx_ketama_choice_t *choice, ngx_ketama_fleet_t *fleet)
{
    choice->fleet = fleet;
    choice->first = ketama_ring_lookup(fleet->ring, choice->key.data, choice->key.len);
    choice->order = NULL;
    choice->server = NULL;
}

static ngx_int_t enter_backup(ngx_ketama_choice_t *choice)
{
    if (choice->backup == NULL) {
        return NGX_DECLINED;
    }
    ngx_memzero(choice->tried, (choice->backup->npeers + BITS - 1) / BITS * sizeof(uintptr_t));
    enter(choice, choice->backup);
    choice->backup = NULL;
    return NGX_OK;
}

/* An address of the server that may be asked and was not; NULL if there is none. */
static ngx_ketama_peer_t *claim(ngx_ketama_choice_t *choice, ngx_ketama_server_t *server)
{
    if (server->down) {
        return NULL;
    }
    ngx_uint_t turn = server->npeers > 1 ? server->turn++ : 0;
    for (ngx_uint_t i = 0; i < server->npeers; i++) {
        ngx_ketama_peer_t *peer = &server->peers[(turn + i) % server->npeers];
        uintptr_t *tried = &choice->tried[peer->number / BITS], bit = (uintptr_t) 1 << peer->number % BITS;
        if (!(*tried & bit) && ngx_ketama_health_claim(peer->health, &server->limits)) {
            *tried |= bit;
            return peer;
        }
    }
    return NULL;
}

static ngx_int_t get_peer(ngx_peer_connection_t *pc, void *data)
{
    ngx_ketama_choice_t *choice = data;
    pc->cached = 0;
    pc->connection = NULL;
    for (;;) {
        if (choice->server == NULL) {
            choice->server = next_server(choice);
        }
        if (choice->server == NULL) {
            if (enter_backup(choice) == NGX_OK) {
                continue;
            }
            choice->peer = NULL;
            pc->name = choice->upstream;
            return NGX_BUSY;
        }
        choice->peer = claim(choice, choice->server);
        if (choice->peer != NULL) {
            break;
        }
        choice->server = NULL;
    }
    ngx_log_debug3(NGX_LOG_DEBUG_CORE, pc->log, 0, "ketama: key \"%V\", server \"%V\", address %V", &choice->key,
                   &choice->server->name, &choice->peer->addr->name);
    pc->sockaddr = choice->peer->addr->sockaddr;
    pc->socklen = choice->peer->addr->socklen;
    pc->name = &choice->peer->addr->name;
    return NGX_OK;
}

static void free_peer(ngx_peer_connection_t *pc, void *data, ngx_uint_t state)
{
    ngx_ketama_choice_t *choice = data;
    if (choice->peer != NULL) {
        ngx_ketama_health_finish(choice->peer->health, &choice->server->limits, state & NGX_PEER_FAILED, pc->log);
    }
    if (pc->tries) {
        pc->tries--;
    }
}

/* Stream calls this when a connection stands; NOTIFY_CONNECT is the only thing that it tells. */
static void notify_peer(ngx_peer_connection_t *pc, void *data, ngx_uint_t type)
{
    ngx_ketama_choice_t *choice = data;
    (void) pc;
    (void) type;
    if (choice->peer != NULL) {
        ngx_ketama_health_connected(choice->peer->health);
    }
}

#if (NGX_OPENSSL)

static ngx_int_t set_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_ketama_choice_t *choice = data;
    return ngx_ssl_set_session(pc->connection, choice->peer->session);
}

static void save_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_ketama_choice_t *choice = data;
    ngx_ssl_session_t *session = ngx_ssl_get_session(pc->connection);
    if (session != NULL) {
        if (choice->peer->session != NULL) {
            ngx_ssl_free_session(choice->peer->session);
        }
        choice->peer->session = session;
    }
}

#endif

static void release(void *fleet)
{
    ngx_ketama_fleet_release(fleet);
}

/* Starts to choose for a request: the pool is the request's, whose end releases the fleet. */
ngx_ketama_choice_t *ngx_ketama_choice_new(ngx_ketama_conf_t *conf, ngx_pool_t *pool, ngx_peer_connection_t *pc,
    ngx_str_t *key)
{
    if (ngx_ketama_conf_start(conf) != NGX_OK) {
        return NULL;
    }
    ngx_uint_t npeers = conf->fleet->npeers;
    if (conf->backup != NULL) {
        npeers = ngx_max(npeers, conf->backup->npeers);
    }
    ngx_ketama_choice_t *choice = ngx_pcalloc(pool, sizeof *choice);
    uintptr_t *tried = ngx_pcalloc(pool, (npeers + BITS - 1) / BITS * sizeof *tried);
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(pool, 0);
    if (choice == NULL || tried == NULL || cleanup == NULL) {
        return NULL;
    }
    cleanup->handler = release;
    cleanup->data = conf->fleet;
    conf->fleet->holders++;
    *choice = (ngx_ketama_choice_t) {.pool = pool, .key = *key, .backup = conf->backup, .upstream = &conf->upstream,
                                     .tried = tried};
    enter(choice, conf->fleet);
    pc->data = choice;
    pc->get = get_peer;
    pc->free = free_peer;
    pc->notify = notify_peer;
#if (NGX_OPENSSL)
    pc->set_session = set_session;
    pc->save_session = save_session;
#endif
    pc->tries = conf->fleet->tries + (conf->backup != NULL ? conf->backup->tries : 0);
    return choice;
}

/* Name of the server that was asked last, as written; NULL if none was. */
ngx_str_t *ngx_ketama_choice_server(ngx_ketama_choice_t *choice)
{
    return choice->server != NULL && choice->peer != NULL ? &choice->server->name : NULL;
}

/* What identifies the ring that was asked last. */
ngx_str_t *ngx_ketama_choice_fingerprint(ngx_ketama_choice_t *choice)
{
    return &choice->fleet->fingerprint;
}
