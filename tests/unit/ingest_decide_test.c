/* What a batch makes of what the catalogue knows: order, doubles, ties, and pictures that have
 * to be looked at. */
#include "services/item-ingest/decide.h"

#include "tests/test.h"

static struct figures figures;

/* A batch of changes of one picture, and the row that the catalogue has of it. */
struct scene {
    struct batch *batch;
    struct decision decision;
    struct catalog_item row;
    bool has_row;
};

static void begin(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    figures_init(&figures);
    scene->batch = batch_new();
    CHECK(scene->batch != NULL);
}

static void end(struct scene *scene)
{
    decision_done(&scene->decision);
    batch_free(scene->batch);
}

static struct change *add(struct scene *scene, enum object_change what, const char *sequencer,
                          int64_t time_ms)
{
    struct change *change = batch_next_change(scene->batch);

    CHECK(change != NULL);
    scene->batch->count++;
    change->what = what;
    change->vouched = what == OBJECT_CREATED;
    change->orientation = 'h';
    change->key = "emotions/happy/a_h.jpeg";
    change->ref = (struct catalog_ref){CATALOG_GARDEN, "happy", "a_h.jpeg"};
    change->sequencer = sequencer;
    change->time_ms = time_ms;
    change->sha256 = what == OBJECT_CREATED ? "aa" : "";
    change->size_bytes = what == OBJECT_CREATED ? 10 : 0;
    change->width = change->height = what == OBJECT_CREATED ? 5 : 0;
    change->offset = (int64_t)scene->batch->count;
    return change;
}

static void know(struct scene *scene, enum catalog_state state, const char *sequencer,
                 int64_t time_ms)
{
    scene->has_row = true;
    scene->row = (struct catalog_item){
        .state = state, .orientation = 'h', .event_time_ms = time_ms, .size_bytes = 10};
    (void)snprintf(scene->row.sequencer, sizeof scene->row.sequencer, "%s", sequencer);
    (void)snprintf(scene->row.sha256, sizeof scene->row.sha256, "aa");
}

/* Decides, and returns the one verdict. */
static struct verdict *decide(struct scene *scene)
{
    struct err err = {0};

    CHECK_OK(decide_pictures(&scene->decision, scene->batch, &err), err);
    CHECK_INT(scene->decision.count, ==, 1);
    scene->decision.rows[0] = scene->row;
    scene->decision.found[0] = scene->has_row;
    decide_batch(&scene->decision, scene->batch, &figures);
    return &scene->decision.verdicts[0];
}

TEST(the_newest_event_of_a_batch_counts)
{
    struct scene scene;
    const struct verdict *verdict;

    begin(&scene);
    (void)add(&scene, OBJECT_CREATED, "B1", 1);
    (void)add(&scene, OBJECT_REMOVED, "B3", 1);
    (void)add(&scene, OBJECT_CREATED, "B2", 9); /* the sequencer decides, not the time */
    verdict = decide(&scene);
    CHECK_INT(verdict->state, ==, VERDICT_APPLY);
    CHECK_INT(verdict->item.state, ==, CATALOG_REMOVED);
    CHECK_STR(verdict->item.sequencer, "B3");
    end(&scene);
}

TEST(what_the_catalogue_knows_better_changes_nothing)
{
    struct scene scene;

    begin(&scene);
    know(&scene, CATALOG_LIVE, "B5", 5);
    (void)add(&scene, OBJECT_REMOVED, "B4", 4);
    (void)add(&scene, OBJECT_CREATED, "B5", 5); /* the very event */
    CHECK_INT(decide(&scene)->state, ==, VERDICT_NONE);
    end(&scene);
}

TEST(without_a_sequencer_time_orders)
{
    struct scene scene;
    const struct verdict *verdict;

    begin(&scene);
    know(&scene, CATALOG_LIVE, "B5", 5);
    (void)add(&scene, OBJECT_REMOVED, "", 6);
    verdict = decide(&scene);
    CHECK_INT(verdict->state, ==, VERDICT_APPLY);
    CHECK_INT(verdict->item.state, ==, CATALOG_REMOVED);
    CHECK_STR(verdict->item.sequencer, "");
    end(&scene);
}

TEST(clearing_comes_after_the_creating_of_the_same_moment)
{
    struct scene scene;
    const struct verdict *verdict;

    begin(&scene);
    (void)add(&scene, OBJECT_CREATED, "", 6);
    (void)add(&scene, OBJECT_CLEARED, "", 6);
    verdict = decide(&scene);
    CHECK_INT(verdict->state, ==, VERDICT_APPLY);
    CHECK_INT(verdict->item.state, ==, CATALOG_HIDDEN);
    end(&scene);

    begin(&scene);
    know(&scene, CATALOG_HIDDEN, "", 6);
    (void)add(&scene, OBJECT_CREATED, "", 6);
    CHECK_INT(decide(&scene)->state, ==, VERDICT_NONE);
    end(&scene);
}

TEST(a_tie_is_left_to_the_store)
{
    struct scene scene;
    struct verdict *verdict;

    begin(&scene);
    know(&scene, CATALOG_LIVE, "", 6);
    (void)add(&scene, OBJECT_REMOVED, "", 6);
    verdict = decide(&scene);
    CHECK_INT(verdict->state, ==, VERDICT_FETCH);
    verdict->job.outcome = FETCH_GONE;
    decide_fetched(verdict, &figures);
    CHECK_INT(verdict->state, ==, VERDICT_APPLY);
    CHECK_INT(verdict->item.state, ==, CATALOG_REMOVED);
    end(&scene);
}

TEST(a_tie_whose_picture_is_there_as_it_is_known_changes_nothing)
{
    struct scene scene;
    struct verdict *verdict;

    begin(&scene);
    know(&scene, CATALOG_LIVE, "", 6);
    (void)add(&scene, OBJECT_REMOVED, "", 6);
    verdict = decide(&scene);
    verdict->job.outcome = FETCH_OK;
    verdict->job.size_bytes = 10;
    (void)snprintf(verdict->job.sha256, sizeof verdict->job.sha256, "aa");
    decide_fetched(verdict, &figures);
    CHECK_INT(verdict->state, ==, VERDICT_NONE);
    end(&scene);
}

TEST(an_unvouched_picture_is_looked_at)
{
    struct scene scene;
    struct verdict *verdict;

    begin(&scene);
    add(&scene, OBJECT_CREATED, "B1", 1)->vouched = false;
    verdict = decide(&scene);
    CHECK_INT(verdict->state, ==, VERDICT_FETCH);
    CHECK_STR(verdict->job.key, "emotions/happy/a_h.jpeg");
    verdict->job.outcome = FETCH_OK;
    verdict->job.width = 7;
    decide_fetched(verdict, &figures);
    CHECK_INT(verdict->item.state, ==, CATALOG_LIVE);
    CHECK_INT(verdict->item.width, ==, 7);
    end(&scene);
}

TEST(a_refused_picture_hides_and_the_same_event_again_does_nothing)
{
    struct scene scene;
    struct verdict *verdict;

    begin(&scene);
    add(&scene, OBJECT_CREATED, "B1", 1)->vouched = false;
    verdict = decide(&scene);
    verdict->job.outcome = FETCH_REFUSED;
    verdict->job.size_bytes = 10;
    decide_fetched(verdict, &figures);
    CHECK_INT(verdict->item.state, ==, CATALOG_HIDDEN);
    CHECK(verdict->refused);
    scene.row = verdict->item;
    scene.has_row = true;
    CHECK_INT(decide(&scene)->state, ==, VERDICT_NONE);
    end(&scene);
}

TEST(a_foreign_picture_that_is_gone_is_left_to_its_removal)
{
    struct scene scene;
    struct verdict *verdict;

    begin(&scene);
    add(&scene, OBJECT_CREATED, "B1", 1)->vouched = false;
    verdict = decide(&scene);
    verdict->job.outcome = FETCH_GONE;
    decide_fetched(verdict, &figures);
    CHECK_INT(verdict->state, ==, VERDICT_NONE);
    end(&scene);
}

TEST(many_pictures_are_told_apart)
{
    enum { PICTURES = 700 };
    static char keys[PICTURES][64];
    struct scene scene;
    struct err err = {0};

    begin(&scene);
    for (int i = 0; i < 2 * PICTURES; i++) {
        struct change *change = add(&scene, OBJECT_CREATED, "B1", 1);

        (void)snprintf(keys[i % PICTURES], sizeof *keys, "emotions/happy/%d_h.jpeg",
                       i % PICTURES);
        change->key = keys[i % PICTURES];
        change->ref.name = change->key + strlen("emotions/happy/");
    }
    CHECK_OK(decide_pictures(&scene.decision, scene.batch, &err), err);
    CHECK_INT(scene.decision.count, ==, PICTURES);
    for (size_t i = 0; i < PICTURES; i++)
        CHECK_STR(scene.decision.refs[i].name, scene.batch->changes[i].ref.name);
    end(&scene);
}
