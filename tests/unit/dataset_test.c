/* The data sets as CSV: every id survives, and other people's files are read. */
#include "proto/dataset.h"

#include "tests/test.h"

struct input {
    const char *at;
    size_t left;
};

static long give(void *ctx, char *room, size_t size, struct err *err)
{
    struct input *in = ctx;
    size_t n = in->left < size ? in->left : size;

    (void)err;
    memcpy(room, in->at, n);
    in->at += n;
    in->left -= n;
    return (long)n;
}

static struct dataset_reader *reader_of(enum dataset_kind kind, struct input *in,
                                        const char *text)
{
    struct err err = {0};
    struct dataset_reader *reader;

    *in = (struct input){text, strlen(text)};
    reader = dataset_reader_new(kind, give, in, &err);
    CHECK_OK(err.code, err);
    return reader;
}

static struct csv_field field(const char *text)
{
    return (struct csv_field){text, strlen(text)};
}

static void check_header(enum dataset_kind kind, const char *text, const char *wanted)
{
    struct input in = {text, strlen(text)};
    struct err err = {0};
    OWNED(dataset_reader) reader = dataset_reader_new(kind, give, &in, &err);

    CHECK(!reader);
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, wanted);
}

/* The second line is refused with this text, and the third is read. */
static void check_refused(enum dataset_kind kind, const char *header, const char *row,
                          const char *good, const char *wanted)
{
    OWNED_VALUE(buf) text = {0};
    struct dataset_row read;
    struct err err = {0};
    struct input in;

    buf_printf(&text, "%s\n%s\n%s\n", header, row, good);
    OWNED(dataset_reader) reader = reader_of(kind, &in, buf_text(&text));
    CHECK_INT(dataset_read(reader, &read, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "line 2: ");
    CHECK_HAS(err.text, wanted);
    err_clear(&err);
    CHECK_INT(dataset_read(reader, &read, &err), ==, 1);
    CHECK_INT(read.line, ==, 3);
    CHECK_INT(dataset_read(reader, &read, &err), ==, 0);
}

TEST(rows_are_written_as_the_contract_has_them)
{
    const struct csv_field shown[] = {field("emotions/happy/spring,sunny,day/a_3h.jpeg"),
                                      field("emotions/calm/b_1v.jpeg")};
    const struct dataset_user user = {field("u 1"), field("adult"), field("Female"),
                                      field("happy")};
    const struct dataset_user unseen = {field("u,2"), field(""), field(""), field("sad")};
    const struct dataset_item item = {field("emotions/calm/b_1v.jpeg"), 1777888999,
                                      field("calm")};
    const struct dataset_interaction like = {
        field("u 1"), field("emotions/calm/b_1v.jpeg"), 1777885687, INTERACTION_LIKE, shown, 2};
    const struct dataset_interaction view = {
        field("u 1"), field("emotions/calm/b_1v.jpeg"), 0, INTERACTION_VIEW, NULL, 0};
    OWNED_VALUE(buf) out = {0};

    dataset_write_header(&out, DATASET_USERS);
    dataset_write_user(&out, &user);
    dataset_write_user(&out, &unseen);
    dataset_write_header(&out, DATASET_ITEMS);
    dataset_write_item(&out, &item);
    dataset_write_header(&out, DATASET_INTERACTIONS);
    dataset_write_interaction(&out, &like);
    dataset_write_interaction(&out, &view);
    CHECK_STR(buf_text(&out),
              "USER_ID,GENERATION,GENDER,EMOTION\n"
              "u 1,adult,Female,happy\n"
              "\"u,2\",,,sad\n"
              "ITEM_ID,TIMESTAMP,EMOTION\n"
              "emotions/calm/b_1v.jpeg,1777888999,calm\n"
              "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,IMPRESSION\n"
              "u 1,emotions/calm/b_1v.jpeg,1777885687,click,"
              "\"emotions/happy/spring,sunny,day/a_3h.jpeg|emotions/calm/b_1v.jpeg\"\n"
              "u 1,emotions/calm/b_1v.jpeg,0,view,\n");
    CHECK_STR(dataset_key(DATASET_ITEMS), "dataset/items/items.csv");
    CHECK_STR(dataset_file(DATASET_USERS), "users.csv");
}

TEST(every_id_comes_back_as_it_was)
{
    static const char *const ids[] = {
        "plain",   "a b",        "a/b",      "\"quoted\"", "a,b",          "line\nfeed", "\r",
        "행복 봄", "a|b",        "|",        "\\",         "\\\\",         "a\\|b",      "\\n",
        "%7C",     "ends in \\", "\\|\\\\|", "=1+1",       "\xef\xbb\xbfx"};
    enum { COUNT = sizeof ids / sizeof *ids };
    struct csv_field fields[COUNT];
    OWNED_VALUE(buf) text = {0};
    struct dataset_row row;
    struct err err = {0};
    struct input in;

    dataset_write_header(&text, DATASET_INTERACTIONS);
    for (size_t i = 0; i < COUNT; i++)
        fields[i] = field(ids[i]);
    for (size_t i = 0; i < COUNT; i++) {
        const struct dataset_interaction act = {fields[i],  fields[COUNT - 1 - i],
                                                (int64_t)i, INTERACTION_SKIP,
                                                &fields[i], COUNT - i};

        dataset_write_interaction(&text, &act);
    }
    OWNED(dataset_reader) reader = reader_of(DATASET_INTERACTIONS, &in, buf_text(&text));
    for (size_t i = 0; i < COUNT; i++) {
        const struct dataset_interaction *act = &row.interaction;

        CHECK_INT(dataset_read(reader, &row, &err), ==, 1);
        CHECK_STR(act->user_id.text, ids[i]);
        CHECK_STR(act->item_id.text, ids[COUNT - 1 - i]);
        CHECK_INT(act->timestamp_s, ==, i);
        CHECK_INT(act->type, ==, INTERACTION_SKIP);
        CHECK_INT(act->impression_count, ==, COUNT - i);
        for (size_t j = 0; j < act->impression_count; j++)
            CHECK_STR(act->impression[j].text, ids[i + j]);
    }
    CHECK_INT(dataset_read(reader, &row, &err), ==, 0);
}

TEST(files_of_others_are_read)
{
    struct dataset_row row;
    struct err err = {0};
    struct input in;
    OWNED(dataset_reader)
    acts = reader_of(DATASET_INTERACTIONS, &in,
                     "\xef\xbb\xbfTIMESTAMP,EXTRA,ITEM_ID,USER_ID\r\n1586731606,x,i,u\r\n");

    CHECK_INT(dataset_read(acts, &row, &err), ==, 1);
    CHECK_STR(row.interaction.user_id.text, "u");
    CHECK_STR(row.interaction.item_id.text, "i");
    CHECK_INT(row.interaction.timestamp_s, ==, 1586731606);
    CHECK_INT(row.interaction.type, ==, INTERACTION_LIKE);
    CHECK_INT(row.interaction.impression_count, ==, 0);
    OWNED(dataset_reader)
    types = reader_of(DATASET_INTERACTIONS, &in,
                      "user_id,item_id,timestamp,event_type\nu,i,1,like\nu,i,1,Click\nu,i,1,\n"
                      "u,i,1,VIEW\n");
    for (int i = 0; i < 4; i++) {
        CHECK_INT(dataset_read(types, &row, &err), ==, 1);
        CHECK_INT(row.interaction.type, ==, i < 3 ? INTERACTION_LIKE : INTERACTION_VIEW);
    }
    OWNED(dataset_reader)
    users = reader_of(DATASET_USERS, &in, "EMOTION,USER_ID,GENDER\nHAPPY,u,male\nsad,v,\n");
    CHECK_INT(dataset_read(users, &row, &err), ==, 1);
    CHECK_STR(row.user.emotion.text, "happy");
    CHECK_STR(row.user.gender.text, "Male");
    CHECK_STR(row.user.generation.text, "");
    CHECK_INT(dataset_read(users, &row, &err), ==, 1);
    CHECK_STR(row.user.gender.text, "");
    OWNED(dataset_reader)
    items = reader_of(DATASET_ITEMS, &in, "ITEM_ID,CREATION_TIMESTAMP\ni,12\nj,\n");
    CHECK_INT(dataset_read(items, &row, &err), ==, 1);
    CHECK_INT(row.item.timestamp_s, ==, 12);
    CHECK_INT(dataset_read(items, &row, &err), ==, 1);
    CHECK_STR(row.item.emotion.text, "");
}

TEST(a_header_that_does_not_do_is_told)
{
    check_header(DATASET_USERS, "", "it is empty");
    check_header(DATASET_USERS, "USER_ID,GENDER\n", "no column EMOTION");
    check_header(DATASET_ITEMS, "ID,TIMESTAMP\n", "no column ITEM_ID");
    check_header(DATASET_INTERACTIONS, "u-1,i-1,1586731606\n", "no column USER_ID");
    check_header(DATASET_INTERACTIONS, "USER_ID,ITEM_ID,TIMESTAMP,user_id\n",
                 "names USER_ID twice");
    check_header(DATASET_ITEMS, "ITEM_ID,TIMESTAMP,CREATION_TIMESTAMP\n",
                 "names TIMESTAMP twice");
}

TEST(a_row_that_does_not_do_is_told_and_left)
{
    static const struct {
        const char *row, *wanted;
    } acts[] = {
        {",i,1,click,", "USER_ID is empty"},
        {"u,,1,click,", "ITEM_ID is empty"},
        {"u,i,,click,", "TIMESTAMP is ''"},
        {"u,i,yesterday,click,", "TIMESTAMP is 'yesterday'"},
        {"u,i,-1,click,", "TIMESTAMP is '-1'"},
        {"u,i,1.5,click,", "TIMESTAMP is '1.5'"},
        {"u,i,1777885687123,click,", "looks like milliseconds"},
        {"u,i,1,purchase,", "EVENT_TYPE is 'purchase'"},
        {"u,i,1,click,a||b", "an empty item id"},
        {"u,i,1,click,a|", "an empty item id"},
        {"u,i,1,click", "4 fields, and the header names 5"},
        {"u,i,1,click,a,b", "6 fields, and the header names 5"},
        {"u,i,1,click,a\"b", "a quote inside a field"},
    };

    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        check_refused(DATASET_INTERACTIONS, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,IMPRESSION",
                      acts[i].row, "u,i,1,click,", acts[i].wanted);
    check_refused(DATASET_USERS, "USER_ID,GENERATION,GENDER,EMOTION", "u,boomer,Male,happy",
                  "u,,,sad", "GENERATION is 'boomer': it must be one of toddler, child");
    check_refused(DATASET_USERS, "USER_ID,GENERATION,GENDER,EMOTION", "u,,,", "u,,,sad",
                  "EMOTION is ''");
    check_refused(DATASET_ITEMS, "ITEM_ID,TIMESTAMP,EMOTION", ",1,happy", "i,1,happy",
                  "ITEM_ID is empty");
}

TEST(an_impression_has_its_limit)
{
    OWNED_VALUE(buf) row = {0};

    buf_append_str(&row, "u,i,1,click,a");
    for (int i = 0; i < INTERACTION_IMPRESSION_MAX; i++)
        buf_append_str(&row, "|a");
    check_refused(DATASET_INTERACTIONS, "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,IMPRESSION",
                  buf_text(&row), "u,i,1,click,", "more than");
}
