/* ngx_ketama.h: what the parts of the module know of one another.
 *
 * Nothing here is of http or of stream: those two have a shell each (http.c, stream.c), and all else serves both.
 *
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef NGX_KETAMA_H
#define NGX_KETAMA_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>
#include <ngx_thread_pool.h>

#include <ketama.h>
#include <ketama_ring.h>

/* nginx loads modules with RTLD_GLOBAL: the functions of the module for http must not stand in for those for stream. */
#pragma GCC visibility push(hidden)

/* Parameters of a `server` line that limit the use of an address. */
typedef struct {
    ngx_uint_t max_conns;
    ngx_uint_t max_fails;
    time_t     fail_timeout;
} ngx_ketama_limits_t;

/* A `server` line. */
typedef struct {
    ngx_str_t           name;
    ngx_addr_t         *addrs;
    ngx_uint_t          naddrs;
    ngx_uint_t          weight;
    ngx_ketama_limits_t limits;
    unsigned            down:1;
    unsigned            backup:1;
} ngx_ketama_line_t;

/* Why something is refused. */
typedef struct {
    u_char text[512];
} ngx_ketama_problem_t;

/* health.c: how an address does, known to one worker or to all of them. */

typedef struct ngx_ketama_registry_s ngx_ketama_registry_t;

typedef struct {
    ngx_str_node_t         node;
    ngx_ketama_registry_t *registry;
    ngx_uint_t             holders;
    ngx_atomic_t           lock;
    ngx_uint_t             conns;
    ngx_uint_t             fails;
    time_t                 accessed;
    time_t                 checked;
} ngx_ketama_health_t;

ngx_ketama_registry_t *ngx_ketama_registry_new(ngx_pool_t *pool);
ngx_ketama_registry_t *ngx_ketama_registry_shared(ngx_slab_pool_t *zone);
ngx_ketama_health_t *ngx_ketama_health_hold(ngx_ketama_registry_t *registry, ngx_str_t *address);
void ngx_ketama_health_release(ngx_ketama_health_t *health);
ngx_uint_t ngx_ketama_health_claim(ngx_ketama_health_t *health, ngx_ketama_limits_t *limits);
void ngx_ketama_health_connected(ngx_ketama_health_t *health);
void ngx_ketama_health_finish(ngx_ketama_health_t *health, ngx_ketama_limits_t *limits, ngx_uint_t failed,
    ngx_log_t *log);

/* fleet.c: a ring, and the addresses of its servers. */

typedef struct {
    ngx_addr_t          *addr;
    ngx_uint_t           number; /* among all of the fleet */
    ngx_ketama_health_t *health;
#if (NGX_OPENSSL)
    ngx_ssl_session_t   *session;
#endif
} ngx_ketama_peer_t;

typedef struct {
    ngx_str_t           name;
    ngx_ketama_limits_t limits;
    ngx_uint_t          down;
    ngx_ketama_peer_t  *peers;
    ngx_uint_t          npeers;
    ngx_uint_t          turn; /* which of the peers is asked first */
} ngx_ketama_server_t;

typedef struct {
    ngx_pool_t          *pool;
    ngx_uint_t           holders;
    ketama_ring         *ring;
    ngx_ketama_server_t *servers; /* in the order of the ring's list */
    ngx_uint_t           nservers;
    ngx_uint_t           npeers;
    ngx_uint_t           tries; /* peers of servers that are not down */
    ngx_uint_t           turn;  /* which server gets the next key that has no place on the ring */
    ngx_str_t            fingerprint;
    unsigned             attached:1;
} ngx_ketama_fleet_t;

/* conf.c: the directive. */

typedef struct ngx_ketama_list_s ngx_ketama_list_t;

typedef struct {
    ngx_str_t              upstream;
    u_char                *where; /* the file in which the directive stands, and its line */
    ngx_uint_t             line;
    char                  *dialect;
    ngx_array_t            options; /* ketama_option */
    ngx_str_t              file;
    in_port_t              port;   /* of servers in the list that name none; 0: they must */
    ngx_ketama_limits_t    limits; /* of servers in the list that no line describes */
    unsigned               for_list:1; /* port or limits are given */
    ngx_array_t            lines;  /* ngx_ketama_line_t */
    ngx_ketama_registry_t *local;
    ngx_ketama_registry_t *shared; /* NULL without `zone` */
    ngx_ketama_fleet_t    *fleet;
    ngx_ketama_fleet_t    *backup; /* NULL: none */
    ngx_ketama_list_t     *list;   /* NULL: the ring is that of the lines */
} ngx_ketama_conf_t;

void ngx_ketama_conf_init(ngx_ketama_conf_t *conf, in_port_t port);
char *ngx_ketama_conf_parse(ngx_conf_t *cf, ngx_ketama_conf_t *conf, ngx_str_t *upstream);
ngx_int_t ngx_ketama_conf_build(ngx_conf_t *cf, ngx_ketama_conf_t *conf);
ngx_int_t ngx_ketama_conf_share(ngx_cycle_t *cycle, ngx_ketama_conf_t *conf, ngx_shm_zone_t *zone);
ngx_int_t ngx_ketama_conf_start(ngx_ketama_conf_t *conf);
void ngx_ketama_conf_stop(ngx_ketama_conf_t *conf);

ngx_ketama_fleet_t *ngx_ketama_fleet_of_lines(ngx_ketama_conf_t *conf, ngx_uint_t backup, ngx_log_t *log,
    ngx_ketama_problem_t *problem);
ngx_ketama_fleet_t *ngx_ketama_fleet_of_list(ngx_ketama_conf_t *conf, ketama_ring *list, ngx_log_t *log,
    ngx_ketama_problem_t *problem);
ngx_int_t ngx_ketama_fleet_attach(ngx_ketama_fleet_t *fleet, ngx_ketama_conf_t *conf, ngx_log_t *log);
void ngx_ketama_fleet_release(ngx_ketama_fleet_t *fleet);

/* list.c: a server list that is followed. */

ngx_ketama_list_t *ngx_ketama_list_open(ngx_conf_t *cf, ngx_ketama_conf_t *conf, ngx_ketama_problem_t *problem);
ngx_int_t ngx_ketama_list_first(ngx_ketama_list_t *list, ngx_log_t *log, ngx_ketama_problem_t *problem);
void ngx_ketama_list_start(ngx_ketama_list_t *list);
void ngx_ketama_list_stop(ngx_ketama_list_t *list);

/* balancer.c: from the key of a request to the peers that it asks. */

typedef struct ngx_ketama_choice_s ngx_ketama_choice_t;

ngx_ketama_choice_t *ngx_ketama_choice_new(ngx_ketama_conf_t *conf, ngx_pool_t *pool, ngx_peer_connection_t *pc,
    ngx_str_t *key);
ngx_str_t *ngx_ketama_choice_server(ngx_ketama_choice_t *choice);
ngx_str_t *ngx_ketama_choice_fingerprint(ngx_ketama_choice_t *choice);

#pragma GCC visibility pop

#endif
