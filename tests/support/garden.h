/* garden.h - a whole garden under test, as an operator starts it: `gardenctl up` on a data
 * folder of its own and a free loopback port. It starts empty, without a generator unless
 * GENERATOR_MODEL is set in the test's environment, and without the emotion service unless
 * EMOTION_MODELS is. */
#ifndef TESTS_SUPPORT_GARDEN_H
#define TESTS_SUPPORT_GARDEN_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/http/client.h"
#include "services/common/garden_conf.h"

struct garden {
    const char *data;         /* its folder */
    char url[64];             /* "http://127.0.0.1:port" */
    char bearer[160];         /* "Authorization: Bearer <operator key>" */
    pid_t up;                 /* the supervisor */
    struct garden_conf conf;  /* to open the same engines in the test */
    struct http_client *http; /* for garden_ask; one thread */
    char env[9][512];
    const char *env_list[16]; /* ends with NULL; tests may add some */
};

/* Fills all but the process: a new folder, a free port and the engines: each a setting's value,
 * or NULL for the embedded one. */
void garden_prepare(struct garden *garden, const char *bus, const char *store,
                    const char *catalog);

/* Starts it and waits until it is ready. */
void garden_start(struct garden *garden);

/* Waits until /readyz answers 200, at most timeout_ms. */
void garden_wait_ready(struct garden *garden, int timeout_ms);

/* Ctrl-C; fails the test unless it ends with status 0. */
void garden_stop(struct garden *garden);

/* Sends a request as the operator and returns the status; ret_body (may be NULL) is emptied and
 * filled. body NULL: none. 0 where there was no answer. */
int garden_ask(struct garden *garden, const char *method, const char *path, const void *body,
               size_t body_size, struct buf *ret_body);

/* Runs gardenctl with these words on this garden; returns its exit status. */
int garden_ctl(struct garden *garden, const char *const *words, struct buf *ret_output);

/* Asks until the answer contains text, at most timeout_ms. */
void garden_wait_answer(struct garden *garden, const char *method, const char *path,
                        const char *body, const char *text, int timeout_ms);

/* Appends what gardenctl up has said since the first start. */
void garden_read_log(const struct garden *garden, struct buf *out);

/* Waits until it has said text. */
void garden_wait_log(const struct garden *garden, const char *text);

#endif
