/* peers.c - how many connections each address has.
 *
 * libmicrohttpd counts for one daemon only, and every loop has a daemon of its own. */
#include <stdlib.h>

#include "lib/base/map.h"
#include "lib/http/server_local.h"

struct http_peers {
    pthread_mutex_t lock;
    struct map *counts; /* address -> struct count */
    int limit;
};

struct count {
    int connections;
};

struct http_peers *http_peers_new(int limit)
{
    struct http_peers *peers = calloc(1, sizeof *peers);

    if (!peers)
        return NULL;
    peers->limit = limit;
    peers->counts = map_new();
    if (!peers->counts) {
        free(peers);
        return NULL;
    }
    (void)pthread_mutex_init(&peers->lock, NULL);
    return peers;
}

static void free_count(void *ctx, const void *key, size_t key_size, void *value)
{
    (void)ctx;
    (void)key;
    (void)key_size;
    free(value);
}

void http_peers_free(struct http_peers *peers)
{
    if (!peers)
        return;
    map_each(peers->counts, free_count, NULL);
    map_free(peers->counts);
    (void)pthread_mutex_destroy(&peers->lock);
    free(peers);
}

bool http_peers_allows(struct http_peers *peers, const void *address, size_t size)
{
    const struct count *count;
    bool allowed;

    (void)pthread_mutex_lock(&peers->lock);
    count = map_get(peers->counts, address, size);
    allowed = !count || count->connections < peers->limit;
    (void)pthread_mutex_unlock(&peers->lock);
    return allowed;
}

void http_peers_add(struct http_peers *peers, const void *address, size_t size)
{
    struct count *count;

    (void)pthread_mutex_lock(&peers->lock);
    count = map_get(peers->counts, address, size);
    if (!count) {
        count = calloc(1, sizeof *count);
        if (count && map_put(peers->counts, address, size, count) < 0) {
            free(count); /* uncounted rather than refused */
            count = NULL;
        }
    }
    if (count)
        count->connections++;
    (void)pthread_mutex_unlock(&peers->lock);
}

void http_peers_remove(struct http_peers *peers, const void *address, size_t size)
{
    struct count *count;

    (void)pthread_mutex_lock(&peers->lock);
    count = map_get(peers->counts, address, size);
    if (count && --count->connections <= 0) {
        (void)map_remove(peers->counts, address, size);
        free(count);
    }
    (void)pthread_mutex_unlock(&peers->lock);
}
