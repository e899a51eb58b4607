/* fetch.h - looks at pictures that nobody vouched for: takes them from the store, decodes them
 * to the last row, hashes them. A few threads, so that a burst of foreign events is limited by
 * the processors and not by the round trips. */
#ifndef SERVICES_ITEM_INGEST_FETCH_H
#define SERVICES_ITEM_INGEST_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/crypto/crypto.h"
#include "lib/store/store.h"
#include "services/common/trouble.h"
#include "services/item-ingest/figures.h"

enum fetch_outcome {
    FETCH_OK,
    FETCH_GONE,    /* there is no such object any more */
    FETCH_REFUSED, /* it is no picture for the garden */
    FETCH_STOPPED, /* the program stops: nothing is known */
};

struct fetch_job {
    const char *key; /* in; borrowed until the job is done */
    enum fetch_outcome outcome;
    enum figure_dead kind; /* REFUSED */
    char reason[200];      /* REFUSED */
    char sha256[SHA256_HEX];
    uint32_t width, height;
    uint64_t size_bytes; /* OK and REFUSED */
    bool done;           /* locked; ask fetcher_done */
    struct fetch_job *next;
};

struct fetcher;

struct fetcher_conf { /* what it names is borrowed */
    struct store *store;
    int threads;
    uint64_t max_bytes; /* of a picture */
    const struct figures *figures;
    struct trouble *trouble; /* says when the store holds it up */
};

struct fetcher *fetcher_new(const struct fetcher_conf *conf, struct err *err);

/* Ends the threads; jobs that were not begun end with FETCH_STOPPED. */
void fetcher_free(struct fetcher *fetcher);
DEFINE_OWNED(fetcher)

/* Hands over a job. It stays where it is until it is done. A store that is away is waited for;
 * an object that the store does not give although it works is refused after some attempts. */
void fetcher_submit(struct fetcher *fetcher, struct fetch_job *job);

bool fetcher_done(struct fetcher *fetcher, const struct fetch_job *job);
void fetcher_wait(struct fetcher *fetcher, const struct fetch_job *job);

#endif
