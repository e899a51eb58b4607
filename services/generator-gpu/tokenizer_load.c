/* tokenizer_load.c - reads a tokenizer's folder as transformers' CLIPTokenizer.from_pretrained.
 *
 * The vocabulary and the merges are in tokenizer.json, which transformers writes today, or else
 * in vocab.json and merges.txt. */
#include "lib/base/file.h"
#include "lib/json/json.h"
#include "services/generator-gpu/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    FILE_MAX = 64 * 1024 * 1024,
    TOKEN_MAX = 1024, /* bytes of a token's text */
};

static void load_done(struct tokenizer_load *load)
{
    json_decref(load->fast);
    json_decref(load->config);
    json_decref(load->map);
    json_decref(load->added);
    json_decref(load->vocab);
}

/* -- files ----------------------------------------------------------------------------------*/

static int read_text(const struct tokenizer_load *load, const char *name, struct buf *out,
                     struct err *err)
{
    OWNED_VALUE(buf) path = {0};

    buf_printf(&path, "%s/%s", load->folder, name);
    return buf_ok(&path) ? file_read(buf_text(&path), FILE_MAX, out, err)
                         : err_set_nomem(err, name);
}

/* *ret stays NULL where there is no such file. */
static int read_json(const struct tokenizer_load *load, const char *name, json_t **ret,
                     struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    struct err own = {0};
    json_t *value;

    if (read_text(load, name, &text, &own) == ERR_NOT_FOUND)
        return 0;
    value = own.code ? NULL : json_parse(text.data, text.size, &own);
    if (value && !json_is_object(value)) {
        json_decref(value);
        value = NULL;
        err_set(&own, ERR_INVALID, "not a JSON object");
    }
    if (!value)
        return err_set(err, own.code, "%.80s/%s: %s", load->folder, name, own.text);
    *ret = value;
    return 0;
}

static int read_files(struct tokenizer_load *load, struct err *err)
{
    if (read_json(load, "tokenizer.json", &load->fast, err) < 0 ||
        read_json(load, "tokenizer_config.json", &load->config, err) < 0 ||
        read_json(load, "special_tokens_map.json", &load->map, err) < 0 ||
        read_json(load, "added_tokens.json", &load->added, err) < 0)
        return err->code;
    if (!load->fast && read_json(load, "vocab.json", &load->vocab, err) < 0)
        return err->code;
    if (!load->fast && !load->vocab)
        return err_set(err, ERR_NOT_FOUND,
                       "%s: there is neither tokenizer.json nor vocab.json: not a tokenizer",
                       load->folder);
    return 0;
}

/* -- the vocabulary -------------------------------------------------------------------------*/

/* The vocabulary and merges of tokenizer.json. */
static int read_fast(struct tokenizer_load *load, struct err *err)
{
    json_t *model = NULL, *vocab = NULL;
    const char *type = "BPE";

    if (json_get_object(load->fast, "model", &model, err) < 0)
        return err->code;
    if (json_opt_str(model, "type", &type, err) < 0 ||
        json_get_object(model, "vocab", &vocab, err) < 0 ||
        json_get_array(model, "merges", &load->merges, err) < 0)
        return json_err_at(err, "model");
    if (strcmp(type, "BPE") != 0)
        return err_set(err, ERR_INVALID, "model.type is '%.40s', not 'BPE'", type);
    load->vocab = json_incref(vocab);
    return 0;
}

static int check_vocab(struct tokenizer_load *load, struct err *err)
{
    const char *token;
    json_t *id;

    json_object_foreach(load->vocab, token, id)
    {
        if (!json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) >= TOKENIZER_IDS_MAX)
            return err_set(err, ERR_INVALID, "the id of '%.40s' is not a number 0 to %d", token,
                           TOKENIZER_IDS_MAX - 1);
        if (json_integer_value(id) > load->max_id)
            load->max_id = json_integer_value(id);
    }
    return 0;
}

int32_t tokenizer_load_id(const struct tokenizer_load *load, const char *token)
{
    const json_t *id = json_object_get(load->vocab, token);

    return id ? (int32_t)json_integer_value(id) : -1;
}

/* The letter that stands for a byte: printable bytes of Latin-1 for themselves, and the others,
 * in their order, for U+0100 and up. */
static void byte_letters(int32_t letters[256])
{
    int32_t next = 0x100;

    for (int32_t byte = 0; byte < 256; byte++) {
        bool printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);

        letters[byte] = printable ? byte : next++;
    }
}

static int find_bytes(struct tokenizer_load *load, int32_t unknown, struct err *err)
{
    int32_t letters[256];

    byte_letters(letters);
    for (int i = 0; i < 512; i++) {
        OWNED_VALUE(buf) token = {0};
        int32_t id;

        tokenizer_text_utf8(&letters[i % 256], 1, &token);
        if (i >= 256)
            buf_append_str(&token, "</w>");
        id = tokenizer_load_id(load, buf_text(&token));
        if (id < 0)
            id = unknown;
        if (id < 0)
            return err_set(err, ERR_INVALID,
                           "'%s' is not in the vocabulary, and nor is a token for unknown ones",
                           buf_text(&token));
        load->tokenizer->bpe.bytes[i / 256][i % 256] = id;
    }
    return 0;
}

/* -- merges ---------------------------------------------------------------------------------*/

static int add_merge(struct tokenizer_load *load, const char *left, const char *right,
                     size_t rank, struct err *err)
{
    int32_t left_id = tokenizer_load_id(load, left), right_id = tokenizer_load_id(load, right),
            merged_id;
    char merged[TOKEN_MAX];

    if ((size_t)snprintf(merged, sizeof merged, "%s%s", left, right) >= sizeof merged)
        return err_set(err, ERR_INVALID, "a token of more than %d bytes", TOKEN_MAX - 1);
    merged_id = tokenizer_load_id(load, merged);
    if (left_id < 0 || right_id < 0 || merged_id < 0)
        return err_set(err, ERR_INVALID, "'%.40s' is not in the vocabulary",
                       left_id < 0    ? left
                       : right_id < 0 ? right
                                      : merged);
    bpe_add(&load->tokenizer->bpe, left_id, right_id, (int32_t)rank, merged_id);
    return 0;
}

/* "left right", which is changed. */
static int add_merge_line(struct tokenizer_load *load, char *line, size_t rank, struct err *err)
{
    char *space = strchr(line, ' ');

    if (!space || space == line || !space[1] || strchr(space + 1, ' '))
        return err_set(err, ERR_INVALID, "'%.40s' is not two tokens with a space between",
                       line);
    *space = '\0';
    return add_merge(load, line, space + 1, rank, err);
}

static size_t count_lines(const struct buf *text)
{
    size_t lines = 1;

    for (size_t i = 0; i < text->size; i++)
        lines += text->data[i] == '\n';
    return lines;
}

static int read_merge_lines(struct tokenizer_load *load, struct buf *text, struct err *err)
{
    size_t rank = 0, number = 0;
    char *line = text->data, *end = line + text->size;

    if (bpe_init(&load->tokenizer->bpe, count_lines(text)) < 0)
        return err_set_nomem(err, "the merges");
    for (char *next; line < end; line = next) {
        char *newline = memchr(line, '\n', (size_t)(end - line));

        next = newline ? newline + 1 : end;
        if (newline)
            *newline = '\0';
        if (newline > line && newline[-1] == '\r')
            newline[-1] = '\0';
        number++;
        if (strncmp(line, "#version", 8) == 0)
            continue;
        if (add_merge_line(load, line, rank++, err) < 0)
            return err_wrap(err, "line %zu", number);
    }
    return 0;
}

static int read_merges_file(struct tokenizer_load *load, struct err *err)
{
    OWNED_VALUE(buf) text = {0};

    if (read_text(load, "merges.txt", &text, err) < 0)
        return err->code;
    if (read_merge_lines(load, &text, err) < 0)
        return err_wrap(err, "%s/merges.txt", load->folder);
    return 0;
}

/* An element of model.merges: "left right" or ["left", "right"]. */
static int read_merge(struct tokenizer_load *load, const json_t *merge, size_t rank,
                      struct err *err)
{
    const char *left = json_string_value(json_array_get(merge, 0));
    const char *right = json_string_value(json_array_get(merge, 1));
    char line[TOKEN_MAX];

    if (left && right && json_array_size(merge) == 2)
        return add_merge(load, left, right, rank, err);
    if (!json_is_string(merge) || json_string_length(merge) >= sizeof line)
        return err_set(err, ERR_INVALID, "not two tokens");
    memcpy(line, json_string_value(merge), json_string_length(merge) + 1);
    return add_merge_line(load, line, rank, err);
}

static int read_merges_array(struct tokenizer_load *load, struct err *err)
{
    const json_t *merge;
    size_t i;

    if (bpe_init(&load->tokenizer->bpe, json_array_size(load->merges)) < 0)
        return err_set_nomem(err, "the merges");
    json_array_foreach(load->merges, i, merge)
    {
        if (read_merge(load, merge, i, err) < 0)
            return err_wrap(err, "model.merges[%zu]", i);
    }
    return 0;
}

static int read_merges(struct tokenizer_load *load, struct err *err)
{
    if (!load->fast)
        return read_merges_file(load, err);
    if (read_merges_array(load, err) < 0)
        return err_wrap(err, "%s/tokenizer.json", load->folder);
    return 0;
}

/* -- all ------------------------------------------------------------------------------------*/

static int read_all(struct tokenizer_load *load, struct err *err)
{
    int32_t unknown;

    if (read_files(load, err) < 0)
        return err->code;
    if ((load->fast && read_fast(load, err) < 0) || check_vocab(load, err) < 0)
        return err_wrap(err, "%s/%s", load->folder,
                        load->fast ? "tokenizer.json" : "vocab.json");
    if (tokenizer_load_specials(load, &unknown, err) < 0)
        return err_wrap(err, "%s", load->folder);
    if (find_bytes(load, unknown, err) < 0)
        return err_wrap(err, "%s", load->folder);
    if (read_merges(load, err) < 0)
        return err->code;
    load->tokenizer->vocabulary = (size_t)load->max_id + 1;
    return 0;
}

int tokenizer_load(struct tokenizer *tokenizer, const char *folder, struct err *err)
{
    struct tokenizer_load load = {.tokenizer = tokenizer, .folder = folder};

    (void)read_all(&load, err);
    load_done(&load);
    return err->code;
}
