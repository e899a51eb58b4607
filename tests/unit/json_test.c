/* json_test.c - what is read, what is refused and how it is written. */
#include "lib/json/json.h"
#include "lib/json/json_skim.h"

#include "tests/test.h"

static json_t *parse(const char *text)
{
    struct err err = {0};
    json_t *value = json_parse(text, strlen(text), &err);

    if (!value)
        TEST_FAIL("%s: %s", text, err.text);
    return value;
}

static void refuses_n(const char *text, size_t size, const char *reason)
{
    struct err err = {0};
    json_t *value = json_parse(text, size, &err);

    CHECK(!value);
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, reason);
}

static void refuses(const char *text, const char *reason)
{
    refuses_n(text, strlen(text), reason);
}

TEST(refuses_what_is_not_json)
{
    refuses("", "nothing");
    refuses("{\"a\":}", "line 1 column 6");
    refuses("{\"a\":1} x", "not valid JSON");
    refuses("{\"a\":1,\"a\":2}", "duplicate");
    refuses("\"\\u0000\"", "not valid JSON");
    refuses("\"\xff\"", "not valid JSON");
    refuses("99999999999999999999", "not valid JSON");
    refuses_n("1\0", 2, "not valid JSON");
}

TEST(refuses_depth_and_takes_brackets_in_strings)
{
    char deep[80] = "", text[80] = "\"";
    OWNED_JSON ok = NULL;

    for (int i = 0; i < 33; i++)
        deep[i] = '[';
    refuses(deep, "nested more than 32 deep at byte 32");
    for (int i = 0; i < 40; i++)
        text[i + 1] = '[';
    text[41] = '"';
    ok = parse(text);
    CHECK_INT(json_string_length(ok), ==, 40);
}

TEST(takes_the_depth_that_is_allowed)
{
    char deep[65] = "";
    OWNED_JSON ok = NULL;

    memset(deep, '[', 32);
    memset(deep + 32, ']', 32);
    ok = parse(deep);
    CHECK(json_is_array(ok));
}

TEST(names_the_member_that_is_missing_or_wrong)
{
    OWNED_JSON object = parse("{\"s\":\"x\",\"n\":1.5,\"z\":null}");
    struct err missing = {0}, wrong = {0}, half = {0}, null = {0};
    const char *text = "before";
    int64_t number = 7;

    CHECK_INT(json_get_str(object, "width", &text, &missing), ==, ERR_INVALID);
    CHECK_STR(missing.text, "width is missing");
    CHECK_STR(text, "before");
    CHECK_INT(json_get_int(object, "s", &number, &wrong), ==, ERR_INVALID);
    CHECK_STR(wrong.text, "s is a string, not a whole number");
    CHECK_INT(json_get_int(object, "n", &number, &half), ==, ERR_INVALID);
    CHECK_INT(number, ==, 7);
    CHECK_INT(json_get_str(object, "z", &text, &null), ==, ERR_INVALID);
    CHECK_STR(null.text, "z is null, not a string");
}

TEST(optional_members_may_be_missing_or_null_but_not_wrong)
{
    OWNED_JSON object = parse("{\"z\":null,\"s\":\"x\",\"i\":3.0,\"b\":true}");
    struct err err = {0}, wrong = {0};
    const char *text = "before";
    int64_t number = 7;
    bool flag = false;

    CHECK_OK(json_opt_str(object, "none", &text, &err), err);
    CHECK_OK(json_opt_str(object, "z", &text, &err), err);
    CHECK_STR(text, "before");
    CHECK_OK(json_opt_int(object, "i", &number, &err), err);
    CHECK_INT(number, ==, 3);
    CHECK_OK(json_opt_bool(object, "b", &flag, &err), err);
    CHECK(flag);
    CHECK_INT(json_opt_bool(object, "s", &flag, &wrong), ==, ERR_INVALID);
}

TEST(a_place_goes_in_front_of_a_reason)
{
    OWNED_JSON array = parse("[]");
    struct err err = {0}, other = {0};
    const char *text;

    CHECK_INT(json_get_str(array, "key", &text, &err), ==, ERR_INVALID);
    CHECK_INT(json_err_at(&err, "Records[%d].s3", 2), ==, ERR_INVALID);
    CHECK_HAS(err.text, "Records[2].s3.key is needed in an object");
    err_set(&other, ERR_NOMEM, "no memory");
    CHECK_INT(json_err_at(&other, "Records[2]"), ==, ERR_NOMEM);
    CHECK_STR(other.text, "no memory");
}

TEST(writes_commas_where_they_belong)
{
    OWNED_VALUE(buf) out = {0};

    json_write_open(&out, '{');
    json_put_str(&out, "s", "a\"b\\c\n\x01/{");
    json_put_int(&out, "i", INT64_MIN);
    json_put_bool(&out, "b", true);
    json_put_str(&out, "z", NULL);
    json_write_name(&out, "list");
    json_write_open(&out, '[');
    json_write_int(&out, 0);
    json_write_raw(&out, "{\"x\":1}\n", 8);
    json_write_open(&out, '[');
    json_write_close(&out, ']');
    json_write_str_n(&out, "\xed\x95\xa9\xff\xc3", 5);
    json_write_close(&out, ']');
    json_write_close(&out, '}');
    CHECK_STR(buf_text(&out),
              "{\"s\":\"a\\\"b\\\\c\\n\\u0001/{\",\"i\":-9223372036854775808,\"b\":true,"
              "\"z\":null,\"list\":[0,{\"x\":1},[],\"\xed\x95\xa9\xef\xbf\xbd\xef\xbf\xbd\"]}");
}

TEST(writes_numbers_that_read_back_the_same)
{
    static const double numbers[] = {0.1, 7.5, 1e300, -1.0 / 3, 5, 123456789.25};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        OWNED_VALUE(buf) out = {0};
        OWNED_JSON back = NULL;

        json_write_number(&out, numbers[i]);
        back = parse(buf_text(&out));
        CHECK(json_number_value(back) == numbers[i]);
    }
}

TEST(writes_short_numbers_and_nothing_that_json_lacks)
{
    OWNED_VALUE(buf) out = {0};

    json_write_open(&out, '[');
    json_write_number(&out, 0.1);
    json_write_number(&out, 1.0 / 0.0);
    json_write_close(&out, ']');
    CHECK_STR(buf_text(&out), "[0.1,null]");
}

TEST(writes_a_tree_as_it_was_read)
{
    static const char text[] = "{\"b\":[1,\"x\",{\"c\":null}],\"a\":1.5}";
    OWNED_JSON tree = parse(text);
    OWNED_VALUE(buf) out = {0};

    json_write_tree(&out, tree);
    CHECK_STR(buf_text(&out), text);
}

TEST(lines_of_a_feed_need_no_comma)
{
    OWNED_VALUE(buf) out = {0};

    buf_append_str(&out, "data: ");
    json_write_int(&out, 1);
    buf_append_str(&out, "\n");
    json_write_int(&out, 2);
    CHECK_STR(buf_text(&out), "data: 1\n2");
}

static bool is_short(const char *name, size_t size)
{
    (void)name;
    return size == 1;
}

static void skims(const char *text, const char *left)
{
    OWNED_VALUE(buf) out = {0};
    struct err err = {0};
    OWNED_JSON value = json_skim(text, strlen(text), is_short, &err);

    if (!value)
        TEST_FAIL("%s: %s", text, err.text);
    json_write_tree(&out, value);
    CHECK_STR(buf_text(&out), left);
}

TEST(skimming_leaves_out_what_is_not_wanted)
{
    skims("{\"aa\":1,\"b\":2,\"cc\":3}", "{\"b\":2}");
    skims("{\"a\":1,\"bb\":{\"x\":[\"}\\\"]\"]},\"c\":{\"dd\":1}}", "{\"a\":1,\"c\":{}}");
    skims(" { \"aa\" : [ 1 , 2 ] ,\n \"b\" : [ 1 , \"cc\" ] } ", "{\"b\":[1,\"cc\"]}");
    skims("[{\"aa\":null},{\"b\":true,\"cc\":\"\"}]", "[{},{\"b\":true}]");
    skims("{\"\\u0061\":1}", "{\"a\":1}");
}

TEST(skimming_takes_nothing_that_is_not_json)
{
    static const char *const texts[] = {
        "{\"a\":1 2}", "{\"a\":1,}",    "{\"aa\":1,,\"b\":2}", "{\"aa\":[1}",
        "{\"aa\":\"x", "{\"a\":tr ue}", "{\"a\":1,\"a\":2}",   "{\"a\" 1}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err err = {0};
        json_t *value = json_skim(texts[i], strlen(texts[i]), is_short, &err);

        if (value)
            TEST_FAIL("%s was taken", texts[i]);
        CHECK_HAS(err.text, "not valid JSON at line 1 column");
    }
}
