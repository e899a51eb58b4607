/* remote_answer.h - what another program recommends, read without trusting it.
 *
 * Left out, and the rest stays: what is no key of a picture in the garden, what was in the
 * answer before, what is of another mood or orientation than was asked for, and what is more
 * than was asked for. A score that is none counts as missing; entries without one get 1, 1/2,
 * 1/3, ... by their place. An answer that has entries and not one of them in the right form is
 * refused: whoever sent it is not what it is taken for. */
#ifndef SERVICES_RECOMMENDER_PROXY_REMOTE_ANSWER_H
#define SERVICES_RECOMMENDER_PROXY_REMOTE_ANSWER_H

#include "services/recommender-proxy/engine.h"

enum { REMOTE_ANSWER_BYTES = 2 << 20 }; /* no answer to be read may be larger */

/* Empties the answer, before one or several are read into it. */
void remote_answer_clear(struct rec_answer *answer);

/* Each adds to what is there, behind it. ERR_REMOTE: it is no such answer, and nothing was
 * added. An empty list is none. */

/* {"itemList":[{"itemId":"...","score":0.5}],"recommendationId":"..."} */
int remote_answer_personalize(const void *body, size_t size, const struct rec_query *query,
                              struct rec_answer *answer, struct err *err);

/* ["id","id"], or [{"Id":"id","Score":0.5}]; ids as gorse_id.h writes them. */
int remote_answer_gorse(const void *body, size_t size, const struct rec_query *query,
                        struct rec_answer *answer, struct err *err);

/* The mood of a search key or of any text that starts with one, e.g. "happy" of
 * "happy/spring,sunny,day": how many bytes it has, 0 where it is none of the eight. */
size_t remote_mood_size(const char *emotion);

#endif
