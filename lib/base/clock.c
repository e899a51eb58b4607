/* clock.c - see clock.h. */
#include "lib/base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_wall_ns(void)
{
    return read_ns(CLOCK_REALTIME);
}

int64_t clock_wall_ms(void)
{
    return clock_wall_ns() / 1000000;
}

int64_t clock_mono_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
    return clock_mono_ns() / 1000000;
}

/* Rounds towards the past, so that times before the epoch keep positive milliseconds. */
static void split(int64_t wall_ms, struct tm *ret_tm, int *ret_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);

    *ret_ms = (int)(wall_ms % 1000);
    if (*ret_ms < 0) {
        *ret_ms += 1000;
        seconds--;
    }
    (void)gmtime_r(&seconds, ret_tm);
}

void clock_format_rfc3339(int64_t wall_ms, char text[CLOCK_TEXT])
{
    struct tm tm;
    int ms;
    size_t used;

    split(wall_ms, &tm, &ms);
    used = strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text + used, CLOCK_TEXT - used, ".%03dZ", ms);
}

void clock_format_http(int64_t wall_ms, char text[CLOCK_TEXT])
{
    struct tm tm;
    int ms;

    split(wall_ms, &tm, &ms);
    (void)strftime(text, CLOCK_TEXT, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

/* Reads ".123456" and returns what follows; *ret_ms is 123. */
static const char *read_fraction(const char *p, int *ret_ms)
{
    int scale = 100;

    *ret_ms = 0;
    if (*p != '.')
        return p;
    for (p++; isdigit((unsigned char)*p); p++, scale /= 10)
        *ret_ms += (*p - '0') * scale;
    return p;
}

/* Reads two digits below limit, or returns -1. */
static int read_two_digits(const char *p, int limit)
{
    int number;

    if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]))
        return -1;
    number = (p[0] - '0') * 10 + (p[1] - '0');
    return number < limit ? number : -1;
}

/* Reads "Z" or "+09:00" to the minutes to take off; -1 where it is neither. */
static int read_zone(const char *p, int *ret_minutes)
{
    int hours, minutes;

    *ret_minutes = 0;
    if ((*p == 'Z' || *p == 'z') && p[1] == '\0')
        return 0;
    if ((*p != '+' && *p != '-') || strlen(p) != 6 || p[3] != ':')
        return -1;
    hours = read_two_digits(p + 1, 24);
    minutes = read_two_digits(p + 4, 60);
    if (hours < 0 || minutes < 0)
        return -1;
    *ret_minutes = (hours * 60 + minutes) * (*p == '-' ? -1 : 1);
    return 0;
}

int clock_parse_rfc3339(const char *text, int64_t *ret_wall_ms, struct err *err)
{
    struct tm tm = {0};
    int ms, minutes;
    const char *rest = strptime(text, "%Y-%m-%d", &tm);

    if (rest == text + 10 && (*rest == 'T' || *rest == 't'))
        rest = strptime(rest + 1, "%H:%M:%S", &tm);
    if (rest != text + 19 || read_zone(read_fraction(rest, &ms), &minutes) < 0)
        return err_set(err, ERR_INVALID, "'%.40s' is not an RFC 3339 time", text);
    *ret_wall_ms = ((int64_t)timegm(&tm) - (int64_t)minutes * 60) * 1000 + ms;
    return 0;
}

/* %a and %b are English: no program here calls setlocale. */
int clock_parse_http(const char *text, int64_t *ret_wall_ms, struct err *err)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

    if (!rest || *rest || rest != text + 29)
        return err_set(err, ERR_INVALID, "'%.40s' is not an HTTP date", text);
    *ret_wall_ms = (int64_t)timegm(&tm) * 1000;
    return 0;
}
