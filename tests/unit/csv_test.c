/* CSV: what RFC 4180 allows is read whatever way it comes, what it does not is told by line,
 * and what is written reads back as it was. */
#include "lib/csv/csv.h"

#include "tests/test.h"

struct input {
    const char *bytes;
    size_t size, at, step; /* step: handed out at a time */
    size_t fails_at;       /* 0: never */
};

static long give(void *ctx, char *room, size_t size, struct err *err)
{
    struct input *in = ctx;
    size_t n = in->size - in->at;

    if (in->fails_at && in->at >= in->fails_at)
        return err_set(err, ERR_IO, "the disk is gone");
    n = n < in->step ? n : in->step;
    n = n < size ? n : size;
    memcpy(room, in->bytes + in->at, n);
    in->at += n;
    return (long)n;
}

/* Rows as "[a][b] " with the line in front, mistakes as "{text} ". */
static void read_all(const char *bytes, size_t size, size_t step, size_t max, struct buf *out)
{
    struct input in = {.bytes = bytes, .size = size, .step = step};
    struct err err = {0};
    OWNED(csv_reader) reader = csv_reader_new(give, &in, max, &err);
    struct csv_row row;
    int r;

    buf_clear(out);
    while ((r = csv_read(reader, &row, &err)) != 0) {
        if (r == ERR_INVALID) {
            buf_printf(out, "{%s} ", err.text);
            err_clear(&err);
            continue;
        }
        CHECK_OK(r, err);
        buf_printf(out, "%d", (int)row.line);
        for (size_t i = 0; i < row.count; i++) {
            CHECK_INT(strlen(row.fields[i].text), ==, row.fields[i].size);
            buf_printf(out, "[%s]", row.fields[i].text);
        }
        buf_append_char(out, ' ');
    }
    CHECK_INT(csv_read(reader, &row, &err), ==, 0);
}

static void check_reads(const char *text, size_t size, const char *wanted)
{
    OWNED_VALUE(buf) out = {0};

    for (size_t step = 1; step < 9; step++) {
        read_all(text, size, step, 1000, &out);
        CHECK_STR(buf_text(&out), wanted);
    }
    read_all(text, size, 1 << 20, 1000, &out);
    CHECK_STR(buf_text(&out), wanted);
}

#define READS(text_, wanted_) check_reads(text_, sizeof(text_) - 1, wanted_)

TEST(rows_are_read_as_the_rfc_has_them)
{
    READS("a,b\nc,d\n", "1[a][b] 2[c][d] ");
    READS("a,b\r\nc,d", "1[a][b] 2[c][d] ");
    READS("a,,\n,\n", "1[a][][] 2[][] ");
    READS("\"a,b\",\"c\"\"d\",\"\"\n", "1[a,b][c\"d][] ");
    READS("\"a\nb\",\"c\r\nd\"\ne\n", "1[a\nb][c\r\nd] 4[e] ");
    READS("\xef\xbb\xbf"
          "a,b\n",
          "1[a][b] ");
    READS("\xef\xbb\xbf"
          "\"a\",b\n",
          "1[a][b] ");
    READS(" a , b \n", "1[ a ][ b ] ");
    READS("행복,\"봄, 맑음\"\n", "1[행복][봄, 맑음] ");
    READS("", "");
    READS("\xef\xbb\xbf", "");
    READS("a\r", "1[a] ");
}

TEST(empty_lines_are_passed_over_and_counted)
{
    READS("\n\na,b\n\r\n\nc,d\n\n", "3[a][b] 6[c][d] ");
    READS("\"\"\n\n\"\"", "1[] 3[] ");
    READS("\r\n\r\n", "");
    READS("\r", "");
}

TEST(a_mistake_names_its_line_and_costs_one_row)
{
    READS("a,b\nc\"d,e\nf,g\n",
          "1[a][b] {line 2: a quote inside a field that does not begin with one: put the field "
          "in quotes and write the quote twice} 3[f][g] ");
    READS("\"a\"b,c\nd\n",
          "{line 1: text after the quote that closes a field: a quote inside a "
          "field is written twice} 2[d] ");
    READS("a\n\"b,c\nd,e\nf\n",
          "1[a] {line 2: the quote that opens a field here is never closed: "
          "close it, or leave it out} 3[d][e] 4[f] ");
    READS("a\rb\nc\n", "{line 1: a carriage return without a line feed after it: put the field "
                       "in quotes, or end lines by LF or CRLF} 2[c] ");
    READS("\"x\ny\"z\nw\n",
          "{line 1: text after the quote that closes a field: a quote inside a "
          "field is written twice} {line 2: a quote inside a field that does "
          "not begin with one: put the field in quotes and write the quote "
          "twice} 3[w] ");
}

TEST(text_that_is_no_utf8_is_refused)
{
    READS("a,\xe9t\xe9\nb\n", "{line 1: field 2 is not UTF-8: save the file as UTF-8} 2[b] ");
    READS("a\0b\nc\n", "{line 1: field 1 has a NUL byte: save the file as UTF-8} 2[c] ");
}

TEST(a_row_that_is_too_long_is_left_and_the_rest_is_read)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) out = {0};

    buf_append_str(&text, "a\n");
    for (int i = 0; i < 100000; i++)
        buf_append_char(&text, 'x');
    buf_append_str(&text, "\nb\n");
    for (size_t step = 1; step < 100000; step *= 7) {
        read_all(text.data, text.size, step, 500, &out);
        CHECK_STR(buf_text(&out), "1[a] {line 2: the row that begins here has more than 500 "
                                  "bytes: is the quote that closes a field missing?} 3[b] ");
    }
}

TEST(a_thousand_fields_are_the_most)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) out = {0};

    for (int i = 0; i < CSV_FIELDS_MAX; i++)
        buf_append_char(&text, ',');
    buf_append_str(&text, "\nb\n");
    read_all(text.data, text.size, 100, 5000, &out);
    CHECK_STR(buf_text(&out), "{line 1: more than 1000 fields} 2[b] ");
}

TEST(a_source_that_fails_is_not_the_end)
{
    struct input in = {.bytes = "a,b\n\"c", .size = 6, .step = 3, .fails_at = 6};
    struct err err = {0};
    OWNED(csv_reader) reader = csv_reader_new(give, &in, 100, &err);
    struct csv_row row;

    CHECK_INT(csv_read(reader, &row, &err), ==, 1);
    CHECK_INT(csv_read(reader, &row, &err), ==, ERR_IO);
    CHECK_STR(err.text, "the disk is gone");
}

TEST(quotes_are_put_only_where_they_are_needed)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {" a b ", " a b "},
        {"a/b", "a/b"},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"\"", "\"\"\"\""},
        {"a\nb", "\"a\nb\""},
        {"a\r", "\"a\r\""},
        {"행복", "행복"},
        {"\xef\xbb\xbfx", "\"\xef\xbb\xbfx\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_VALUE(buf) out = {0};

        csv_write_field(&out, cases[i].text, strlen(cases[i].text));
        CHECK_STR(buf_text(&out), cases[i].written);
    }
}

TEST(what_is_written_reads_back)
{
    static const char *const texts[] = {"",     "a b",     "a/b\\c", "\"q\"", "line\nfeed",
                                        "\r\n", "봄,맑음", ",",      "|",     "\xef\xbb\xbf"};
    enum { COUNT = sizeof texts / sizeof *texts };
    struct csv_field fields[COUNT];
    OWNED_VALUE(buf) out = {0};
    struct err err = {0};
    struct csv_row row;

    for (size_t i = 0; i < COUNT; i++) {
        fields[i] = (struct csv_field){texts[i], strlen(texts[i])};
        csv_write_row(&out, &fields[i], 1);
    }
    csv_write_row(&out, fields, COUNT);
    struct input in = {.bytes = out.data, .size = out.size, .step = 5};
    OWNED(csv_reader) reader = csv_reader_new(give, &in, 1000, &err);
    for (size_t i = 0; i < COUNT; i++) {
        CHECK_INT(csv_read(reader, &row, &err), ==, 1);
        CHECK_INT(row.count, ==, 1);
        CHECK_STR(row.fields[0].text, texts[i]);
    }
    CHECK_INT(csv_read(reader, &row, &err), ==, 1);
    CHECK_INT(row.count, ==, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        CHECK_STR(row.fields[i].text, texts[i]);
    CHECK_INT(csv_read(reader, &row, &err), ==, 0);
}
