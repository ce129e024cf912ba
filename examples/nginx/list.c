/* list.c: a server list that is followed while nginx runs.
 *
 * Each worker follows it by itself. The library's handle gives a descriptor that can be read when the file may have
 * changed; where files cannot be watched, a timer looks now and then. Reading, building the ring and asking the
 * system's resolver for names happens in a thread of nginx's pool `default`: requests go on in the old fleet meanwhile.
 * A list that cannot be used leaves the old fleet, and the log says once why.
 *
 * SPDX-License-Identifier: BSD-3-Clause */

#include "ngx_ketama.h"

enum {
    SETTLE = 50, /* ms from a change to reading: most changes are several, and other files of the folder change too */
    LOOK = 500,  /* ms from look to look where the file cannot be watched */
    AGAIN = 5000 /* ms until a list is tried again whose servers have no addresses */
};

struct ngx_ketama_list_s {
    ngx_ketama_conf_t   *conf;
    ketama_handle       *handle;
    ngx_connection_t    *watch; /* NULL where the file cannot be watched */
    ngx_event_t          timer;
    ngx_thread_task_t    task;
#if (NGX_THREADS)
    ngx_thread_pool_t   *threads;
#endif
    /* What a load leaves. While one is under way these belong to its thread. */
    ngx_ketama_fleet_t  *loaded;
    ngx_ketama_problem_t problem; /* empty: none */
    unsigned             pending; /* the handle has a ring from which no fleet could be made yet */
    ngx_ketama_problem_t told;    /* the problem that was logged last */
};

static void list_free(void *data)
{
    ngx_ketama_list_t *list = data;
    ketama_handle_free(list->handle);
}

ngx_ketama_list_t *ngx_ketama_list_open(ngx_conf_t *cf, ngx_ketama_conf_t *conf, ngx_ketama_problem_t *problem)
{
    ngx_ketama_list_t *list = ngx_pcalloc(cf->pool, sizeof *list);
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    ngx_cpystrn(problem->text, (u_char *) "no memory", sizeof problem->text);
    if (list == NULL || cleanup == NULL) {
        return NULL;
    }
#if (NGX_THREADS)
    list->threads = ngx_thread_pool_add(cf, NULL);
    if (list->threads == NULL) {
        return NULL;
    }
#endif
    if (ketama_handle_open((char *) conf->file.data, &list->handle) != KETAMA_OK) {
        ngx_cpystrn(problem->text, (u_char *) ketama_error(), sizeof problem->text);
        return NULL;
    }
    list->conf = conf;
    cleanup->handler = list_free;
    cleanup->data = list;
    return list;
}

static ngx_ketama_fleet_t *fleet_now(ngx_ketama_list_t *list, ngx_log_t *log, ngx_ketama_problem_t *problem)
{
    ketama_ring *ring;
    if (ketama_handle_ring(list->handle, &ring) != KETAMA_OK) {
        ngx_cpystrn(problem->text, (u_char *) ketama_error(), sizeof problem->text);
        return NULL;
    }
    return ngx_ketama_fleet_of_list(list->conf, ring, log, problem);
}

/* Makes the fleet of the list as it was opened. */
ngx_int_t ngx_ketama_list_first(ngx_ketama_list_t *list, ngx_log_t *log, ngx_ketama_problem_t *problem)
{
    list->conf->fleet = fleet_now(list, log, problem);
    return list->conf->fleet != NULL ? NGX_OK : NGX_ERROR;
}

/* Looks at the file, and makes a fleet if it has changed. In any thread. */
static void load(void *data, ngx_log_t *log)
{
    ngx_ketama_list_t *list = data;
    int changed = 0;
    list->problem.text[0] = '\0';
    if (ketama_handle_refresh(list->handle, &changed) != KETAMA_OK) {
        ngx_cpystrn(list->problem.text, (u_char *) ketama_error(), sizeof list->problem.text);
    } else if (changed || list->pending) {
        list->loaded = fleet_now(list, log, &list->problem);
        list->pending = list->loaded == NULL;
    }
}

/* Says a problem, unless it is the one that was said last. */
static void tell(ngx_ketama_list_t *list, ngx_log_t *log)
{
    if (list->problem.text[0] != '\0' && ngx_strcmp(list->problem.text, list->told.text) != 0) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "ketama: %s; upstream \"%V\" keeps the servers of the last good list",
                      list->problem.text, &list->conf->upstream);
    }
    list->told = list->problem;
}

/* Gives new requests the fleet that was made. */
static void adopt(ngx_ketama_list_t *list, ngx_log_t *log)
{
    ngx_ketama_conf_t *conf = list->conf;
    ngx_ketama_fleet_t *fleet = list->loaded;
    list->loaded = NULL;
    if (ngx_ketama_fleet_attach(fleet, conf, log) != NGX_OK) {
        ngx_ketama_fleet_release(fleet);
        list->pending = 1;
        return;
    }
    ngx_ketama_fleet_release(conf->fleet);
    conf->fleet = fleet;
    ngx_log_error(NGX_LOG_NOTICE, log, 0, "ketama: upstream \"%V\" follows %V: %ui servers, fingerprint %V",
                  &conf->upstream, &conf->file, fleet->nservers, &fleet->fingerprint);
}

static void unwatch(ngx_ketama_list_t *list)
{
    if (list->watch->read->active) {
        ngx_del_event(list->watch->read, NGX_READ_EVENT, 0);
    }
    /* The descriptor is the handle's: it is not closed. */
    ngx_free_connection(list->watch);
    list->watch->fd = (ngx_socket_t) -1;
    list->watch = NULL;
}

static void await_change(ngx_ketama_list_t *list)
{
    if (list->watch != NULL && ngx_add_event(list->watch->read, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK) {
        unwatch(list);
    }
    if (list->pending) {
        ngx_add_timer(&list->timer, AGAIN);
    } else if (list->watch == NULL) {
        ngx_add_timer(&list->timer, LOOK);
    }
}

static void loaded(ngx_event_t *event)
{
    ngx_ketama_list_t *list = event->data;
    tell(list, ngx_cycle->log);
    if (list->loaded != NULL) {
        adopt(list, ngx_cycle->log);
    }
    await_change(list);
}

static void on_timer(ngx_event_t *event)
{
    ngx_ketama_list_t *list = event->data;
    if (list->watch != NULL && list->watch->read->active) {
        ngx_del_event(list->watch->read, NGX_READ_EVENT, 0);
    }
#if (NGX_THREADS)
    if (ngx_thread_task_post(list->threads, &list->task) == NGX_OK) {
        return;
    }
#endif
    load(list, ngx_cycle->log);
    loaded(&list->task.event);
}

/* Something has happened in the folder of the list. */
static void on_change(ngx_event_t *event)
{
    ngx_ketama_list_t *list = ((ngx_connection_t *) event->data)->data;
    ngx_del_event(event, NGX_READ_EVENT, 0);
    ngx_add_timer(&list->timer, SETTLE);
}

static ngx_connection_t *watch(ngx_ketama_list_t *list)
{
    int descriptor;
    if (ketama_handle_watch(list->handle, &descriptor) != KETAMA_OK) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "ketama: %s; it is looked at twice a second", ketama_error());
        return NULL;
    }
    ngx_connection_t *connection = ngx_get_connection(descriptor, ngx_cycle->log);
    if (connection != NULL) {
        connection->data = list;
        connection->read->handler = on_change;
        connection->read->log = connection->write->log = ngx_cycle->log;
    }
    return connection;
}

/* Starts to follow the list in a worker; what has changed since nginx read it is taken at once. */
void ngx_ketama_list_start(ngx_ketama_list_t *list)
{
    list->timer = (ngx_event_t) {.handler = on_timer, .data = list, .log = ngx_cycle->log, .cancelable = 1};
    list->task = (ngx_thread_task_t) {.handler = load, .ctx = list,
                                      .event = {.handler = loaded, .data = list, .log = ngx_cycle->log}};
    list->watch = watch(list);
    load(list, ngx_cycle->log);
    loaded(&list->task.event);
}

/* Threads have ended: nginx ends its pools before it asks modules to. */
void ngx_ketama_list_stop(ngx_ketama_list_t *list)
{
    if (list->timer.timer_set) {
        ngx_del_timer(&list->timer);
    }
    if (list->watch != NULL) {
        unwatch(list);
    }
    if (list->loaded != NULL) {
        ngx_ketama_fleet_release(list->loaded);
        list->loaded = NULL;
    }
}
