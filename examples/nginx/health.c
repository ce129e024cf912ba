/* health.c: how addresses do: requests under way, failures, and when they were last tried.
 *
 * An address has one record in a registry, whatever the rings in which it stands. A registry lies in a worker's own
 * memory or, with `zone`, in memory that all workers share; it is the same code, the lock is just never contended. A
 * record lives as long as a fleet of some worker holds it, so that a server keeps its record when the list changes.
 *
 * The rules for max_conns, max_fails and fail_timeout are those of nginx's own balancers.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#include "ngx_ketama.h"

struct ngx_ketama_registry_s {
    ngx_rbtree_t      tree;
    ngx_rbtree_node_t sentinel;
    ngx_slab_pool_t  *zone; /* NULL: own memory */
};

static ngx_ketama_registry_t *registry_init(ngx_ketama_registry_t *registry, ngx_slab_pool_t *zone)
{
    if (registry != NULL) {
        registry->zone = zone;
        ngx_rbtree_init(&registry->tree, &registry->sentinel, ngx_str_rbtree_insert_value);
    }
    return registry;
}

ngx_ketama_registry_t *ngx_ketama_registry_new(ngx_pool_t *pool)
{
    return registry_init(ngx_palloc(pool, sizeof(ngx_ketama_registry_t)), NULL);
}

/* To be called before the workers are forked, so that all of them know where it lies. */
ngx_ketama_registry_t *ngx_ketama_registry_shared(ngx_slab_pool_t *zone)
{
    return registry_init(ngx_slab_alloc(zone, sizeof(ngx_ketama_registry_t)), zone);
}

static void registry_lock(ngx_ketama_registry_t *registry)
{
    if (registry->zone != NULL) {
        ngx_shmtx_lock(&registry->zone->mutex);
    }
}

static void registry_unlock(ngx_ketama_registry_t *registry)
{
    if (registry->zone != NULL) {
        ngx_shmtx_unlock(&registry->zone->mutex);
    }
}

static ngx_ketama_health_t *record_new(ngx_ketama_registry_t *registry, ngx_str_t *address)
{
    size_t size = sizeof(ngx_ketama_health_t) + address->len;
    ngx_ketama_health_t *health = registry->zone != NULL ? ngx_slab_calloc_locked(registry->zone, size)
                                                         : ngx_calloc(size, ngx_cycle->log);
    if (health == NULL) {
        return NULL;
    }
    health->registry = registry;
    health->node.str.len = address->len;
    health->node.str.data = (u_char *) (health + 1);
    ngx_memcpy(health->node.str.data, address->data, address->len);
    health->node.node.key = ngx_crc32_long(address->data, address->len);
    ngx_rbtree_insert(&registry->tree, &health->node.node);
    return health;
}

/* The record of an address, to be released; NULL if there is no memory for it. */
ngx_ketama_health_t *ngx_ketama_health_hold(ngx_ketama_registry_t *registry, ngx_str_t *address)
{
    uint32_t key = ngx_crc32_long(address->data, address->len);
    registry_lock(registry);
    ngx_ketama_health_t *health = (ngx_ketama_health_t *) ngx_str_rbtree_lookup(&registry->tree, address, key);
    if (health == NULL) {
        health = record_new(registry, address);
    }
    if (health != NULL) {
        health->holders++;
    }
    registry_unlock(registry);
    return health;
}

void ngx_ketama_health_release(ngx_ketama_health_t *health)
{
    ngx_ketama_registry_t *registry = health->registry;
    registry_lock(registry);
    if (--health->holders == 0) {
        ngx_rbtree_delete(&registry->tree, &health->node.node);
        if (registry->zone != NULL) {
            ngx_slab_free_locked(registry->zone, health);
        } else {
            ngx_free(health);
        }
    }
    registry_unlock(registry);
}

/* Whether an address may be asked now. If so, a request to it is under way. */
ngx_uint_t ngx_ketama_health_claim(ngx_ketama_health_t *health, ngx_ketama_limits_t *limits)
{
    time_t now = ngx_time();
    ngx_rwlock_wlock(&health->lock);
    ngx_uint_t failed = limits->max_fails && health->fails >= limits->max_fails
                        && now - health->checked <= limits->fail_timeout;
    ngx_uint_t full = limits->max_conns && health->conns >= limits->max_conns;
    if (!failed && !full) {
        health->conns++;
        /* After fail_timeout this request is the trial, and the others wait for another fail_timeout. */
        if (now - health->checked > limits->fail_timeout) {
            health->checked = now;
        }
    }
    ngx_rwlock_unlock(&health->lock);
    return !failed && !full;
}

/* To be called with the lock. */
static void forgive(ngx_ketama_health_t *health)
{
    if (health->accessed < health->checked) {
        health->fails = 0;
    }
}

void ngx_ketama_health_connected(ngx_ketama_health_t *health)
{
    ngx_rwlock_wlock(&health->lock);
    forgive(health);
    ngx_rwlock_unlock(&health->lock);
}

/* Ends a request that was claimed. */
void ngx_ketama_health_finish(ngx_ketama_health_t *health, ngx_ketama_limits_t *limits, ngx_uint_t failed,
    ngx_log_t *log)
{
    ngx_uint_t disabled = 0;
    ngx_rwlock_wlock(&health->lock);
    health->conns--;
    if (failed) {
        health->fails++;
        health->accessed = ngx_time();
        health->checked = health->accessed;
        disabled = limits->max_fails && health->fails >= limits->max_fails;
    } else {
        forgive(health);
    }
    ngx_rwlock_unlock(&health->lock);
    if (disabled) {
        ngx_log_error(NGX_LOG_WARN, log, 0, "upstream server temporarily disabled");
    }
}
