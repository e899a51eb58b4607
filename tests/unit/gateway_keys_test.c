/* gateway_keys_test.c - API keys, sessions, origins and rate limits. */
#include <fcntl.h>
#include <sys/stat.h>

#include "gateway/cors.h"
#include "gateway/keyring.h"
#include "gateway/rate.h"
#include "gateway/secret_file.h"
#include "gateway/session.h"
#include "lib/base/text.h"
#include "tests/support/process.h"
#include "tests/test.h"

static const struct keyring_wanted nothing = {"", "", ""};

static void read_file(const char *dir, const char *name, struct buf *ret_text)
{
    struct err err = {0};

    CHECK_OK(secret_file_read(dir, name, ret_text, &err), err);
}

static void check_private(const char *dir, const char *name)
{
    char path[512];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK(stat(path, &st) == 0);
    CHECK_INT(st.st_mode & 0777, ==, 0600);
}

TEST(keys_are_made_once_and_kept_readable_for_their_owner)
{
    const char *dir = folder_new();
    struct err err = {0};
    OWNED(keyring) first = keyring_open(dir, &nothing, &err);
    OWNED(keyring) again = keyring_open(dir, &nothing, &err);
    OWNED_VALUE(buf) operator_key = {0}, stored = {0};
    int found;

    CHECK(first && again);
    CHECK_INT(keyring_count(again), ==, 3);
    read_file(dir, "operator.key", &operator_key);
    CHECK_INT(operator_key.size, ==, 32);
    found = keyring_find(first, buf_text(&operator_key));
    CHECK_INT(found, >=, 0);
    CHECK_INT(keyring_get(first, (size_t)found)->role, ==, ROLE_OPERATOR);
    CHECK_INT(keyring_find(again, buf_text(&operator_key)), >=, 0);
    CHECK_INT(keyring_find(again, "something else"), ==, -1);
    CHECK_INT(keyring_find(again, ""), ==, -1);
    read_file(dir, "keys.json", &stored);
    CHECK(!strstr(buf_text(&stored), buf_text(&operator_key)));
    check_private(dir, "operator.key");
    check_private(dir, "kiosk.key");
    check_private(dir, "keys.json");
}

TEST(a_key_of_the_environment_replaces_the_one_before)
{
    const char *dir = folder_new();
    const struct keyring_wanted mine = {"my own operator key", "", ""};
    const struct keyring_wanted other = {"another operator key", "", ""};
    struct err err = {0};
    OWNED(keyring) before = keyring_open(dir, &mine, &err);
    OWNED(keyring) after = keyring_open(dir, &other, &err);

    CHECK(before && after);
    CHECK_INT(keyring_find(before, "my own operator key"), >=, 0);
    CHECK_INT(keyring_find(after, "my own operator key"), ==, -1);
    CHECK_INT(keyring_find(after, "another operator key"), >=, 0);
    CHECK_INT(keyring_count(after), ==, 3);
}

TEST(a_broken_keys_file_is_named)
{
    static const char *const files[] = {
        "{",
        "{}",
        "{\"keys\":[{\"id\":\"x\"}]}",
        "{\"keys\":[{\"id\":\"x\",\"role\":\"king\",\"salt\":\"\",\"hash\":\"\"}]}",
        "{\"keys\":[{\"id\":\"X\",\"role\":\"kiosk\",\"salt\":\"\",\"hash\":\"\"}]}",
        "{\"keys\":[{\"id\":\"x\",\"role\":\"kiosk\",\"salt\":\"00\",\"hash\":\"00\"}]}",
    };
    const char *dir = folder_new();

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct err err = {0};

        CHECK_OK(secret_file_write(dir, "keys.json", files[i], strlen(files[i]), &err), err);
        CHECK(!keyring_open(dir, &nothing, &err));
        CHECK_INT(err.code, ==, ERR_INVALID);
        CHECK_HAS(err.text, "keys.json");
    }
}

TEST(a_session_holds_until_it_expires_or_its_key_changes)
{
    const char *dir = folder_new();
    const struct keyring_wanted mine = {"first", "", ""}, other = {"second", "", ""};
    uint8_t secret[SESSION_SECRET], same[SESSION_SECRET], wrong[SESSION_SECRET] = {0};
    char text[SESSION_TEXT];
    struct err err = {0};
    OWNED(keyring) keyring = keyring_open(dir, &mine, &err);
    int index;

    CHECK(keyring);
    CHECK_OK(session_secret(dir, secret, &err), err);
    CHECK_OK(session_secret(dir, same, &err), err);
    CHECK(memcmp(secret, same, sizeof secret) == 0);
    check_private(dir, "session.secret");
    index = keyring_find(keyring, "first");
    session_seal(secret, keyring_get(keyring, (size_t)index), 1000, text);
    CHECK_INT(session_open(secret, keyring, text, 999), ==, index);
    CHECK_INT(session_open(secret, keyring, text, 1000), ==, -1);
    CHECK_INT(session_open(wrong, keyring, text, 999), ==, -1);

    OWNED(keyring) changed = keyring_open(dir, &other, &err);
    CHECK(changed);
    CHECK_INT(session_open(secret, changed, text, 999), ==, -1);
}

TEST(a_forged_session_is_none)
{
    const char *dir = folder_new();
    uint8_t secret[SESSION_SECRET] = {1};
    char text[SESSION_TEXT], forged[SESSION_TEXT];
    struct err err = {0};
    OWNED(keyring) keyring = keyring_open(dir, &nothing, &err);

    CHECK(keyring);
    session_seal(secret, keyring_get(keyring, (size_t)keyring_find_id(keyring, "kiosk")), 1000,
                 text);
    for (size_t i = 0; text[i]; i++) { /* any other character anywhere */
        memcpy(forged, text, sizeof forged);
        forged[i] = text[i] == 'A' ? 'B' : 'A';
        CHECK_INT(session_open(secret, keyring, forged, 1), ==, -1);
    }
    (void)snprintf(forged, sizeof forged, "operator%s", strchr(text, '.'));
    CHECK_INT(session_open(secret, keyring, forged, 1), ==, -1);
    CHECK_INT(session_open(secret, keyring, "", 1), ==, -1);
    CHECK_INT(session_open(secret, keyring, "...", 1), ==, -1);
}

TEST(the_cookie_is_found_among_others)
{
    char text[SESSION_TEXT];

    CHECK_INT(session_find("a=b; garden_session=x.1.y; c=d", text), ==, 0);
    CHECK_STR(text, "x.1.y");
    CHECK_INT(session_find("garden_session=z", text), ==, 0);
    CHECK_STR(text, "z");
    CHECK_INT(session_find("xgarden_session=z", text), ==, -1);
    CHECK_INT(session_find("garden_sessions=z", text), ==, -1);
    CHECK_INT(session_find("", text), ==, -1);
}

TEST(origins_are_allowed_by_name_or_all)
{
    bool by_name = false;

    CHECK(cors_allows("https://a.example, https://b.example:8443", "https://b.example:8443",
                      &by_name));
    CHECK(by_name);
    CHECK(!cors_allows("https://a.example", "https://a.example.evil", &by_name));
    CHECK(!cors_allows("https://a.example", "https://a.exampl", &by_name));
    CHECK(!cors_allows("https://a.example", "null", &by_name));
    CHECK(!cors_allows("", "", &by_name));
    CHECK(cors_allows("*", "https://anybody.example", &by_name));
    CHECK(!by_name);
    CHECK(cors_allows("* https://a.example", "https://a.example", &by_name));
    CHECK(by_name);
}

TEST(a_bucket_fills_again_and_never_over_its_brim)
{
    const int64_t second = 1000000000;
    struct err err = {0};
    OWNED(rate) rate = rate_new(10, 3, &err);
    double wait_s = 0;

    CHECK(rate);
    for (int i = 0; i < 3; i++)
        CHECK(rate_take(rate, "a", second, &wait_s));
    CHECK(!rate_take(rate, "a", second, &wait_s));
    CHECK(wait_s > 0.09 && wait_s < 0.11);
    CHECK(rate_take(rate, "b", second, &wait_s));
    CHECK(!rate_take(rate, "a", second + second / 20, &wait_s));
    CHECK(rate_take(rate, "a", second + second / 10, &wait_s));
    for (int i = 0; i < 3; i++)
        CHECK(rate_take(rate, "a", 100 * second, &wait_s));
    CHECK(!rate_take(rate, "a", 100 * second, &wait_s));
    CHECK(!rate_peek(rate, "a", 100 * second, &wait_s));
}

TEST(many_strangers_do_not_make_the_table_grow_or_lock_others_out)
{
    struct err err = {0};
    OWNED(rate) rate = rate_new(1, 1, &err);
    double wait_s = 0;
    char who[32];

    CHECK(rate);
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(who, sizeof who, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        CHECK(rate_take(rate, who, i, &wait_s));
    }
    CHECK(!rate_take(rate, who, 100000, &wait_s));
}
