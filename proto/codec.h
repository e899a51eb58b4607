/* codec.h - one table describes an event; reading, checking and writing all go by it.
 *
 * An event is a flat C struct and a flat JSON object. What the table says of a member holds in
 * both directions: what would not be read is not written either. Unknown members are ignored.
 *
 * A member that may be missing has a value that stands for it - "", 0, false, an empty list -
 * which is what reading a missing or null member gives, and which is not written. */
#ifndef PROTO_CODEC_H
#define PROTO_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum codec_type {
    CODEC_STR,         /* const char *, min..max bytes; one of names where there are some */
    CODEC_INT,         /* int64_t, min..max */
    CODEC_UINT32,      /* uint32_t, min..max */
    CODEC_UINT64,      /* uint64_t, min..max */
    CODEC_NUMBER,      /* double, min..max */
    CODEC_BOOL,        /* bool */
    CODEC_CHOICE,      /* int (an enum), in JSON names[value] */
    CODEC_ORIENTATION, /* char 'h' or 'v', in JSON "landscape" or "portrait" */
    CODEC_STR_LIST,    /* const char *const *, each as in CODEC_STR; min..max elements */
    CODEC_NUMBER_LIST, /* const double *, each as in CODEC_NUMBER; no bounds on their count */
    CODEC_LIST,        /* const struct of element's kind *; min..max elements */
};

struct codec;

struct codec_field {
    const char *name;
    enum codec_type type;
    bool required;
    size_t offset;            /* in the struct */
    size_t count_offset;      /* lists: of the size_t beside it */
    int64_t min, max;         /* both 0: any */
    const char *const *names; /* ends with NULL */
    const struct codec *element;
    int (*check)(const char *text, struct err *err); /* strings; NULL: none */
};

struct codec {
    const char *what; /* "an item event" */
    const struct codec_field *fields;
    size_t field_count;
    size_t size;                                      /* of the struct */
    int (*check)(const void *event, struct err *err); /* of members together; NULL: none */
};

/* What many tables say. */
#define CODEC_FIELD(struct_, member_, name_, type_) \
    .name = (name_), .type = (type_), .offset = offsetof(struct_, member_)
#define CODEC_ID(bytes_) .required = true, .min = 1, .max = (bytes_), .check = codec_check_id
#define CODEC_TIME .required = true, .max = CODEC_TIME_MAX /* milliseconds since the epoch */
#define CODEC_TABLE(what_, struct_, fields_, check_)                                       \
    {                                                                                      \
        (what_), (fields_), sizeof(fields_) / sizeof *(fields_), sizeof(struct_), (check_) \
    }

#define CODEC_TIME_MAX INT64_C(253402300799999)   /* the end of the year 9999 */
#define CODEC_EXACT_MAX INT64_C(9007199254740991) /* 2^53-1: exact in every reader of JSON */

enum { CODEC_REASON_MAX = 1024 }; /* bytes of a reason for a person */

/* Appends the event. ERR_INVALID names the member that is wrong and how; what was appended is
 * of no use then. */
int codec_encode(const struct codec *codec, struct buf *out, const void *event,
                 struct err *err);

/* Fills the struct, whose pointers point into storage: it is emptied first, and the caller ends
 * it with buf_done after use. ERR_INVALID names the member that is missing or wrong; *ret_event
 * is as it was then. */
int codec_decode(const struct codec *codec, const void *bytes, size_t size, void *ret_event,
                 struct buf *storage, struct err *err);

/* Checks that several events share. */
int codec_check_sha256(const char *text, struct err *err);  /* 64 lower-case hex digits */
int codec_check_id(const char *text, struct err *err);      /* no control character */
int codec_check_key(const char *text, struct err *err);     /* key_check */
int codec_check_picture(const char *text, struct err *err); /* key_parse */

/* For codec.check: a text that this type of event needs. */
int codec_need(const char *text, const char *member, const char *type, struct err *err);

#endif
