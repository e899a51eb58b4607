/* clock.c - see clock.h. */
#include "lib/base/clock.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Not strftime: the names must be English in every locale. */
void clock_format_http(int64_t wall_ms, char text[CLOCK_TEXT])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm;
    int ms;

    split(wall_ms, &tm, &ms);
    (void)snprintf(text, CLOCK_TEXT, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                   days + (ptrdiff_t)tm.tm_wday * 3, tm.tm_mday % 100,
                   months + (ptrdiff_t)tm.tm_mon * 3, (tm.tm_year + 1900) % 10000,
                   tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
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

/* Reads "Z" or "+09:00" to the minutes to take off; -1 where it is neither. */
static int read_zone(const char *p, int *ret_minutes)
{
    int hours, minutes, used = 0;

    *ret_minutes = 0;
    if ((*p == 'Z' || *p == 'z') && p[1] == '\0')
        return 0;
    if (*p != '+' && *p != '-')
        return -1;
    if (sscanf(p + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || used != 5 || p[6])
        return -1;
    *ret_minutes = (hours * 60 + minutes) * (*p == '-' ? -1 : 1);
    return 0;
}

static int check_ranges(const struct tm *tm)
{
    return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31 &&
                   tm->tm_hour >= 0 && tm->tm_hour < 24 && tm->tm_min >= 0 && tm->tm_min < 60 &&
                   tm->tm_sec >= 0 && tm->tm_sec <= 60
               ? 0
               : -1;
}

int clock_parse_rfc3339(const char *text, int64_t *ret_wall_ms, struct err *err)
{
    struct tm tm = {0};
    int used = 0, ms, minutes;

    if (sscanf(text, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 6 ||
        used != 19)
        return err_set(err, ERR_INVALID, "'%.40s' is not an RFC 3339 time", text);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    if (check_ranges(&tm) < 0 || read_zone(read_fraction(text + used, &ms), &minutes) < 0)
        return err_set(err, ERR_INVALID, "'%.40s' is not an RFC 3339 time", text);
    *ret_wall_ms = ((int64_t)timegm(&tm) - (int64_t)minutes * 60) * 1000 + ms;
    return 0;
}

int clock_parse_http(const char *text, int64_t *ret_wall_ms, struct err *err)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm = {0};
    char month[4] = "";
    const char *found;
    int used = 0;

    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &tm.tm_mday, month,
               &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 6 ||
        used != 29 || text[used])
        return err_set(err, ERR_INVALID, "'%.40s' is not an HTTP date", text);
    found = strstr(months, month);
    tm.tm_year -= 1900;
    tm.tm_mon = found && (found - months) % 3 == 0 ? (int)((found - months) / 3) : -1;
    if (check_ranges(&tm) < 0)
        return err_set(err, ERR_INVALID, "'%.40s' is not an HTTP date", text);
    *ret_wall_ms = (int64_t)timegm(&tm) * 1000;
    return 0;
}
