/* catalog_claim.c - Idempotency-Key: who does the work, and what was answered.
 *
 * One statement decides: it inserts the claim, or takes over one that is too old, or changes
 * nothing; so of two processes that begin at once exactly one is told to do the work. The
 * clock is the caller's: machines that share a catalogue are taken to agree within a few
 * seconds, which is little beside the two minutes and the day. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/catalog/catalog_internal.h"

enum { TAKEOVER_MS = 2 * 60 * 1000, KEEP_MS = 24 * 60 * 60 * 1000 };

struct reading {
    const char *fingerprint;
    enum catalog_claim claim;
    int64_t status;
    struct buf *answer;
};

static int on_claim(void *ctx, const struct catalog_value *row, struct err *err)
{
    struct reading *reading = ctx;

    (void)err;
    if (strcmp(catalog_value_text(&row[0]), reading->fingerprint) != 0) {
        reading->claim = CATALOG_CLAIM_MISMATCH;
    } else if (row[1].type == CATALOG_NULL) {
        reading->claim = CATALOG_CLAIM_RUNNING;
    } else {
        reading->claim = CATALOG_CLAIM_DONE;
        reading->status = row[1].number;
        buf_append(reading->answer, row[2].bytes, row[2].size);
    }
    return 0;
}

/* 1: the claim is ours. 0: it is another's. */
static int take_claim(struct catalog *catalog, const char *key, const char *fingerprint,
                      struct err *err)
{
    int64_t now = clock_wall_ms();
    const struct catalog_value params[] = {catalog_text(key), catalog_text(fingerprint),
                                           catalog_int(now), catalog_int(now - KEEP_MS),
                                           catalog_int(now - TAKEOVER_MS)};
    const struct catalog_call call = {
        .sql = CATALOG_SQL_CLAIM, .params = params, .param_count = 5};

    return catalog_run(catalog, &call, err);
}

/* NOLINTNEXTLINE(readability-function-size): three answers to one question */
int catalog_claim_begin(struct catalog *catalog, const char *key, const char *fingerprint,
                        enum catalog_claim *ret_claim, int *ret_status, struct buf *ret_answer,
                        struct err *err)
{
    OWNED_VALUE(buf) answer = {0};
    struct reading reading = {.fingerprint = fingerprint, .answer = &answer};
    const struct catalog_value params[] = {catalog_text(key)};
    const struct catalog_call read = {.sql = CATALOG_SQL_CLAIM_READ,
                                      .params = params,
                                      .param_count = 1,
                                      .fn = on_claim,
                                      .ctx = &reading};
    int r;

    if ((r = catalog_check_text(key, "idempotency key", err)) < 0 ||
        (r = catalog_check_text(fingerprint, "fingerprint", err)) < 0)
        return r;
    do { /* again where the other's claim was dropped between the two statements */
        r = take_claim(catalog, key, fingerprint, err);
        if (r < 0)
            return r;
        if (r > 0) {
            *ret_claim = CATALOG_CLAIM_NEW;
            return 0;
        }
        r = catalog_run(catalog, &read, err);
        if (r < 0)
            return r;
    } while (r == 0);

    buf_append(ret_answer, answer.data, answer.size);
    if (!buf_ok(&answer) || !buf_ok(ret_answer))
        return err_set_nomem(err, "a stored answer");
    if (reading.claim == CATALOG_CLAIM_DONE)
        *ret_status = (int)reading.status;
    *ret_claim = reading.claim;
    return 0;
}

int catalog_claim_finish(struct catalog *catalog, const char *key, int status,
                         const void *answer, size_t answer_size, struct err *err)
{
    const struct catalog_value params[] = {
        catalog_int(status), catalog_blob(answer, answer_size), catalog_text(key)};
    const struct catalog_call call = {
        .sql = CATALOG_SQL_CLAIM_FINISH, .params = params, .param_count = 3};
    int r = catalog_run(catalog, &call, err);

    if (r == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "idempotency key %.100s has no open claim: it was finished, dropped or "
                       "never begun",
                       key);
    return r < 0 ? r : 0;
}

int catalog_claim_drop(struct catalog *catalog, const char *key, struct err *err)
{
    const struct catalog_value params[] = {catalog_text(key)};
    const struct catalog_call call = {
        .sql = CATALOG_SQL_CLAIM_DROP, .params = params, .param_count = 1};
    int r = catalog_run(catalog, &call, err);

    return r < 0 ? r : 0;
}

int catalog_claim_expire(struct catalog *catalog, struct err *err)
{
    const struct catalog_value params[] = {catalog_int(clock_wall_ms() - KEEP_MS)};
    const struct catalog_call call = {
        .sql = CATALOG_SQL_CLAIM_EXPIRE, .params = params, .param_count = 1};

    return catalog_run(catalog, &call, err);
}
