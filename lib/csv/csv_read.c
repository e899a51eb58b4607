/* csv_read.c - rows in; see csv.h.
 *
 * The row that is being read lies whole in the window, as it is in the file; its fields are
 * unquoted into a buffer beside it. So a row that turns out to be none can be left at its first
 * line end. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/csv/csv.h"

enum { CHUNK_BYTES = 64 << 10, END = -1, FAILED = -2, TOO_LONG = -3 };

struct csv_reader {
    csv_source *source;
    void *ctx;
    size_t max_row_bytes;
    char *window;
    size_t row, at, end; /* in the window: where the row begins, what is looked at, its end */
    bool ended;          /* the source has */
    bool begun;
    uint64_t line; /* of row */
    struct buf text;
    size_t starts[CSV_FIELDS_MAX + 1]; /* of the fields in text; a NUL is before each but [0] */
    struct csv_field fields[CSV_FIELDS_MAX];
    size_t count;
    struct err failure; /* of the source, met while a row was left */
};

struct csv_reader *csv_reader_new(csv_source *source, void *ctx, size_t max_row_bytes,
                                  struct err *err)
{
    struct csv_reader *reader = calloc(1, sizeof *reader);

    if (reader)
        reader->window = malloc(max_row_bytes + CHUNK_BYTES);
    if (!reader || !reader->window) {
        free(reader);
        err_set_nomem(err, "reading CSV");
        return NULL;
    }
    reader->source = source;
    reader->ctx = ctx;
    reader->max_row_bytes = max_row_bytes;
    reader->line = 1;
    return reader;
}

void csv_reader_free(struct csv_reader *reader)
{
    if (!reader)
        return;
    buf_done(&reader->text);
    free(reader->window);
    free(reader);
}

long csv_source_fd(void *ctx, char *room, size_t size, struct err *err)
{
    const int *fd = ctx;
    ssize_t n;

    do {
        n = read(*fd, room, size);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? err_set_errno(err, "reading the file") : (long)n;
}

/* -- the window -- */

/* Reads on. 1: there is more; else END, FAILED or TOO_LONG. */
static int fill(struct csv_reader *reader, struct err *err)
{
    long got;

    if (reader->ended)
        return END;
    if (reader->end - reader->row >= reader->max_row_bytes)
        return TOO_LONG;
    memmove(reader->window, reader->window + reader->row, reader->end - reader->row);
    reader->at -= reader->row;
    reader->end -= reader->row;
    reader->row = 0;
    got = reader->source(reader->ctx, reader->window + reader->end, CHUNK_BYTES, err);
    if (got < 0)
        return FAILED;
    reader->ended = got == 0;
    reader->end += (size_t)got;
    return got > 0 ? 1 : END;
}

/* The byte that comes next, or what fill says where there is none. */
static int peek(struct csv_reader *reader, struct err *err)
{
    int r = 1;

    if (reader->at == reader->end)
        r = fill(reader, err);
    return r == 1 ? (unsigned char)reader->window[reader->at] : r;
}

static void count_lines(struct csv_reader *reader)
{
    const char *p = reader->window + reader->row, *end = reader->window + reader->at;

    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        reader->line++;
        p++;
    }
    reader->row = reader->at;
}

/* -- what is wrong with a row -- */

static int refuse(const struct csv_reader *reader, const char *what, struct err *err)
{
    return err_set(err, ERR_INVALID, "line %" PRIu64 ": %s", reader->line, what);
}

static int refuse_end(const struct csv_reader *reader, int why, struct err *err)
{
    if (why == FAILED)
        return err->code;
    if (why == TOO_LONG)
        return err_set(err, ERR_INVALID,
                       "line %" PRIu64 ": the row that begins here has more than %zu bytes: is "
                       "the quote that closes a field missing?",
                       reader->line, reader->max_row_bytes);
    return refuse(reader,
                  "the quote that opens a field here is never closed: close it, or "
                  "leave it out",
                  err);
}

/* To the line after the one where the row begins. */
static int leave_row(struct csv_reader *reader, struct err *err)
{
    reader->at = reader->row;
    for (;;) {
        const char *from = reader->window + reader->at;
        const char *feed = memchr(from, '\n', reader->end - reader->at);
        int r;

        reader->at = feed ? (size_t)(feed + 1 - reader->window) : reader->end;
        if (feed)
            break;
        reader->row = reader->at; /* nothing of the line is needed any more */
        r = fill(reader, err);
        if (r == FAILED)
            return err->code;
        if (r != 1)
            break;
    }
    count_lines(reader);
    return 0;
}

/* -- fields -- */

/* The rest of a quoted field. */
static int take_quoted(struct csv_reader *reader, struct err *err)
{
    reader->at++;
    for (;;) {
        int c = peek(reader, err);
        const char *from, *quote;
        size_t size;

        if (c < 0)
            return refuse_end(reader, c, err);
        from = reader->window + reader->at;
        quote = memchr(from, '"', reader->end - reader->at);
        size = quote ? (size_t)(quote - from) : reader->end - reader->at;
        buf_append(&reader->text, from, size);
        reader->at += size + (quote != NULL);
        if (!quote)
            continue;
        c = peek(reader, err);
        if (c == FAILED || c == TOO_LONG)
            return refuse_end(reader, c, err);
        if (c != '"')
            return 0;
        buf_append_char(&reader->text, '"');
        reader->at++;
    }
}

static int take_plain(struct csv_reader *reader, struct err *err)
{
    for (;;) {
        int c = peek(reader, err);
        size_t from = reader->at;

        if (c == END)
            return 0;
        if (c < 0)
            return refuse_end(reader, c, err);
        while (reader->at < reader->end) {
            char byte = reader->window[reader->at];

            if (byte == ',' || byte == '\n' || byte == '\r' || byte == '"')
                break;
            reader->at++;
        }
        buf_append(&reader->text, reader->window + from, reader->at - from);
        if (reader->at == reader->end)
            continue;
        if (reader->window[reader->at] == '"')
            return refuse(reader,
                          "a quote inside a field that does not begin with one: put the "
                          "field in quotes and write the quote twice",
                          err);
        return 0;
    }
}

/* After a field: 1 where another follows, 0 where the row has ended. */
static int take_separator(struct csv_reader *reader, bool quoted, struct err *err)
{
    int c = peek(reader, err);

    if (c == FAILED || c == TOO_LONG)
        return refuse_end(reader, c, err);
    if (c == END)
        return 0;
    if (c != ',' && c != '\n' && c != '\r')
        return refuse(reader,
                      quoted ? "text after the quote that closes a field: a quote inside "
                               "a field is written twice"
                             : "a broken field",
                      err);
    reader->at++;
    if (c != '\r')
        return c == ',';
    c = peek(reader, err);
    if (c == '\n')
        reader->at++;
    else if (c == FAILED || c == TOO_LONG)
        return refuse_end(reader, c, err);
    else if (c != END)
        return refuse(reader,
                      "a carriage return without a line feed after it: put the field in "
                      "quotes, or end lines by LF or CRLF",
                      err);
    return 0;
}

static int check_text(const struct csv_reader *reader, const struct csv_field *field, size_t i,
                      struct err *err)
{
    if (memchr(field->text, '\0', field->size))
        return err_set(err, ERR_INVALID,
                       "line %" PRIu64 ": field %zu has a NUL byte: save the file as UTF-8",
                       reader->line, i + 1);
    if (!text_is_utf8(field->text, field->size))
        return err_set(err, ERR_INVALID,
                       "line %" PRIu64 ": field %zu is not UTF-8: save the file as UTF-8",
                       reader->line, i + 1);
    return 0;
}

static int finish_fields(struct csv_reader *reader, struct err *err)
{
    if (!buf_ok(&reader->text))
        return err_set_nomem(err, "a row");
    for (size_t i = 0; i < reader->count; i++) {
        reader->fields[i] = (struct csv_field){buf_text(&reader->text) + reader->starts[i],
                                               reader->starts[i + 1] - reader->starts[i] - 1};
        if (check_text(reader, &reader->fields[i], i, err) < 0)
            return err->code;
    }
    return 0;
}

static int take_row(struct csv_reader *reader, struct err *err)
{
    int more;

    buf_clear(&reader->text);
    reader->count = 0;
    do {
        int c = peek(reader, err);
        bool quoted = c == '"';

        if (reader->count == CSV_FIELDS_MAX)
            return refuse(reader, "more than 1000 fields", err);
        reader->starts[reader->count++] = reader->text.size;
        if ((quoted ? take_quoted(reader, err) : take_plain(reader, err)) < 0)
            return err->code;
        buf_append_char(&reader->text, '\0');
        more = take_separator(reader, quoted, err);
        if (more < 0)
            return err->code;
    } while (more);
    reader->starts[reader->count] = reader->text.size;
    return finish_fields(reader, err);
}

/* -- rows -- */

static int begin(struct csv_reader *reader, struct err *err)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    int r = 1;

    reader->begun = true;
    while (reader->end < sizeof mark && r == 1)
        r = fill(reader, err);
    if (r == FAILED)
        return err->code;
    if (reader->end >= sizeof mark && memcmp(reader->window, mark, sizeof mark) == 0)
        reader->at = reader->row = sizeof mark;
    return 0;
}

/* The length of the line end that is next, 0 where there is none, or < 0. */
static int line_end(struct csv_reader *reader, struct err *err)
{
    int c = peek(reader, err);

    if (c == '\n')
        return 1;
    if (c != '\r')
        return 0;
    if (reader->at + 1 == reader->end && fill(reader, err) == FAILED)
        return err->code;
    if (reader->at + 1 == reader->end)
        return 1;
    return reader->window[reader->at + 1] == '\n' ? 2 : 0;
}

/* Over empty lines. 1: a row begins; 0: the end. */
static int find_row(struct csv_reader *reader, struct err *err)
{
    int size, c;

    while ((size = line_end(reader, err)) > 0) {
        reader->at += (size_t)size;
        count_lines(reader);
    }
    if (size < 0)
        return size;
    c = peek(reader, err);
    if (c == FAILED)
        return err->code;
    return c != END;
}

int csv_read(struct csv_reader *reader, struct csv_row *ret_row, struct err *err)
{
    int r = reader->begun ? 0 : begin(reader, err);

    if (reader->failure.code)
        return err_set(err, reader->failure.code, "%s", reader->failure.text);
    if (r == 0)
        r = find_row(reader, err);
    if (r <= 0)
        return r;
    r = take_row(reader, err);
    if (r == ERR_INVALID) {
        (void)leave_row(reader, &reader->failure);
        return r;
    }
    if (r < 0)
        return r;
    *ret_row = (struct csv_row){reader->fields, reader->count, reader->line};
    count_lines(reader);
    return 1;
}
