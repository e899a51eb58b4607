/* err.h - the one way a function in this tree reports failure.
 *
 * A fallible function returns 0 (or a count), or a negative ERR_ code after writing the reason
 * into the struct err its caller passed last. The first reason wins: on the way up, callers may
 * only put context in front of it. Only main.c and the loops that drop and count log it.
 *
 * The code decides what happens next: whether to retry, which HTTP status to answer, whether a
 * record is dead-lettered. The text is for a person. */
#ifndef LIB_BASE_ERR_H
#define LIB_BASE_ERR_H

enum {
    ERR_INVALID = -1,     /* the caller or the sender is wrong; retrying will not help */
    ERR_NOMEM = -2,       /* no memory */
    ERR_IO = -3,          /* disk or socket failed, e.g. no space left */
    ERR_UNAVAILABLE = -4, /* an engine is away, locked or overloaded; retry later */
    ERR_REMOTE = -5,      /* the other side refused or broke the protocol */
    ERR_NOT_FOUND = -6,
    ERR_CONFLICT = -7, /* somebody else changed or owns it */
    ERR_TOO_LARGE = -8,
    ERR_TIMEOUT = -9, /* the deadline passed before it was known whether it worked */
    ERR_DENIED = -10, /* no right to do it */
};

struct err {
    int code;       /* 0 while nothing has failed */
    char text[256]; /* what was tried, then why it failed, and how to mend it */
};

/* Records a failure unless one is already recorded. Returns code. */
int err_set(struct err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the recorded reason. Returns err->code. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* err_set with ": strerror(errno)" after the text and the code that fits errno. */
int err_set_errno(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* err_set for a failed allocation of what. */
int err_set_nomem(struct err *err, const char *what);

/* Forgets the recorded failure, so that err can be used again. */
void err_clear(struct err *err);

/* A short lower-case name of the code ("invalid", "unavailable", ...), for logs and metrics. */
const char *err_code_name(int code);

#endif
