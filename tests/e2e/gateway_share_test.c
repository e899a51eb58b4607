/* gateway_share_test.c - the page of one picture, asked of the real gateway. */
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/image/image.h"
#include "proto/object_event.h"
#include "proto/recipe.h"
#include "tests/support/gateway.h"
#include "tests/support/process.h"
#include "tests/test.h"

static int get(struct door *door, const char *path, const char *header)
{
    return door_ask(door, &(struct door_request){.path = path, .header = header});
}

/* The page of a key, which is sent encoded. */
static int share(struct door *door, const char *key)
{
    OWNED_VALUE(buf) path = {0};

    buf_append_str(&path, "/image?content=");
    text_url_encode(&path, key, strlen(key), false);
    return get(door, buf_text(&path), NULL);
}

static void store(struct door *door, const char *key, const void *data, size_t size)
{
    struct err err = {0};
    OWNED(store) opened = garden_open_store(&door->conf, &err);

    CHECK(opened);
    CHECK_OK(store_put(opened, key, data, size, NULL, NULL, &err), err);
}

static void store_plain(struct door *door, const char *key)
{
    OWNED_VALUE(buf) data = {0};

    file_load(PICTURE_H, &data);
    store(door, key, data.data, data.size);
}

/* A picture that tells how it was drawn. */
static void store_drawn(struct door *door, const char *key, const char *prompt)
{
    uint8_t rgb[16 * 8 * 3] = {90};
    const struct image image = {.width = 16, .height = 8, .rgb = rgb};
    const struct recipe recipe = {.model_id = "0123456789",
                                  .model = "garden-diffusion",
                                  .prompt = prompt,
                                  .negative = "text, watermark",
                                  .guidance = 7.5,
                                  .seed = 4211,
                                  .width = 16,
                                  .height = 8,
                                  .steps = 50,
                                  .scheduler = GENERATION_DPMPP_2M};
    OWNED_VALUE(buf) parameters = {0}, jpeg = {0};
    struct image_metadata metadata = {0};
    struct err err = {0};

    recipe_format(&recipe, "00", "garden 1", &parameters);
    metadata.parameters = buf_text(&parameters);
    CHECK_OK(image_encode_jpeg(&image, 90, &metadata, &jpeg, &err), err);
    store(door, key, jpeg.data, jpeg.size);
}

/* As item-ingest does when a picture is taken out of the garden. */
static void hide(struct door *door, const char *search_key, const char *name)
{
    struct catalog_item item = {.ref = {CATALOG_GARDEN, search_key, name},
                                .state = CATALOG_HIDDEN,
                                .orientation = 'h',
                                .event_time_ms = clock_wall_ms()};
    struct catalog_batch batch = {.items = &item, .item_count = 1};
    struct err err = {0};
    OWNED(catalog) catalog = garden_open_catalog(&door->conf, false, &err);

    CHECK(catalog);
    object_sequencer_now(item.sequencer);
    CHECK_OK(catalog_apply(catalog, &batch, &err), err);
}

TEST(a_picture_has_a_page_with_its_mood_and_its_recipe)
{
    const char *const settings[] = {"GARDEN_PUBLIC_URL=https://garden.example/", NULL};
    struct door door = {0};

    door_start(&door, settings);
    store_drawn(&door, "emotions/happy/spring,rainy,the-early-dawn/a_0h.jpeg",
                "a lake, <b>flowers</b>");
    CHECK_INT(share(&door, "emotions/happy/spring,rainy,the-early-dawn/a_0h.jpeg"), ==, 200);
    CHECK_STR(door_header(&door, "content-type"), "text/html; charset=utf-8");
    CHECK_HAS(door_header(&door, "content-security-policy"), "script-src 'self'");
    CHECK_HAS(door_body(&door), "<html lang=\"en\"");
    CHECK_HAS(door_body(&door),
              "property=\"og:image\" content=\"https://garden.example/emotions/happy/"
              "spring%2Crainy%2Cthe-early-dawn/a_0h.jpeg\"");
    CHECK_HAS(door_body(&door), "property=\"og:url\" content=\"https://garden.example/image?"
                                "content=emotions%2Fhappy%2Fspring%2Crainy");
    CHECK_HAS(door_body(&door), "og:image:width\" content=\"16\"");
    CHECK_HAS(door_body(&door), "twitter:card\" content=\"summary_large_image\"");
    CHECK_HAS(door_body(&door), "download=\"a_0h.jpeg\"");
    CHECK_HAS(door_body(&door), "spring, rain, dawn");
    CHECK_HAS(door_body(&door), "봄, 비, 새벽");
    CHECK_HAS(door_body(&door), "a lake, &lt;b&gt;flowers&lt;/b&gt;");
    CHECK_HAS(door_body(&door), "text, watermark");
    CHECK_HAS(door_body(&door), "garden-diffusion");
    CHECK_HAS(door_body(&door), "4211");
    CHECK(!strstr(door_body(&door), "<b>flowers"));
    CHECK(!strstr(door_body(&door), "{{"));
    door_stop(&door);
}

TEST(a_picture_without_a_recipe_says_nothing_of_one)
{
    struct door door = {0};

    door_start(&door, NULL);
    store_plain(&door, "emotions/sad/a_1h.jpeg");
    CHECK_INT(share(&door, "emotions/sad/a_1h.jpeg"), ==, 200);
    CHECK_HAS(door_body(&door), "og:image\" content=\"http://127.0.0.1");
    CHECK_HAS(door_body(&door), "슬픔");
    CHECK(!strstr(door_body(&door), "recipe-title"));
    CHECK(!strstr(door_body(&door), "{{"));
    door_stop(&door);
}

TEST(the_page_speaks_the_readers_language)
{
    struct door door = {0};

    door_start(&door, NULL);
    store_plain(&door, "emotions/calm/a_1v.jpeg");
    CHECK_INT(get(&door, "/image?content=emotions/calm/a_1v.jpeg",
                  "Accept-Language: ko-KR,ko;q=0.9,en;q=0.5"),
              ==, 200);
    CHECK_HAS(door_body(&door), "<html lang=\"ko\"");
    CHECK_INT(
        get(&door, "/image?content=emotions/calm/a_1v.jpeg&lang=en", "Accept-Language: ko"), ==,
        200);
    CHECK_HAS(door_body(&door), "<html lang=\"en\"");
    CHECK_INT(
        get(&door, "/image?content=emotions/calm/a_1v.jpeg&lang=%22%3E%3Cscript%3E", NULL), ==,
        200);
    CHECK_HAS(door_body(&door), "<html lang=\"en\"");
    door_stop(&door);
}

TEST(names_with_markup_in_them_are_only_text)
{
    static const char key[] = "emotions/happy/\"><script>alert(1)<'&.jpeg";
    struct door door = {0};

    door_start(&door, NULL);
    store_plain(&door, "emotions/happy/\"><img src=x onerror=alert(1)>/b'&\"<i>_h.jpeg");
    store_plain(&door, key);
    CHECK_INT(share(&door, key), ==, 200);
    CHECK(!strstr(door_body(&door), "<script>alert"));
    CHECK_HAS(door_body(&door),
              "download=\"&quot;&gt;&lt;script&gt;alert(1)&lt;&#39;&amp;.jpeg\"");
    CHECK_INT(share(&door, "emotions/happy/\"><img src=x onerror=alert(1)>/b'&\"<i>_h.jpeg"),
              ==, 200);
    CHECK(!strstr(door_body(&door), "<img src=x"));
    CHECK_HAS(door_body(&door), "&lt;img src=x onerror=alert(1)&gt;");
    door_stop(&door);
}

TEST(what_is_not_in_the_garden_has_a_friendly_404)
{
    static const char *const none[] = {
        "/image",
        "/image?content=",
        "/image?content=emotions/happy/never.jpeg",
        "/image?content=imgPool/happy/a_1h.jpeg",
        "/image?content=emotions/happy/out.jpeg",
        "/image?content=display/zone1/img1h.jpeg",
        "/image?content=operator.key",
        "/image?content=emotions/../operator.key",
        "/image?content=emotions/happy/%3Cscript%3E.jpeg",
    };
    struct door door = {0};

    door_start(&door, NULL);
    store_plain(&door, "imgPool/happy/a_1h.jpeg");
    store_plain(&door, "emotions/happy/out.jpeg");
    hide(&door, "happy", "out.jpeg");
    store_plain(&door, "display/zone1/img1h.jpeg");
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        CHECK_INT(get(&door, none[i], NULL), ==, 404);
        CHECK_STR(door_header(&door, "content-type"), "text/html; charset=utf-8");
        CHECK_HAS(door_body(&door), "This picture has faded");
        CHECK(!strstr(door_body(&door), "<script"));
        CHECK(!strstr(door_body(&door), "{{"));
    }
    door_stop(&door);
}
