/* tokenizer_test.c - ids are those of transformers' CLIPTokenizer with CLIP's own vocabulary
 * (tests/golden/tokenizer-clip, written by tools/golden/tokenizer.py), and files that are no
 * tokenizer are refused. */
#include "services/generator-gpu/tokenizer.h"

#include <time.h>

#include "lib/base/file.h"
#include "lib/json/json.h"
#include "tests/support/clip_vocabulary.h"
#include "tests/test.h"

static const char SPECIALS[] =
    "{\"bos_token\":{\"content\":\"<|startoftext|>\",\"normalized\":true},"
    "\"eos_token\":{\"content\":\"<|endoftext|>\",\"normalized\":true},"
    "\"unk_token\":{\"content\":\"<|endoftext|>\",\"normalized\":true},\"pad_token\":\"%s\"}";

/* A folder of its own, removed at the end of the test. */
struct folder {
    char path[64];
};

static struct folder folder_new(void)
{
    struct folder folder = {"/tmp/tokenizer-test-XXXXXX"};

    CHECK(mkdtemp(folder.path));
    return folder;
}

static void folder_path(const struct folder *folder, const char *name, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/%s", folder->path, name);
}

static void folder_write(const struct folder *folder, const char *name, const char *text)
{
    struct err err = {0};
    char path[256];

    folder_path(folder, name, path, sizeof path);
    CHECK_OK(file_write(path, text, strlen(text), &err), err);
}

static void folder_link(const struct folder *folder, const char *name, const char *target)
{
    char path[256], *whole = realpath(target, NULL);

    CHECK(whole);
    folder_path(folder, name, path, sizeof path);
    CHECK(symlink(whole, path) == 0);
    free(whole);
}

static void folder_done(struct folder *folder)
{
    static const char *const names[] = {"vocab.json",
                                        "merges.txt",
                                        "tokenizer.json",
                                        "special_tokens_map.json",
                                        "tokenizer_config.json",
                                        "added_tokens.json"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];

        folder_path(folder, names[i], path, sizeof path);
        (void)unlink(path);
    }
    CHECK(rmdir(folder->path) == 0);
}

static struct tokenizer *open_folder(const char *path)
{
    struct err err = {0};
    struct tokenizer *tokenizer = tokenizer_open(path, &err);

    if (!tokenizer)
        TEST_FAIL("%s", err.text);
    return tokenizer;
}

/* CLIP's vocabulary with the padding of a model. */
static struct tokenizer *open_clip(const char *pad)
{
    OWNED_VALUE(folder) folder = folder_new();
    char specials[sizeof SPECIALS + 32];

    (void)snprintf(specials, sizeof specials, SPECIALS, pad);
    clip_vocabulary_write(folder.path);
    folder_link(&folder, "merges.txt", CLIP_FOLDER "/merges.txt");
    folder_write(&folder, "special_tokens_map.json", specials);
    return open_folder(folder.path);
}

struct encoded {
    int32_t *ids;
    int count;
};

static void encoded_done(struct encoded *encoded)
{
    free(encoded->ids);
}

static struct encoded encode(const struct tokenizer *tokenizer, const char *text, size_t size)
{
    struct encoded encoded = {0};
    struct err err = {0};

    encoded.count = tokenizer_encode(tokenizer, text, size, &encoded.ids, &err);
    CHECK_OK(encoded.count, err);
    return encoded;
}

static void check_ids(const struct encoded *encoded, const json_t *expected, const char *text)
{
    for (int i = 0; i < encoded->count && i < (int)json_array_size(expected); i++) {
        int32_t id = (int32_t)json_integer_value(json_array_get(expected, (size_t)i));

        if (encoded->ids[i] != id)
            TEST_FAIL("'%s': id %d is %d, not %d", text, i, encoded->ids[i], id);
    }
    if (encoded->count != (int)json_array_size(expected))
        TEST_FAIL("'%s': %d ids, not %zu", text, encoded->count, json_array_size(expected));
}

/* Of a long text only the count and a checksum are kept. */
static void check_long(const struct tokenizer *tokenizer, const char *text, int64_t times,
                       const json_t *expected)
{
    OWNED_VALUE(buf) whole = {0};
    uint32_t sum = 0;

    for (int64_t i = 0; i < times; i++)
        buf_append_str(&whole, text);
    {
        OWNED_VALUE(encoded) encoded = encode(tokenizer, whole.data, whole.size);

        for (int i = 0; i < encoded.count; i++)
            sum += (uint32_t)(i + 1) * (uint32_t)encoded.ids[i];
        if (encoded.count != json_integer_value(json_array_get(expected, 0)) ||
            sum != json_integer_value(json_array_get(expected, 1)))
            TEST_FAIL("'%s' %lld times: %d ids, not %lld, or others", text, (long long)times,
                      encoded.count,
                      (long long)json_integer_value(json_array_get(expected, 0)));
    }
}

static void check_texts(const char *pad, const char *model)
{
    OWNED(tokenizer) tokenizer = open_clip(pad);
    OWNED_VALUE(buf) file = {0};
    struct err err = {0};
    OWNED_JSON texts = NULL;
    const json_t *entry;
    size_t i;

    CHECK_OK(file_read(CLIP_FOLDER "/texts.json", 1 << 20, &file, &err), err);
    texts = json_parse(file.data, file.size, &err);
    CHECK_OK(err.code, err);
    CHECK_INT(json_array_size(texts), >, 250);
    json_array_foreach(texts, i, entry)
    {
        const char *text = json_string_value(json_object_get(entry, "text"));
        const json_t *expected = json_object_get(entry, model);
        int64_t times = json_integer_value(json_object_get(entry, "times"));

        if (times > 0) {
            check_long(tokenizer, text, times, expected);
        } else {
            OWNED_VALUE(encoded) encoded = encode(tokenizer, text, strlen(text));

            check_ids(&encoded, expected, text);
        }
    }
}

TEST(ids_are_those_of_transformers)
{
    check_texts("<|endoftext|>", "sd1");
}

TEST(ids_are_those_of_transformers_where_an_exclamation_mark_pads)
{
    check_texts("!", "sd2");
}

TEST(knows_the_specials)
{
    OWNED(tokenizer) sd1 = open_clip("<|endoftext|>");
    OWNED(tokenizer) sd2 = open_clip("!");

    CHECK_INT(tokenizer_start_id(sd1), ==, 49406);
    CHECK_INT(tokenizer_end_id(sd1), ==, 49407);
    CHECK_INT(tokenizer_pad_id(sd1), ==, 49407);
    CHECK_INT(tokenizer_vocabulary(sd1), ==, 49408);
    CHECK_INT(tokenizer_pad_id(sd2), ==, 0);
}

TEST(refuses_invalid_text)
{
    OWNED(tokenizer) tokenizer = open_clip("!");
    struct err err = {0};
    int32_t *ids = NULL;

    CHECK_INT(tokenizer_encode(tokenizer, "a\xff", 2, &ids, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "the text is not valid UTF-8");
    CHECK(!ids);
}

static double cpu_ms(void)
{
    return (double)clock() * 1000 / CLOCKS_PER_SEC;
}

/* Limits with much room for sanitizers: it takes 2 ms and 20 ms without. */
TEST(long_texts_and_long_words_are_quick)
{
    OWNED(tokenizer) tokenizer = open_clip("!");
    OWNED_VALUE(buf) text = {0};
    double before;

    for (int i = 0; i < 1430; i++)
        buf_append_str(&text, "a photo of a beautiful garden, ");
    before = cpu_ms();
    {
        OWNED_VALUE(encoded) encoded = encode(tokenizer, text.data, text.size);

        CHECK_INT(encoded.count, ==, 10010);
    }
    printf("# 10010 tokens: %.1f ms\n", cpu_ms() - before);
    CHECK(cpu_ms() - before < 500);
    buf_clear(&text);
    for (int i = 0; i < 10000; i++)
        buf_append_str(&text, "abcdefgh\xcc\x81\xcc\xa3");
    before = cpu_ms();
    {
        OWNED_VALUE(encoded) encoded = encode(tokenizer, text.data, text.size);

        CHECK_INT(encoded.count, >, 10000);
    }
    printf("# words of %zu bytes: %.1f ms\n", text.size, cpu_ms() - before);
    CHECK(cpu_ms() - before < 3000);
}

/* -- folders --------------------------------------------------------------------------------*/

/* Every byte alone has an id; "a" "b</w>" merge. Ids in the order that they are written. */
static void tiny_vocabulary(struct buf *out, const char *more)
{
    int id = 0;

    buf_append_char(out, '{');
    for (int end = 0; end < 2; end++)
        for (int c = 'a'; c <= 'z'; c++)
            buf_printf(out, "\"%c%s\":%d,", c, end ? "</w>" : "", id++);
    buf_printf(out, "\"ab</w>\":%d,%s\"<|startoftext|>\":%d,\"<|endoftext|>\":%d}", id, more,
               id + 1, id + 2);
}

TEST(reads_what_transformers_writes_today)
{
    OWNED_VALUE(folder) folder = folder_new();
    OWNED_VALUE(buf) json = {0};

    buf_append_str(
        &json,
        "{\"added_tokens\":[{\"id\":53,\"content\":\"<|startoftext|>\",\"special\":true},"
        "{\"id\":54,\"content\":\"<|endoftext|>\",\"normalized\":false},"
        "{\"id\":70,\"content\":\"<cat>\",\"normalized\":false}],"
        "\"model\":{\"type\":\"BPE\",\"merges\":[[\"a\",\"b</w>\"]],\"vocab\":");
    tiny_vocabulary(&json, "");
    buf_append_str(&json, "}}");
    folder_write(&folder, "tokenizer.json", buf_text(&json));
    folder_write(&folder, "tokenizer_config.json",
                 "{\"tokenizer_class\":\"CLIPTokenizer\",\"pad_token\":\"<|endoftext|>\"}");
    {
        OWNED(tokenizer) tokenizer = open_folder(folder.path);
        OWNED_VALUE(encoded) encoded = encode(tokenizer, "AB<cat>cab", 10);

        CHECK_INT(tokenizer_start_id(tokenizer), ==, 53);
        CHECK_INT(tokenizer_pad_id(tokenizer), ==, 54);
        CHECK_INT(tokenizer_vocabulary(tokenizer), ==, 71);
        CHECK_INT(encoded.count, ==, 4);
        CHECK_INT(encoded.ids[0], ==, 52);
        CHECK_INT(encoded.ids[1], ==, 70);
        CHECK_INT(encoded.ids[2], ==, 2);
        CHECK_INT(encoded.ids[3], ==, 52);
    }
}

static void refuses(const char *name, const char *text, const char *reason)
{
    OWNED_VALUE(folder) folder = folder_new();
    OWNED_VALUE(buf) vocabulary = {0};
    struct err err = {0};

    tiny_vocabulary(&vocabulary, "");
    if (strcmp(name, "vocab.json") != 0)
        folder_write(&folder, "vocab.json", buf_text(&vocabulary));
    if (strcmp(name, "merges.txt") != 0)
        folder_write(&folder, "merges.txt", "#version: 0.2\na b</w>\n");
    if (text)
        folder_write(&folder, name, text);
    if (tokenizer_open(folder.path, &err))
        TEST_FAIL("%s was taken with %s", name, text);
    CHECK_HAS(err.text, folder.path);
    CHECK_HAS(err.text, reason);
}

TEST(refuses_folders_that_are_no_tokenizer)
{
    refuses("vocab.json", NULL, "there is neither tokenizer.json nor vocab.json");
    refuses("merges.txt", NULL, "merges.txt");
    refuses("vocab.json", "[1]", "vocab.json: not a JSON object");
    refuses("vocab.json", "{\"a\":", "vocab.json: not valid JSON");
    refuses("vocab.json", "{\"a\":-1}", "vocab.json: the id of 'a' is not a number");
    refuses("vocab.json", "{\"a\":1}", "bos_token: '<|startoftext|>' is not in the vocabulary");
    refuses("merges.txt", "a b</w>\nab\n", "merges.txt: line 2: 'ab' is not two tokens");
    refuses("merges.txt", "#version: 0.2\na c</w>\n", "line 2: 'ac</w>' is not in");
    refuses("merges.txt", "a b c\n", "line 1: 'a b c' is not two tokens");
    refuses("tokenizer.json", "{}", "tokenizer.json: model is missing");
    refuses("tokenizer.json", "{\"model\":{\"type\":\"Unigram\",\"vocab\":{},\"merges\":[]}}",
            "model.type is 'Unigram'");
    refuses("special_tokens_map.json", "{\"pad_token\":\"[PAD]\"}",
            "pad_token: '[PAD]' is not in the vocabulary");
    refuses("special_tokens_map.json", "{\"eos_token\":{\"content\":7}}",
            "special_tokens_map.json: eos_token: content is a number");
    refuses("special_tokens_map.json", "{\"eos_token\":{\"content\":\"a\",\"lstrip\":true}}",
            "lstrip is true");
}

TEST(the_map_of_specials_wins_but_not_over_a_decoder)
{
    OWNED_VALUE(folder) folder = folder_new();
    OWNED_VALUE(buf) vocabulary = {0};

    tiny_vocabulary(&vocabulary, "");
    folder_write(&folder, "vocab.json", buf_text(&vocabulary));
    folder_write(&folder, "merges.txt", "a b</w>\r\n");
    folder_write(&folder, "tokenizer_config.json", "{\"pad_token\":\"c\"}");
    folder_write(&folder, "special_tokens_map.json", "{\"pad_token\":\"d\"}");
    {
        OWNED(tokenizer) tokenizer = open_folder(folder.path);

        CHECK_INT(tokenizer_pad_id(tokenizer), ==, 3);
    }
    folder_write(&folder, "tokenizer_config.json",
                 "{\"pad_token\":\"c\",\"added_tokens_decoder\":{"
                 "\"2\":{\"content\":\"c\",\"special\":true,\"normalized\":false}}}");
    {
        OWNED(tokenizer) tokenizer = open_folder(folder.path);

        CHECK_INT(tokenizer_pad_id(tokenizer), ==, 2);
    }
}
