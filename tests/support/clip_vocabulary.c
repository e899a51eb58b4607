/* clip_vocabulary.c - see clip_vocabulary.h. */
#include "tests/support/clip_vocabulary.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/json/json.h"
#include "tests/support/process.h"

enum { BYTES = 256, MERGES_MAX = 1 << 20 };

struct vocabulary {
    struct buf json;
    int64_t count;
};

static void add(struct vocabulary *vocabulary, const char *token)
{
    json_put_int(&vocabulary->json, token, vocabulary->count++);
}

/* Bytes that are seen when they are printed stand for themselves. */
static bool is_seen(int byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte != 0xad);
}

static void add_letter(struct vocabulary *vocabulary, unsigned code_point, const char *ending)
{
    char token[16];

    if (code_point < 0x80)
        (void)snprintf(token, sizeof token, "%c%s", (char)code_point, ending);
    else
        (void)snprintf(token, sizeof token, "%c%c%s", (char)(0xc0 | code_point >> 6),
                       (char)(0x80 | (code_point & 0x3f)), ending);
    add(vocabulary, token);
}

/* The others get letters from 256 on. */
static void add_letters(struct vocabulary *vocabulary, const char *ending)
{
    unsigned next = BYTES;

    for (int byte = 0; byte < BYTES; byte++)
        if (is_seen(byte))
            add_letter(vocabulary, (unsigned)byte, ending);
    for (int byte = 0; byte < BYTES; byte++)
        if (!is_seen(byte))
            add_letter(vocabulary, next++, ending);
}

static void add_merges(struct vocabulary *vocabulary, char *lines)
{
    char *line = strchr(lines, '\n') + 1; /* the first tells the version */

    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        char token[256], *space = strchr(line, ' ');

        (void)snprintf(token, sizeof token, "%.*s%.*s", (int)(space - line), line,
                       (int)(end - space - 1), space + 1);
        add(vocabulary, token);
    }
}

void clip_vocabulary_write(const char *folder)
{
    struct vocabulary vocabulary = {0};
    OWNED_VALUE(buf) merges = {0};
    struct err err = {0};
    char path[512];

    if (file_read(CLIP_FOLDER "/merges.txt", MERGES_MAX, &merges, &err) < 0)
        test_fail("%s", err.text);
    json_write_open(&vocabulary.json, '{');
    add_letters(&vocabulary, "");
    add_letters(&vocabulary, "</w>");
    add_merges(&vocabulary, merges.data);
    add(&vocabulary, "<|startoftext|>");
    add(&vocabulary, "<|endoftext|>");
    json_write_close(&vocabulary.json, '}');
    (void)snprintf(path, sizeof path, "%s/vocab.json", folder);
    if (file_write(path, vocabulary.json.data, vocabulary.json.size, &err) < 0)
        test_fail("%s", err.text);
    buf_done(&vocabulary.json);
}
