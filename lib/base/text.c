/* text.c - see text.h. */
#include "lib/base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The length of the sequence that starts with lead, and the least and most that its second
 * byte may be (table 3-7 of the Unicode standard); 0 for no lead byte. */
static size_t sequence(unsigned char lead, unsigned char *ret_least, unsigned char *ret_most)
{
    *ret_least = 0x80;
    *ret_most = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef) {
        if (lead == 0xe0)
            *ret_least = 0xa0;
        if (lead == 0xed)
            *ret_most = 0x9f;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (lead == 0xf0)
            *ret_least = 0x90;
        if (lead == 0xf4)
            *ret_most = 0x8f;
        return 4;
    }
    return 0;
}

static bool follows(const unsigned char *p, size_t length, unsigned char least,
                    unsigned char most)
{
    if (p[1] < least || p[1] > most)
        return false;
    for (size_t i = 2; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return false;
    return true;
}

size_t text_utf8_length(const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;
    unsigned char least, most;
    size_t length;

    if (*p < 0x80)
        return 1;
    length = sequence(*p, &least, &most);
    return length && size >= length && follows(p, length, least, most) ? length : 0;
}

size_t text_printable(const char *text, size_t size)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t at = 0;

    for (; size - at >= sizeof ones; at += sizeof ones) {
        uint64_t word;

        memcpy(&word, text + at, sizeof word);
        /* the high bit of a byte that is over 0x7e, or of one below 0x20 and perhaps some after
         */
        if ((word | (word - 0x20 * ones) | (word + ones)) & (0x80 * ones))
            break;
    }
    while (at < size && text[at] >= 0x20 && text[at] < 0x7f)
        at++;
    return at;
}

bool text_is_utf8(const char *text, size_t size)
{
    size_t plain = text_printable(text, size);

    text += plain;
    size -= plain;
    while (size) {
        size_t length = text_utf8_length(text, size);

        if (length == 0)
            return false;
        text += length;
        size -= length;
    }
    return true;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '.' || c == '~';
}

void text_escape_markup(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            buf_append_str(out, "&amp;");
            break;
        case '<':
            buf_append_str(out, "&lt;");
            break;
        case '>':
            buf_append_str(out, "&gt;");
            break;
        case '"':
            buf_append_str(out, "&quot;");
            break;
        case '\'':
            buf_append_str(out, "&#39;");
            break;
        default:
            buf_append_char(out, *text);
        }
    }
}

void text_url_encode(struct buf *out, const char *text, size_t size, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *end = text + size;

    while (text < end) {
        const char *run = text;

        while (text < end && (is_unreserved(*text) || (keep_slash && *text == '/')))
            text++;
        buf_append(out, run, (size_t)(text - run));
        if (text < end) {
            const unsigned char c = (unsigned char)*text++;
            const char encoded[3] = {'%', digits[c >> 4], digits[c & 15]};

            buf_append(out, encoded, sizeof encoded);
        }
    }
}

int text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int decode_percent(const char *p, size_t left)
{
    int high, low;

    if (left < 3)
        return -1;
    high = text_hex_digit(p[1]);
    low = text_hex_digit(p[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

int text_url_decode(struct buf *out, const char *text, size_t size, bool plus_is_space,
                    struct err *err)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '%') {
            int c = decode_percent(text + i, size - i);

            if (c <= 0)
                return err_set(err, ERR_INVALID, "'%.*s' is not a percent-encoded byte",
                               (int)(size - i < 3 ? size - i : 3), text + i);
            buf_append_char(out, (char)c);
            i += 2;
        } else {
            char plain = text[i];

            if (plus_is_space && plain == '+')
                plain = ' ';
            buf_append_char(out, plain);
        }
    }
    return buf_ok(out) ? 0 : err_set_nomem(err, "a decoded text");
}

void text_hex(const void *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;

    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * size] = '\0';
}

bool text_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *text, const char *suffix)
{
    size_t size = strlen(text), end = strlen(suffix);

    return size >= end && memcmp(text + size - end, suffix, end) == 0;
}

int text_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *err)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < min || number > max)
        return err_set(err, ERR_INVALID, "'%.40s' is not a number from %lld to %lld", text,
                       (long long)min, (long long)max);
    *ret = number;
    return 0;
}

int text_copy(char *out, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length >= size)
        return -1;
    memcpy(out, text, length + 1);
    return 0;
}
