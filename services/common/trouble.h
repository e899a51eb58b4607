/* trouble.h - what holds a part of a service up at the moment, for /readyz. */
#ifndef SERVICES_COMMON_TROUBLE_H
#define SERVICES_COMMON_TROUBLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"

enum { TROUBLE_TEXT = 256 };

struct trouble {
    pthread_mutex_t lock;
    char text[TROUBLE_TEXT]; /* "": none */
};

#define TROUBLE_NONE                      \
    {                                     \
        .lock = PTHREAD_MUTEX_INITIALIZER \
    }

/* Thread-safe, as are the others. */
void trouble_set(struct trouble *trouble, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void trouble_clear(struct trouble *trouble);

/* False, and "" in ret_text, where there is none. */
bool trouble_get(struct trouble *trouble, char ret_text[TROUBLE_TEXT]);

/* Appends the JSON member "trouble": the texts of those that there are. True where there are
 * none. */
bool trouble_render(struct trouble *troubles, size_t count, struct buf *out);

#endif
