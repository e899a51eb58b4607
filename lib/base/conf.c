/* conf.c - see conf.h. */
#include "lib/base/conf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int read_int(const struct conf_field *f, const char *value, int64_t *ret,
                    struct err *err)
{
    char *end;
    long long number;
    bool limited = f->min != 0 || f->max != 0;

    errno = 0;
    number = strtoll(value, &end, 10);
    if (errno || end == value || *end || (limited && (number < f->min || number > f->max))) {
        if (limited)
            return err_set(err, ERR_INVALID,
                           "%s is '%.40s', not a number from %lld to %lld: %s", f->env, value,
                           f->min, f->max, f->meaning);
        return err_set(err, ERR_INVALID, "%s is '%.40s', not a number: %s", f->env, value,
                       f->meaning);
    }
    *ret = number;
    return 0;
}

static int read_bool(const struct conf_field *f, const char *value, bool *ret, struct err *err)
{
    static const char *const words[] = {"0", "1", "false", "true", "no", "yes", "off", "on"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(value, words[i]) == 0) {
            *ret = i % 2 == 1;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID, "%s is '%.40s', not 1 or 0: %s", f->env, value,
                   f->meaning);
}

static int load_field(void *conf, const struct conf_field *f, struct err *err)
{
    const char *value = getenv(f->env);
    char *member = (char *)conf + f->offset;

    if (!value || !*value)
        value = f->fallback;
    if (!value)
        return err_set(err, ERR_INVALID, "%s is not set: %s", f->env, f->meaning);
    if (f->type == CONF_INT)
        return read_int(f, value, (int64_t *)(void *)member, err);
    if (f->type == CONF_BOOL)
        return read_bool(f, value, (bool *)member, err);
    memcpy(member, (const void *)&value, sizeof value);
    return 0;
}

int conf_load(void *conf, const struct conf_field *fields, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        int r = load_field(conf, &fields[i], err);

        if (r < 0)
            return r;
    }
    return 0;
}

static const char *shown_default(const struct conf_field *f)
{
    if (!f->fallback)
        return "none, it has to be set";
    return *f->fallback ? f->fallback : "unset";
}

void conf_print_help(const struct conf_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("  %-26s %s (default: %s)\n", fields[i].env, fields[i].meaning,
               shown_default(&fields[i]));
}

static void print_takes(const struct conf_field *f)
{
    if (f->type == CONF_BOOL)
        printf("1 or 0");
    else if (f->type == CONF_STRING)
        printf("text");
    else if (f->min != 0 || f->max != 0)
        printf("%lld to %lld", f->min, f->max);
    else
        printf("a number");
}

void conf_print_markdown(const char *heading, const struct conf_field *fields, size_t count)
{
    printf("\n## %s\n\n| variable | default | takes | meaning |\n| --- | --- | --- | --- |\n",
           heading);
    for (size_t i = 0; i < count; i++) {
        const char *quote = fields[i].fallback && *fields[i].fallback ? "`" : "";

        printf("| `%s` | %s%s%s | ", fields[i].env, quote, shown_default(&fields[i]), quote);
        print_takes(&fields[i]);
        printf(" | %s |\n", fields[i].meaning);
    }
}
