/* tokenizer_specials.c - which texts are one id wherever they stand, and the ids of start, end
 * and padding.
 *
 * tokenizer_config.json says so, and over it goes special_tokens_map.json, unless the former
 * has an added_tokens_decoder: then neither that map nor added_tokens.json nor tokenizer.json
 * is asked. A token that is given as plain text is looked for in the text as it was written,
 * one that is an object as its member normalized says. Where the same token is given both ways,
 * the later one counts. So "!", which is the padding of SD 2, is special in every prompt there.
 */
#include "lib/json/json.h"
#include "services/generator-gpu/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>

enum { NAMED = 7 };

static const struct {
    const char *member, *preset;
} NAMES[NAMED] = {
    {"bos_token", "<|startoftext|>"},
    {"eos_token", "<|endoftext|>"},
    {"unk_token", "<|endoftext|>"},
    {"sep_token", NULL},
    {"pad_token", "<|endoftext|>"},
    {"cls_token", NULL},
    {"mask_token", NULL},
};

enum { START = 0, END = 1, UNKNOWN = 2, PAD = 4 };

struct token {
    const char *content;
    bool normalized;
    bool object; /* not given as plain text */
};

/* special: what an object that does not say so is. */
static int read_token(const json_t *value, bool special, struct token *ret, struct err *err)
{
    static const char *const unsupported[] = {"lstrip", "rstrip", "single_word"};

    if (json_is_string(value)) {
        *ret = (struct token){.content = json_string_value(value)};
        return 0;
    }
    for (size_t i = 0; i < 3; i++) {
        bool set = false;

        if (json_opt_bool(value, unsupported[i], &set, err) < 0)
            return err->code;
        if (set)
            return err_set(err, ERR_INVALID, "%s is true, which is not supported",
                           unsupported[i]);
    }
    if (json_opt_bool(value, "special", &special, err) < 0)
        return err->code;
    ret->normalized = !special;
    ret->object = true;
    if (json_get_str(value, "content", &ret->content, err) < 0 ||
        json_opt_bool(value, "normalized", &ret->normalized, err) < 0)
        return err->code;
    return 0;
}

static struct special *find_special(const struct tokenizer *tokenizer, const char *content)
{
    for (size_t i = 0; i < tokenizer->special_count; i++)
        if (strcmp(tokenizer->specials[i].content, content) == 0)
            return &tokenizer->specials[i];
    return NULL;
}

static struct special *add_special(struct tokenizer *tokenizer, const char *content)
{
    size_t count = tokenizer->special_count;
    struct special *grown =
        reallocarray(tokenizer->specials, count + 1, sizeof *tokenizer->specials);
    char *copy = strdup(content);

    if (grown)
        tokenizer->specials = grown;
    if (!grown || !copy) {
        free(copy);
        return NULL;
    }
    grown[count] = (struct special){.content = copy, .size = strlen(content)};
    tokenizer->special_count++;
    return &grown[count];
}

/* id: -1 where only the vocabulary can know it. */
static int put_token(struct tokenizer_load *load, const struct token *token, int64_t id,
                     struct err *err)
{
    struct special *special = find_special(load->tokenizer, token->content);
    int32_t known = tokenizer_load_id(load, token->content);

    if (known >= 0)
        id = known;
    if (id < 0 || id >= TOKENIZER_IDS_MAX || !*token->content)
        return err_set(err, ERR_INVALID, "'%.80s' is not in the vocabulary", token->content);
    if (!special)
        special = add_special(load->tokenizer, token->content);
    if (!special)
        return err_set_nomem(err, "the special tokens");
    special->id = (int32_t)id;
    special->normalized = token->normalized;
    if (id > load->max_id)
        load->max_id = id;
    return 0;
}

/* -- added tokens ---------------------------------------------------------------------------*/

static int read_decoder(struct tokenizer_load *load, const json_t *decoder, struct err *err)
{
    const char *key;
    const json_t *value;

    json_object_foreach((json_t *)decoder, key, value)
    {
        struct token token = {.content = ""};

        if (read_token(value, false, &token, err) < 0 ||
            put_token(load, &token, strtol(key, NULL, 10), err) < 0)
            return err_wrap(err, "tokenizer_config.json: added_tokens_decoder.%.20s", key);
    }
    return 0;
}

static bool is_named(const struct tokenizer_load *load, const char *content)
{
    for (size_t i = 0; i < NAMED; i++) {
        struct token token = {.content = ""};
        struct err ignored = {0};
        const json_t *value = json_object_get(load->map, NAMES[i].member);

        if (!value)
            value = json_object_get(load->config, NAMES[i].member);
        if (value && read_token(value, true, &token, &ignored) == 0 &&
            strcmp(token.content, content) == 0)
            return true;
    }
    return false;
}

static int read_added(struct tokenizer_load *load, struct err *err)
{
    const char *content;
    const json_t *id;

    json_object_foreach(load->added, content, id)
    {
        const struct token token = {content, !is_named(load, content), true};

        if (!json_is_integer(id))
            return err_set(err, ERR_INVALID, "added_tokens.json: %.40s is not a number",
                           content);
        if (put_token(load, &token, json_integer_value(id), err) < 0)
            return err_wrap(err, "added_tokens.json");
    }
    return 0;
}

static int read_fast_added(struct tokenizer_load *load, struct err *err)
{
    json_t *tokens = NULL;
    const json_t *value;
    size_t i;

    if (load->fast && json_opt_array(load->fast, "added_tokens", &tokens, err) < 0)
        return err_wrap(err, "tokenizer.json");
    json_array_foreach(tokens, i, value)
    {
        struct token token = {.content = ""};
        int64_t id = -1;

        if (read_token(value, false, &token, err) < 0 ||
            json_get_int(value, "id", &id, err) < 0 || put_token(load, &token, id, err) < 0)
            return err_wrap(err, "tokenizer.json: added_tokens[%zu]", i);
    }
    return 0;
}

/* -- named tokens ---------------------------------------------------------------------------*/

static int read_named(const struct tokenizer_load *load, size_t i, bool use_map,
                      struct token *ret, struct err *err)
{
    const json_t *mapped = use_map ? json_object_get(load->map, NAMES[i].member) : NULL;
    const json_t *value = mapped ? mapped : json_object_get(load->config, NAMES[i].member);

    *ret = (struct token){.content = NAMES[i].preset};
    if (!value || json_is_null(value))
        return 0;
    if (read_token(value, mapped != NULL, ret, err) < 0)
        return err_wrap(err, "%s: %s",
                        mapped ? "special_tokens_map.json" : "tokenizer_config.json",
                        NAMES[i].member);
    return 0;
}

/* One of the tokens before was given the same way, and has decided. */
static bool is_decided(const struct token *tokens, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (tokens[k].content && tokens[k].object == tokens[i].object &&
            strcmp(tokens[k].content, tokens[i].content) == 0)
            return true;
    return false;
}

static int put_named(struct tokenizer_load *load, const struct token *tokens, struct err *err)
{
    size_t added = load->tokenizer->special_count;

    for (size_t i = 0; i < NAMED; i++) {
        const struct special *special;

        if (!tokens[i].content || is_decided(tokens, i))
            continue;
        special = find_special(load->tokenizer, tokens[i].content);
        if (special && special < load->tokenizer->specials + added)
            continue; /* an added token says it itself */
        if (put_token(load, &tokens[i], -1, err) < 0)
            return err_wrap(err, "%s", NAMES[i].member);
    }
    return 0;
}

static int32_t id_of(const struct tokenizer_load *load, const struct token *token)
{
    return find_special(load->tokenizer, token->content)->id;
}

static int normalize_all(struct tokenizer *tokenizer, struct err *err)
{
    for (size_t i = 0; i < tokenizer->special_count; i++) {
        struct special *special = &tokenizer->specials[i];

        if (special->normalized)
            tokenizer_text_normalize(special->content, special->size, &special->points);
        if (!buf_ok(&special->points))
            return err_set_nomem(err, "the special tokens");
    }
    return 0;
}

int tokenizer_load_specials(struct tokenizer_load *load, int32_t *ret_unknown, struct err *err)
{
    const json_t *decoder = json_object_get(load->config, "added_tokens_decoder");
    struct tokenizer *tokenizer = load->tokenizer;
    struct token tokens[NAMED];

    if (decoder ? read_decoder(load, decoder, err) < 0
                : read_added(load, err) < 0 || read_fast_added(load, err) < 0)
        return err->code;
    for (size_t i = 0; i < NAMED; i++)
        if (read_named(load, i, !decoder, &tokens[i], err) < 0)
            return err->code;
    if (put_named(load, tokens, err) < 0)
        return err->code;
    tokenizer->start = id_of(load, &tokens[START]);
    tokenizer->end = id_of(load, &tokens[END]);
    tokenizer->pad = id_of(load, &tokens[PAD]);
    *ret_unknown = id_of(load, &tokens[UNKNOWN]);
    return normalize_all(tokenizer, err);
}
