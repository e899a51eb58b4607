/* tokenizer_fuzz.c - any text becomes ids of the vocabulary, weighted or not; and files of any
 * content make a tokenizer, or are refused with a reason. The first byte chooses. */
#include "services/generator-gpu/prompt.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/file.h"
#include "lib/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const char *where, const char *name, const char *text, size_t size)
{
    struct err err = {0};
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", where, name);
    if (file_write(path, text, size, &err) < 0)
        abort();
}

static void check_ids(const struct tokenizer *tokenizer, const int32_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] < 0 || (size_t)ids[i] >= tokenizer_vocabulary(tokenizer))
            abort();
}

static void check_text(const struct tokenizer *tokenizer, const char *text, size_t size)
{
    struct err err = {0};
    int32_t *ids = NULL;
    int count = tokenizer_encode(tokenizer, text, size, &ids, &err);

    if ((count >= 0) != text_is_utf8(text, size) || (count < 0 && !*err.text))
        abort();
    check_ids(tokenizer, ids, count > 0 ? (size_t)count : 0);
    free(ids);
}

/* text ends with a NUL. */
static void check_prompt(const struct tokenizer *tokenizer, const char *text)
{
    OWNED_VALUE(prompt) prompt = {0};
    OWNED_VALUE(buf) plain = {0};
    struct err err = {0};

    if (prompt_read(&prompt, tokenizer, text, &err) < 0) {
        if (!*err.text)
            abort();
        return;
    }
    check_ids(tokenizer, prompt.ids, prompt.chunks * PROMPT_CHUNK);
    for (size_t i = 0; i < prompt.chunks * PROMPT_CHUNK; i++)
        if (!(prompt.weights[i] >= PROMPT_WEIGHT_MIN && prompt.weights[i] <= PROMPT_WEIGHT_MAX))
            abort();
    prompt_plain(text, &plain);
    if (!text_is_utf8(buf_text(&plain), plain.size))
        abort();
}

/* A small vocabulary, all bytes unknown but the letters. */
static void write_small(const char *where)
{
    OWNED_VALUE(buf) json = {0};
    int id = 0;

    buf_append_char(&json, '{');
    for (int c = 'a'; c <= 'z'; c++, id += 2)
        buf_printf(&json, "\"%c\":%d,\"%c</w>\":%d,", c, id, c, id + 1);
    buf_append_str(&json, "\"ab\":90,\"abc</w>\":91,\"aa\":92,\"!\":93,"
                          "\"<|startoftext|>\":94,\"<|endoftext|>\":95}");
    write_file(where, "vocab.json", json.data, json.size);
    write_file(where, "merges.txt", "a b\nab c</w>\na a\n", 17);
    write_file(where, "special_tokens_map.json", "{\"pad_token\":\"!\"}", 17);
}

static const char *const NAMES[] = {
    "vocab.json",     "merges.txt",        "special_tokens_map.json",
    "tokenizer.json", "added_tokens.json", "tokenizer_config.json"};

enum { SMALL_FILES = 3, FILES = 6 };

static char folder[] = "/tmp/tokenizer-fuzz-XXXXXX";

static void remove_file(const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
}

static void remove_folder(void)
{
    for (int i = 0; i < FILES; i++)
        remove_file(NAMES[i]);
    (void)rmdir(folder);
}

/* Made once, with the small vocabulary in its folder. */
static const struct tokenizer *small(void)
{
    static struct tokenizer *tokenizer;
    struct err err = {0};

    if (tokenizer)
        return tokenizer;
    if (!mkdtemp(folder) || atexit(remove_folder) != 0)
        abort();
    write_small(folder);
    tokenizer = tokenizer_open(folder, &err);
    if (!tokenizer)
        abort();
    return tokenizer;
}

/* The small vocabulary's folder with one file of other content. */
static void check_file(int file, const char *text, size_t size)
{
    struct err err = {0};

    (void)small();
    write_file(folder, NAMES[file], text, size);
    {
        OWNED(tokenizer) tokenizer = tokenizer_open(folder, &err);

        if (!tokenizer && !*err.text)
            abort();
        if (tokenizer)
            check_text(tokenizer, "ab abc<|endoftext|>!", 20);
    }
    if (file < SMALL_FILES)
        write_small(folder);
    else
        remove_file(NAMES[file]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED_VALUE(buf) text = {0};

    if (size == 0)
        return 0;
    buf_append(&text, data + 1, size - 1);
    if (data[0] >= '0' && data[0] < '0' + FILES) {
        check_file(data[0] - '0', buf_text(&text), text.size);
        return 0;
    }
    check_text(small(), buf_text(&text), text.size);
    check_prompt(small(), buf_text(&text));
    return 0;
}
