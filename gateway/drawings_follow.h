/* drawings_follow.h - the thread that keeps the table of jobs (drawings.h) up to date: it reads
 * both topics of the generator, from some way back, and goes on reading. */
#ifndef GATEWAY_DRAWINGS_FOLLOW_H
#define GATEWAY_DRAWINGS_FOLLOW_H

#include "gateway/drawings.h"

struct drawings_follow;

/* Both are borrowed. A bus that is away is tried again until it is there. */
struct drawings_follow *drawings_follow_new(struct bus *bus, struct drawings *drawings,
                                            struct err *err);
void drawings_follow_free(struct drawings_follow *follow); /* ends the thread */
DEFINE_OWNED(drawings_follow)

#endif
