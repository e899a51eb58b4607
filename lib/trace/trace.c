/* trace.c - see trace.h. */
#include "lib/trace/trace.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

enum {
    POOL_BYTES = 1024, /* random bytes are fetched by so many: a span costs no system call */
    TRACE_ID_AT = 3,
    SPAN_ID_AT = 36,
    FLAGS_AT = 53,
    VERSION_00_SIZE = 55,
};

/* Of this thread. */
struct pool {
    unsigned char bytes[POOL_BYTES];
    size_t left;
};

static __thread struct pool pool;
static pthread_once_t fork_watch = PTHREAD_ONCE_INIT;

/* After a fork both sides would go on with the same bytes. Only this thread lives on in the
 * child. */
static void forget_pool(void)
{
    pool.left = 0;
}

static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, forget_pool);
}

/* Random ids need to be unlike each other, not secret: where the kernel has no random bytes
 * yet, the clock has to do. */
static void fill_pool(void)
{
    (void)pthread_once(&fork_watch, watch_forks);
    for (size_t done = 0; done < sizeof pool.bytes;) {
        ssize_t got = getrandom(pool.bytes + done, sizeof pool.bytes - done, GRND_NONBLOCK);

        if (got <= 0) {
            uint64_t now = (uint64_t)clock_mono_ns() * 0x9e3779b97f4a7c15U;

            got = (ssize_t)(sizeof pool.bytes - done < sizeof now ? sizeof pool.bytes - done
                                                                  : sizeof now);
            memcpy(pool.bytes + done, &now, (size_t)got);
        }
        done += (size_t)got;
    }
    pool.left = sizeof pool.bytes;
}

/* Writes size random bytes as hex, never all zero. */
static void random_hex(size_t size, char *out)
{
    unsigned char *bytes, any = 0;

    if (pool.left < size)
        fill_pool();
    pool.left -= size;
    bytes = pool.bytes + pool.left;
    for (size_t i = 0; i < size; i++)
        any |= bytes[i];
    if (!any)
        bytes[size - 1] = 1;
    text_hex(bytes, size, out);
}

void trace_start(struct trace *ret_trace)
{
    random_hex(16, ret_trace->trace_id);
    random_hex(8, ret_trace->span_id);
    ret_trace->sampled = true;
}

/* size lower-case hex digits that are not all zero, or any where zero_ok. */
static bool is_hex(const char *text, size_t size, bool zero_ok)
{
    bool any = zero_ok;

    for (size_t i = 0; i < size; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
        any = any || text[i] != '0';
    }
    return any;
}

static bool is_traceparent(const char *text, size_t size)
{
    if (!text || size < VERSION_00_SIZE || !is_hex(text, 2, true))
        return false;
    if (memcmp(text, "ff", 2) == 0)
        return false;
    if (size > VERSION_00_SIZE && (memcmp(text, "00", 2) == 0 || text[VERSION_00_SIZE] != '-'))
        return false; /* only later versions may say more */
    return text[2] == '-' && is_hex(text + TRACE_ID_AT, 32, false) &&
           text[SPAN_ID_AT - 1] == '-' && is_hex(text + SPAN_ID_AT, 16, false) &&
           text[FLAGS_AT - 1] == '-' && is_hex(text + FLAGS_AT, 2, true);
}

void trace_continue(struct trace *ret_trace, const char *traceparent, size_t size)
{
    if (!is_traceparent(traceparent, size)) {
        trace_start(ret_trace);
        return;
    }
    memcpy(ret_trace->trace_id, traceparent + TRACE_ID_AT, 32);
    ret_trace->trace_id[32] = '\0';
    random_hex(8, ret_trace->span_id);
    ret_trace->sampled = text_hex_digit(traceparent[FLAGS_AT + 1]) % 2 == 1;
}

void trace_format(const struct trace *trace, char text[TRACE_PARENT])
{
    text[0] = text[1] = '0';
    text[2] = '-';
    memcpy(text + TRACE_ID_AT, trace->trace_id, 32);
    text[SPAN_ID_AT - 1] = '-';
    memcpy(text + SPAN_ID_AT, trace->span_id, 16);
    memcpy(text + FLAGS_AT - 1, trace->sampled ? "-01" : "-00", 4);
}
