/* err.c - see err.h. */
#include "lib/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
    if (err->code == 0) {
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        err->code = code;
    }
    return code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    char reason[sizeof err->text];
    va_list args;
    size_t used;

    memcpy(reason, err->text, sizeof reason);
    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    used = strlen(err->text);
    (void)snprintf(err->text + used, sizeof err->text - used, ": %s", reason);
    return err->code;
}

static int code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case ENOMEM:
        return ERR_NOMEM;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_DENIED;
    case EAGAIN:
    case EBUSY:
    case ECONNREFUSED:
        return ERR_UNAVAILABLE;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    default:
        return ERR_IO;
    }
}

int err_set_errno(struct err *err, const char *fmt, ...)
{
    int number = errno;
    char what[sizeof err->text];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return err_set(err, code_of_errno(number), "%s: %s", what, strerror(number));
}

int err_set_nomem(struct err *err, const char *what)
{
    return err_set(err, ERR_NOMEM, "no memory for %s", what);
}

void err_clear(struct err *err)
{
    err->code = 0;
    err->text[0] = '\0';
}

const char *err_code_name(int code)
{
    static const char *const names[] = {"ok",          "invalid", "nomem",     "io",
                                        "unavailable", "remote",  "not_found", "conflict",
                                        "too_large",   "timeout", "denied"};
    size_t i = code <= 0 ? (size_t)-code : 0;

    return i < sizeof names / sizeof *names ? names[i] : "unknown";
}
