/* rec_dataset.h - who liked what, and when: read from the three files of an export, or made up.
 *
 * Made up (rec_dataset_new): a mixture of topics, as in Blei, Ng and Jordan, Latent Dirichlet
 * Allocation (JMLR 2003), so that what users like has a rank of `topics`:
 *
 *   item i   is popular as (1 + rank)^-0.8 of a random rank, and belongs to each topic by that
 *            times exp(2 N(0, 1)); a sixth of the items are not there before some time in the
 *            first 80 % of the period
 *
 *   user u   mixes 1 to 4 topics with weights exp(N(0, 1)); has 1 + (mean - 1) x likes, x
 *            log-normal (sigma 1) of mean 1, so that few users have many; is active for a part
 *            of the period, from any time on, for an exponential time of a third of it
 *
 *   a like   is of one of the user's topics (one in ten: of any), then of an item of it; drawn
 *            again where that is not there yet or liked already (up to 8 times, else left out)
 *
 * A user's tastes are drawn once and hold: what comes after a point in time is foretold by what
 * came before. */
#ifndef TESTS_SUPPORT_REC_DATASET_H
#define TESTS_SUPPORT_REC_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

struct rec_like {
    uint32_t user, item;
    int64_t time; /* of any unit */
};

struct rec_dataset {
    uint32_t users, items;
    struct rec_like *likes; /* in no order; a user may like an item more than once */
    size_t count, capacity;
};

struct rec_dataset_conf {
    uint32_t users, items;
    double mean; /* likes of a user, at least 2 */
    int topics;
    uint64_t seed;
};

struct rec_dataset *rec_dataset_new(const struct rec_dataset_conf *conf, struct err *err);
void rec_dataset_free(struct rec_dataset *dataset);
DEFINE_OWNED(rec_dataset)

/* An empty one, for rec_dataset_add. */
struct rec_dataset *rec_dataset_empty(uint32_t users, uint32_t items, struct err *err);

/* ERR_NOMEM. user and item are below users and items. */
int rec_dataset_add(struct rec_dataset *dataset, const struct rec_like *like, struct err *err);

/* The likes of dir/interactions.csv or dir/interactions/interactions.csv (proto/dataset.h);
 * users and items are numbered as they come. Rows that cannot be read are left out, and said on
 * stderr. */
struct rec_dataset *rec_dataset_read(const char *dir, struct err *err);

#endif
