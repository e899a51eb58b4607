/* problem.h - errors as /v1 tells them: problem+json (RFC 9457). */
#ifndef SERVICES_COMMON_PROBLEM_H
#define SERVICES_COMMON_PROBLEM_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#define PROBLEM_TYPE "application/problem+json"

struct problem {
    int status;
    const char *detail;   /* what is wrong and how to mend it */
    const char *instance; /* the path, as sent */
    const char *trace_id; /* NULL: none */
};

/* Appends the JSON. */
void problem_write(struct buf *out, const struct problem *problem);

/* The status that fits a failure. */
int problem_status_of(int err_code);

#endif
