/* handles.h - catalogue handles, handed from thread to thread.
 *
 * A handle answers one call at a time, so each thread takes one for as long as it needs it.
 * They are opened when they are first needed: a catalogue that is away at start is met by the
 * first request that needs it, which answers 503. */
#ifndef GATEWAY_HANDLES_H
#define GATEWAY_HANDLES_H

#include <stdbool.h>

#include "services/common/garden_conf.h"

struct handles;

/* conf is borrowed. */
struct handles *handles_new(const struct garden_conf *conf, struct err *err);
void handles_free(struct handles *handles);
DEFINE_OWNED(handles)

/* NULL with ERR_UNAVAILABLE where the catalogue is away. Give it back. */
struct catalog *handles_take(struct handles *handles, struct err *err);
void handles_give(struct handles *handles, struct catalog *catalog);

/* True where calls must stay off the event loops: always for an engine across a network, and
 * for some seconds after an embedded one was found locked. */
bool handles_may_block(struct handles *handles);

/* Tells of a call that failed with this code. */
void handles_failed(struct handles *handles, int err_code);

#endif
