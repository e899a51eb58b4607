/* problem.c - see problem.h. */
#include "services/common/problem.h"

#include <string.h>

#include "lib/json/json_write.h"

/* The standard's name of a status. */
static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {202, "Accepted"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Error";
}

void problem_write(struct buf *out, const struct problem *problem)
{
    json_write_open(out, '{');
    json_put_str(out, "type", "about:blank");
    json_put_str(out, "title", phrase_of(problem->status));
    json_put_int(out, "status", problem->status);
    json_write_name(out, "detail");
    json_write_str_n(out, problem->detail, strlen(problem->detail));
    json_put_str(out, "instance", problem->instance);
    if (problem->trace_id)
        json_put_str(out, "trace_id", problem->trace_id);
    json_write_close(out, '}');
}

int problem_status_of(int err_code)
{
    switch (err_code) {
    case ERR_INVALID:
        return 400;
    case ERR_DENIED:
        return 403;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_CONFLICT:
        return 409;
    case ERR_TOO_LARGE:
        return 413;
    case ERR_REMOTE:
        return 502;
    case ERR_IO: /* a full disk, a read-only store: it can be mended, and then works again */
    case ERR_UNAVAILABLE:
    case ERR_TIMEOUT:
        return 503;
    default:
        return 500;
    }
}
