/* snapshot_read.c - see snapshot.h. Nothing in the file is believed before its sum was checked,
 * and even then no length and nothing that something is looked up by. */
#include <stdlib.h>

#include "lib/base/file.h"
#include "services/recommender-proxy/snapshot.h"
#include "services/recommender-proxy/snapshot_local.h"

#define FILE_MAX ((size_t)8 << 30)

struct reader {
    const char *start, *at, *end;
    bool failed;
};

static const void *get(struct reader *reader, size_t size)
{
    const char *at = reader->at;

    if (size > (size_t)(reader->end - at)) {
        reader->failed = true;
        return NULL;
    }
    reader->at += size;
    return at;
}

static bool copy(struct reader *reader, void *out, size_t size)
{
    const void *from = get(reader, size);

    if (from)
        memcpy(out, from, size);
    return from != NULL;
}

static const char *get_text(struct reader *reader)
{
    const char *text = reader->at;
    const char *nul = memchr(text, '\0', (size_t)(reader->end - text));

    if (!nul) {
        reader->failed = true;
        return NULL;
    }
    reader->at = nul + 1;
    return text;
}

static void skip_padding(struct reader *reader)
{
    (void)get(reader, (8 - (size_t)(reader->at - reader->start) % 8) % 8);
}

/* A bool of a struct that was copied byte by byte: any other byte is none. */
static bool is_bool(const bool *value)
{
    unsigned char byte;

    memcpy(&byte, value, 1);
    return byte <= 1;
}

static bool is_favorite(const struct favorite *favorite)
{
    for (int i = 0; i < TRAITS; i++)
        if (favorite->trait[i] >= TRAIT_VALUES)
            return false;
    return true;
}

/* -- rows -- */

static bool read_item(struct reader *reader, struct facts *facts)
{
    struct facts_item item;
    const char *id;
    uint32_t number;

    if (!copy(reader, &item, sizeof item))
        return false;
    id = get_text(reader);
    number = id ? facts_item_number(facts, id) : INTERN_NONE;
    if (number == INTERN_NONE || number + 1 != intern_count(facts->item_ids) ||
        !is_bool(&item.live) || item.look_state > LOOK_LATER)
        return false;
    item.picture = facts->items[number].picture; /* which follows from the id */
    facts->items[number] = item;
    if (item.look_state == LOOK_LATER)
        facts->items[number].look_state = LOOK_UNSEEN;
    return true;
}

static bool is_visitor(const struct facts_visitor *visitor)
{
    return visitor->generation < GENERATIONS && visitor->gender < GENDERS &&
           visitor->emotion <= EMOTION_COUNT && is_favorite(&visitor->asked) &&
           visitor->marks.count <= MARKS_MAX;
}

static bool are_marks(const struct marks *marks, uint32_t items)
{
    for (uint32_t i = 0; i < marks->count; i++)
        if (marks->marks[i].item >= items ||
            (i > 0 && marks->marks[i].item <= marks->marks[i - 1].item))
            return false;
    return true;
}

static bool read_visitor(struct reader *reader, struct facts *facts)
{
    struct facts_visitor visitor;
    struct marks marks = {0};
    const char *id;
    uint32_t number;
    size_t bytes;

    if (!copy(reader, &visitor, sizeof visitor) || !is_visitor(&visitor))
        return false;
    bytes = visitor.marks.count * sizeof *marks.marks;
    if (bytes) {
        marks.marks = malloc(bytes);
        if (!marks.marks || !copy(reader, marks.marks, bytes)) {
            free(marks.marks);
            return false;
        }
        marks.count = marks.room = visitor.marks.count;
    }
    id = get_text(reader);
    number = id ? facts_visitor_number(facts, id) : INTERN_NONE;
    marks.floor = visitor.marks.floor;
    if (number == INTERN_NONE || number + 1 != intern_count(facts->visitor_ids) ||
        !are_marks(&marks, intern_count(facts->item_ids))) {
        free(marks.marks);
        return false;
    }
    facts->visitors[number] = visitor;
    facts->visitors[number].marks = marks;
    return true;
}

static bool read_rows(struct reader *reader, struct facts *facts, uint32_t count,
                      bool (*read)(struct reader *reader, struct facts *facts))
{
    for (uint32_t i = 0; i < count; i++) {
        if (!read(reader, facts))
            return false;
        if ((i + 1) % SNAPSHOT_AT_ONCE == 0 || i + 1 == count)
            skip_padding(reader);
    }
    return true;
}

/* -- the model -- */

static float *copy_floats(struct reader *reader, size_t count)
{
    float *floats = malloc(count * sizeof *floats);

    if (floats && copy(reader, floats, count * sizeof *floats))
        return floats;
    free(floats);
    return NULL;
}

/* A picture stands once, on the shelf of its mood. */
static bool fits(const struct shelf_item *item, const struct facts *facts,
                 const struct model *model, int emotion, uint32_t cols)
{
    return item->item < intern_count(facts->item_ids) &&
           facts->items[item->item].picture.emotion == emotion &&
           !(item->item < model->place_room && model->places[item->item]) &&
           is_bool(&item->live) && is_favorite(&item->favorite) &&
           (item->column == INTERN_NONE || item->column < cols);
}

static bool read_shelf(struct reader *reader, const struct facts *facts, struct model *model,
                       int emotion, uint32_t cols)
{
    struct shelf *shelf = &model->shelves[emotion];
    const size_t factors = (size_t)model->factors;
    const struct shelf_item *rows;
    const float *vectors;
    uint32_t count;

    shelf->factors = model->factors;
    if (!copy(reader, &count, sizeof count))
        return false;
    rows = get(reader, count * sizeof *rows);
    vectors = get(reader, count * factors * sizeof *vectors);
    for (uint32_t i = 0; rows && vectors && i < count; i++) {
        struct shelf_item item;
        float vector[REC_FACTORS_MAX];

        memcpy(&item, (const char *)rows + i * sizeof item, sizeof item); /* unaligned */
        memcpy(vector, (const char *)vectors + i * factors * sizeof *vector,
               factors * sizeof *vector);
        if (!fits(&item, facts, model, emotion, cols) ||
            !model_restore(model, &item, emotion, vector))
            return false;
    }
    skip_padding(reader);
    return rows && vectors;
}

static bool read_model(struct reader *reader, const struct snapshot_head *head,
                       const struct facts *facts, struct model *model, struct err *err)
{
    const size_t moods = (size_t)EMOTION_COUNT * (size_t)head->factors;
    const float *items;

    *model = (struct model){.id = head->model_id,
                            .factors = head->factors,
                            .als_conf = head->model,
                            .weights = {head->weights[0], head->weights[1]},
                            .newest_ms = head->newest_ms};
    model->crowd.factors = model->kinds.factors = head->factors;
    if (!copy(reader, model->rates.mood, sizeof model->rates.mood) ||
        !copy(reader, model->rates.kind, sizeof model->rates.kind) ||
        !copy(reader, model->rates.group_kind, sizeof model->rates.group_kind))
        return false;
    model->crowd.means = copy_floats(reader, moods * GENERATIONS * GENDERS);
    model->kinds.moods = copy_floats(reader, moods);
    model->kinds.traits = copy_floats(reader, moods * TRAITS * TRAIT_VALUES);
    skip_padding(reader);
    if (!model->crowd.means || !model->kinds.moods || !model->kinds.traits)
        return false;
    for (int emotion = 0; emotion < EMOTION_COUNT; emotion++)
        if (!read_shelf(reader, facts, model, emotion,
                        head->als_factors ? head->cols : UINT32_MAX)) /* else not looked up */
            return false;
    if (!head->als_factors)
        return true;
    items = get(reader, (size_t)head->cols * (size_t)head->factors * sizeof *items);
    model->als = items ? rec_als_new(&head->model, items, head->cols, err) : NULL;
    return model->als != NULL;
}

/* -- the whole -- */

static int check_head(const struct snapshot_head *head, const struct rec_local *local,
                      struct err *err)
{
    const struct rec_als_conf *als = &local->conf.als;

    if (head->magic != SNAPSHOT_MAGIC || head->version != SNAPSHOT_VERSION ||
        head->item_bytes != sizeof(struct facts_item) ||
        head->visitor_bytes != sizeof(struct facts_visitor) ||
        head->mark_bytes != sizeof(struct mark) ||
        head->shelf_bytes != sizeof(struct shelf_item))
        return err_set(err, ERR_INVALID, "it is of another version of this program");
    if (head->als.factors != als->factors || head->als.sweeps != als->sweeps ||
        head->als.seed != als->seed || head->als.unobserved != als->unobserved ||
        head->als.regularisation != als->regularisation ||
        head->als.frequency != als->frequency)
        return err_set(err, ERR_INVALID, "it was made with other settings");
    if (head->factors < 1 || head->factors > REC_FACTORS_MAX ||
        (head->als_factors &&
         (head->als_factors != head->factors || head->als_factors != head->als.factors)) ||
        (!head->als_factors && head->cols))
        return err_set(err, ERR_INVALID, "its head makes no sense");
    return 0;
}

static int check_sum(const struct buf *file, struct err *err)
{
    const size_t size = file->size - sizeof(uint64_t);
    uint64_t sum, told;

    if (file->size < sizeof(struct snapshot_head) + sizeof sum || size % 8)
        return err_set(err, ERR_INVALID, "it is too short");
    memcpy(&told, file->data + size, sizeof told);
    sum = snapshot_sum(0, file->data, size);
    return sum == told ? 0
                       : err_set(err, ERR_INVALID, "its sum is wrong: it is cut or damaged");
}

static int fill(struct rec_local *local, struct reader *reader,
                struct follow_offsets *ret_offsets, struct err *err)
{
    struct snapshot_head head = {0};
    struct model *model = calloc(1, sizeof *model);

    if (!model)
        return err_set_nomem(err, "what was learnt");
    memset(&head, 0, sizeof head);
    (void)copy(reader, &head, sizeof head);
    head.als.threads = local->conf.als.threads; /* makes no difference to what is learnt */
    head.als.go_on = NULL;
    head.als.ctx = NULL;
    if (check_head(&head, local, err) < 0 ||
        !copy(reader, ret_offsets, INTAKE_TOPICS * sizeof *ret_offsets) ||
        !read_rows(reader, &local->facts, head.items, read_item) ||
        !read_rows(reader, &local->facts, head.visitors, read_visitor) ||
        !read_model(reader, &head, &local->facts, model, err)) {
        model_free(model);
        return err->code ? err->code
                         : err_set(err, ERR_INVALID, "what is in it makes no sense");
    }
    model_free(local->model);
    local->model = model;
    local->facts.changes = atomic_load(&local->learnt) + head.unlearnt;
    return 0;
}

int rec_snapshot_read(struct rec_local *local, const char *path,
                      struct follow_offsets ret_offsets[INTAKE_TOPICS], struct err *err)
{
    OWNED_VALUE(buf) file = {0};
    struct reader reader;
    int r;

    if (file_read(path, FILE_MAX, &file, err) < 0)
        return err->code;
    r = check_sum(&file, err);
    if (r == 0) {
        reader = (struct reader){
            .start = file.data, .at = file.data, .end = file.data + file.size - 8};
        r = fill(local, &reader, ret_offsets, err);
    }
    if (r < 0) {
        facts_done(&local->facts);
        if (!facts_init(&local->facts))
            return err_set_nomem(err, "the local engine");
        return err_wrap(err, "%s", path);
    }
    return 0;
}
