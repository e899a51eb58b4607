/* rate.c - see rate.h. Sets of four places; a name belongs to one set by its seeded hash. */
#include "gateway/rate.h"

#include <pthread.h>

#include "lib/crypto/crypto.h"

enum { SETS = 2048, WAYS = 4 };

struct bucket {
    uint64_t hash; /* 0: free */
    double tokens;
    int64_t at_ns;
};

struct rate {
    pthread_mutex_t lock;
    double per_second, burst;
    uint64_t seed;
    struct bucket buckets[SETS][WAYS];
};

struct rate *rate_new(double per_second, double burst, struct err *err)
{
    struct rate *rate = calloc(1, sizeof *rate);

    if (!rate) {
        err_set_nomem(err, "rate limits");
        return NULL;
    }
    (void)pthread_mutex_init(&rate->lock, NULL);
    random_bytes(&rate->seed, sizeof rate->seed);
    rate->per_second = per_second;
    rate->burst = burst;
    return rate;
}

void rate_free(struct rate *rate)
{
    if (!rate)
        return;
    (void)pthread_mutex_destroy(&rate->lock);
    free(rate);
}

/* FNV-1a from a random start, then mixed, so that nobody can choose to share a bucket. */
static uint64_t hash_of(const struct rate *rate, const char *who)
{
    uint64_t hash = 0xcbf29ce484222325U ^ rate->seed;

    for (; *who; who++)
        hash = (hash ^ (unsigned char)*who) * 0x100000001b3U;
    hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93U;
    hash ^= hash >> 32;
    return hash ? hash : 1;
}

static struct bucket *find(struct rate *rate, uint64_t hash, int64_t now_ns)
{
    struct bucket *set = rate->buckets[hash % SETS], *oldest = set;

    for (int i = 0; i < WAYS; i++) {
        if (set[i].hash == hash)
            return &set[i];
        if (set[i].at_ns < oldest->at_ns)
            oldest = &set[i];
    }
    *oldest = (struct bucket){.hash = hash, .tokens = rate->burst, .at_ns = now_ns};
    return oldest;
}

static bool use(struct rate *rate, const char *who, int64_t now_ns, double cost,
                double *ret_wait_s)
{
    struct bucket *bucket;
    bool allowed;

    (void)pthread_mutex_lock(&rate->lock);
    bucket = find(rate, hash_of(rate, who), now_ns);
    if (now_ns > bucket->at_ns) {
        bucket->tokens += (double)(now_ns - bucket->at_ns) / 1e9 * rate->per_second;
        bucket->at_ns = now_ns;
    }
    if (bucket->tokens > rate->burst)
        bucket->tokens = rate->burst;
    allowed = bucket->tokens >= 1;
    if (allowed)
        bucket->tokens -= cost;
    else
        *ret_wait_s = (1 - bucket->tokens) / rate->per_second;
    (void)pthread_mutex_unlock(&rate->lock);
    return allowed;
}

bool rate_take(struct rate *rate, const char *who, int64_t now_ns, double *ret_wait_s)
{
    return use(rate, who, now_ns, 1, ret_wait_s);
}

bool rate_peek(struct rate *rate, const char *who, int64_t now_ns, double *ret_wait_s)
{
    return use(rate, who, now_ns, 0, ret_wait_s);
}
