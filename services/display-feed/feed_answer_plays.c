/* feed_answer_plays.c - GET /v1/plays?zone=&from=&to=&limit=: the proof of play. On a thread.
 */
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "services/common/problem.h"
#include "services/display-feed/feed_answers.h"

enum { LIMIT = 100, LIMIT_MAX = 1000, DAY_MS = 24 * 3600 * 1000 };

static int read_number(struct http_request *request, const char *name, int64_t max,
                       int64_t *ret_number, struct err *err)
{
    const char *text = http_query(request, name);

    if (!text || !*text)
        return 0;
    return text_parse_int(text, 0, max, ret_number, err) < 0 ? err_wrap(err, "%s", name) : 0;
}

/* Without from, the last day before to. */
static int read_query(struct http_request *request, struct plays_query *query, struct err *err)
{
    int64_t from_ms = -1, to_ms = INT64_MAX, limit = LIMIT;

    query->zone = http_query(request, "zone");
    if (query->zone && !*query->zone)
        query->zone = NULL;
    if ((query->zone && display_zone_check(query->zone, err) < 0) ||
        read_number(request, "from", INT64_MAX, &from_ms, err) < 0 ||
        read_number(request, "to", INT64_MAX, &to_ms, err) < 0 ||
        read_number(request, "limit", LIMIT_MAX, &limit, err) < 0)
        return err->code;
    if (from_ms < 0)
        from_ms = (to_ms == INT64_MAX ? clock_wall_ms() : to_ms) - DAY_MS;
    query->from_ms = from_ms;
    query->to_ms = to_ms;
    query->limit = (size_t)limit;
    return 0;
}

void feed_answer_plays(struct display_feed_parts *parts, struct http_request *request,
                       const char *name)
{
    OWNED_VALUE(buf) out = {0};
    struct plays_query query;
    struct err err = {0};

    (void)name;
    if (read_query(request, &query, &err) < 0) {
        refuse_err(request, &err);
    } else if (plays_read(parts->bus, &query, &out, &err) < 0) {
        log_warn("reading what screens have shown: %s", err.text);
        refuse_err(request, &err);
    } else {
        feed_answer_json(request, 200, &out);
    }
}
