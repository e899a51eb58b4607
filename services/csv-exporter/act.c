/* act.c - see act.h. */
#include "services/csv-exporter/act.h"

#include <string.h>

#include "lib/base/text.h"
#include "proto/codec.h"
#include "proto/key.h"
#include "proto/user_event.h"

enum { MEMBER_USER, MEMBER_ITEM, MEMBER_TYPE, MEMBER_SHOWN, MEMBER_TIME, MEMBER_ID, MEMBERS };

enum { EVENT_ID_MAX = 128 };

static const char *const member_names[MEMBERS] = {"user_id",    "item_id",   "event_type",
                                                  "impression", "timestamp", "event_id"};

struct scan {
    const char *at, *end;
};

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r'))
        scan->at++;
}

static bool take(struct scan *scan, char wanted)
{
    skip_space(scan);
    if (scan->at == scan->end || *scan->at != wanted)
        return false;
    scan->at++;
    return true;
}

/* A string without escapes, in valid UTF-8. */
static bool take_string(struct scan *scan, struct csv_field *ret)
{
    const char *p;
    bool ascii = true;

    if (!take(scan, '"'))
        return false;
    p = memchr(scan->at, '"', (size_t)(scan->end - scan->at));
    if (p && text_printable(scan->at, (size_t)(p - scan->at)) == (size_t)(p - scan->at) &&
        !memchr(scan->at, '\\', (size_t)(p - scan->at))) {
        *ret = (struct csv_field){scan->at, (size_t)(p - scan->at)};
        scan->at = p + 1;
        return true;
    }
    for (p = scan->at; p < scan->end && *p != '"'; p++) {
        const unsigned char c = (unsigned char)*p;

        if (c == '\\' || c < 0x20)
            return false;
        ascii = ascii && c < 0x80;
    }
    if (p == scan->end)
        return false;
    *ret = (struct csv_field){scan->at, (size_t)(p - scan->at)};
    scan->at = p + 1;
    return ascii || text_is_utf8(ret->text, ret->size);
}

static bool take_time(struct scan *scan, int64_t *ret_ms)
{
    const char *from;
    int64_t ms = 0;

    skip_space(scan);
    for (from = scan->at;
         scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' && scan->at - from < 16;
         scan->at++)
        ms = ms * 10 + (*scan->at - '0');
    *ret_ms = ms;
    return scan->at > from && (*from != '0' || scan->at - from == 1) && ms <= CODEC_TIME_MAX;
}

static bool is_picture(const struct csv_field *id)
{
    struct err ignored = {0};
    struct key key;

    return key_parse(id->text, id->size, &key, &ignored) == 0;
}

static bool is_id(const struct csv_field *id, size_t most)
{
    return id->size > 0 && id->size <= most && !memchr(id->text, 0x7f, id->size);
}

static bool take_type(struct scan *scan, enum interaction_type *ret)
{
    struct csv_field name;

    if (!take_string(scan, &name))
        return false;
    for (int i = 0; interaction_type_names[i]; i++) {
        if (strlen(interaction_type_names[i]) == name.size &&
            memcmp(interaction_type_names[i], name.text, name.size) == 0) {
            *ret = (enum interaction_type)i;
            return true;
        }
    }
    return false;
}

static bool take_shown(struct scan *scan, struct act *act)
{
    size_t *count = &act->row.impression_count;

    if (!take(scan, '['))
        return false;
    if (take(scan, ']'))
        return true;
    do {
        struct csv_field *id = &act->shown[*count];

        if (*count == INTERACTION_IMPRESSION_MAX || !take_string(scan, id) || !is_picture(id))
            return false;
        ++*count;
    } while (take(scan, ','));
    return take(scan, ']');
}

static bool skip_digits(struct scan *scan)
{
    const char *from = scan->at;

    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return scan->at > from;
}

static bool skip_one_of(struct scan *scan, const char *wanted)
{
    if (scan->at == scan->end || !*scan->at || !strchr(wanted, *scan->at))
        return false;
    scan->at++;
    return true;
}

static bool skip_number(struct scan *scan)
{
    (void)skip_one_of(scan, "-");
    if (!skip_one_of(scan, "0") && !skip_digits(scan))
        return false;
    if (skip_one_of(scan, ".") && !skip_digits(scan))
        return false;
    if (!skip_one_of(scan, "eE"))
        return true;
    (void)skip_one_of(scan, "+-");
    return skip_digits(scan);
}

static bool skip_word(struct scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t size = strlen(words[i]);

        if ((size_t)(scan->end - scan->at) >= size && memcmp(scan->at, words[i], size) == 0) {
            scan->at += size;
            return true;
        }
    }
    return skip_number(scan);
}

static bool skip_scalar(struct scan *scan)
{
    struct csv_field ignored;

    skip_space(scan);
    return scan->at < scan->end && *scan->at == '"' ? take_string(scan, &ignored)
                                                    : skip_word(scan);
}

/* A member that is in no file; an object, or an array in an array, is left to the codec. */
static bool skip_value(struct scan *scan)
{
    if (!take(scan, '['))
        return skip_scalar(scan);
    if (take(scan, ']'))
        return true;
    do {
        if (!skip_scalar(scan))
            return false;
    } while (take(scan, ','));
    return take(scan, ']');
}

static int find_member(const struct csv_field *name)
{
    for (int i = 0; i < MEMBERS; i++)
        if (strlen(member_names[i]) == name->size &&
            memcmp(member_names[i], name->text, name->size) == 0)
            return i;
    return MEMBERS;
}

static bool take_value(struct scan *scan, int member, struct act *act, int64_t *ret_ms)
{
    switch (member) {
    case MEMBER_USER:
        return take_string(scan, &act->row.user_id) && is_id(&act->row.user_id, USER_ID_MAX);
    case MEMBER_ITEM:
        return take_string(scan, &act->row.item_id) && is_picture(&act->row.item_id);
    case MEMBER_TYPE:
        return take_type(scan, &act->row.type);
    case MEMBER_SHOWN:
        return take_shown(scan, act);
    case MEMBER_TIME:
        return take_time(scan, ret_ms);
    case MEMBER_ID:
        return take_string(scan, &act->event_id) && is_id(&act->event_id, EVENT_ID_MAX);
    default:
        return skip_value(scan);
    }
}

bool act_scan(struct act *act, const char *bytes, size_t size)
{
    const unsigned int needed = (1U << MEMBERS) - 1 - (1U << MEMBER_SHOWN);
    struct scan scan = {bytes, bytes + size};
    unsigned int seen = 0;
    int64_t ms = 0;

    act->row.impression_count = 0;
    act->row.impression = act->shown;
    if (!take(&scan, '{'))
        return false;
    do {
        struct csv_field name;
        int member;

        if (!take_string(&scan, &name) || !take(&scan, ':'))
            return false;
        member = find_member(&name);
        if ((member < MEMBERS && (seen & 1U << member)) || !take_value(&scan, member, act, &ms))
            return false;
        seen |= 1U << member;
    } while (take(&scan, ','));
    if (!take(&scan, '}'))
        return false;
    skip_space(&scan);
    act->row.timestamp_s = ms / 1000;
    return scan.at == scan.end && (seen & needed) == needed;
}

static struct csv_field field_of(const char *text)
{
    return (struct csv_field){text, strlen(text)};
}

int act_read(struct act *act, const void *bytes, size_t size, struct err *err)
{
    struct interaction_event event;

    if (act_scan(act, bytes, size))
        return 0;
    if (interaction_event_decode(bytes, size, &event, &act->storage, err) < 0)
        return err->code;
    act->event_id = field_of(event.event_id);
    act->row = (struct dataset_interaction){.user_id = field_of(event.user_id),
                                            .item_id = field_of(event.item_id),
                                            .timestamp_s = event.timestamp_ms / 1000,
                                            .type = event.type,
                                            .impression = act->shown,
                                            .impression_count = event.impression_count};
    for (size_t i = 0; i < event.impression_count; i++)
        act->shown[i] = field_of(event.impression[i]);
    return 0;
}

void act_done(struct act *act)
{
    buf_done(&act->storage);
}
