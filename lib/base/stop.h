/* stop.h - turns SIGTERM and SIGINT into a flag that loops read and a descriptor that they
 * can wait for. */
#ifndef LIB_BASE_STOP_H
#define LIB_BASE_STOP_H

#include <stdbool.h>

#include "lib/base/err.h"

/* Installs the handlers, and ignores SIGPIPE. Once, before threads are started. */
int stop_on_signals(struct err *err);

bool stopping(void);

/* Readable once stopping; never read from it. Valid after stop_on_signals. */
int stop_fd(void);

/* Stops as a signal would: for a thread that cannot go on. */
void stop_request(void);

/* Waits until stopping, at most timeout_ms (-1: for ever). Returns stopping(). */
bool stop_wait(int timeout_ms);

#endif
