/* prefer.h - the Prefer header of RFC 7240: whether a client waits for what it asks for. */
#ifndef GATEWAY_PREFER_H
#define GATEWAY_PREFER_H

#include <stdbool.h>

#include "lib/http/server.h"

struct prefer {
    bool respond_async;
    int wait_s; /* -1: it does not say; cut to what one answer may take */
};

/* A preference that is not understood is left out, as the RFC asks. wait is cut to most_s. */
void prefer_read(const struct http_request *request, int most_s, struct prefer *ret_prefer);

#endif
