/* Token ids against transformers' CLIPTokenizer, on texts of many kinds. */
#include "tests/test.h"

#include "services/generator-gpu/prompt.h"
#include "services/generator-gpu/tokenizer.h"
#include "tests/support/diffusion.h"

static void check_ids(const char *text, const char *what, const int32_t *got, size_t count,
                      const json_t *want)
{
    if (count != json_array_size(want))
        TEST_FAIL("\"%s\": %zu %s, not %zu", text, count, what, json_array_size(want));
    for (size_t i = 0; i < count; i++) {
        long long id = json_integer_value(json_array_get(want, i));

        if (got[i] != id)
            TEST_FAIL("\"%s\": %s, id %zu of %zu is %d, not %lld", text, what, i, count, got[i],
                      id);
    }
}

/* Texts that weigh something are read otherwise by prompt_read than by transformers. */
static bool is_plain(const char *text)
{
    return !strpbrk(text, "()[]\\");
}

static void check_text(const struct tokenizer *tokenizer, const json_t *entry)
{
    const json_t *text = json_object_get(entry, "text");
    const char *bytes = json_string_value(text);
    int32_t *ids = NULL;
    struct err err = {0};
    struct prompt prompt;
    int count = tokenizer_encode(tokenizer, bytes, json_string_length(text), &ids, &err);

    CHECK_OK(count, err);
    check_ids(bytes, "ids", ids, (size_t)count, json_object_get(entry, "all"));
    free(ids);
    if (!is_plain(bytes) || count > 75)
        return;
    CHECK_OK(prompt_read(&prompt, tokenizer, bytes, &err), err);
    CHECK_INT(prompt.chunks, ==, 1);
    CHECK_INT(prompt.tokens, ==, count);
    check_ids(bytes, "padded ids", prompt.ids, PROMPT_CHUNK, json_object_get(entry, "ids"));
    prompt_done(&prompt);
}

static void check_model(const char *model)
{
    OWNED_JSON entries = golden_json(golden_path(model, "tokens.json"));
    struct err err = {0};
    OWNED(tokenizer) tokenizer = tokenizer_open(golden_path(model, "model/tokenizer"), &err);

    if (!tokenizer)
        TEST_FAIL("%s", err.text);
    CHECK_INT(json_array_size(entries), >=, 20);
    for (size_t i = 0; i < json_array_size(entries); i++)
        check_text(tokenizer, json_array_get(entries, i));
}

TEST(ids_are_those_of_transformers_with_sd1_padding)
{
    check_model("sd15");
}

TEST(ids_are_those_of_transformers_with_sd2_padding)
{
    check_model("sd21-base");
    check_model("sd21-v");
}
