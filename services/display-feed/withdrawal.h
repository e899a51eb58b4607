/* withdrawal.h - pictures taken off every screen: what was done, kept in the store, so that any
 * replica and a service that was started again can say which screens have obeyed.
 *
 * state/withdrawals/<id>.json:
 *   {"id","keys":[..],"at":ms,"zones":[{"zone","version"}],"screens":[{"screen","zone"}]}
 *
 * The note is there before the first zone is changed: a withdrawal that was cut off is asked
 * for again, and finds the zones that are left. */
#ifndef SERVICES_DISPLAY_FEED_WITHDRAWAL_H
#define SERVICES_DISPLAY_FEED_WITHDRAWAL_H

#include "lib/json/json.h"
#include "services/display-feed/display_feed_parts.h"

enum { WITHDRAWAL_ID = 37, WITHDRAWAL_KEYS = 100 };

/* Takes the pictures off all zones, effective at once. keys is a JSON array of texts. *ret_note
 * is the note, to be json_decref()ed. */
int withdrawal_make(struct display_feed_parts *parts, json_t *keys, const struct trace *trace,
                    json_t **ret_note, struct err *err);

/* ERR_NOT_FOUND. */
int withdrawal_read(struct display_feed_parts *parts, const char *id, json_t **ret_note,
                    struct err *err);

/* Appends the answer: the note, and for each screen whether it has acknowledged. */
void withdrawal_answer(struct display_feed_parts *parts, const json_t *note, struct buf *out);

#endif
