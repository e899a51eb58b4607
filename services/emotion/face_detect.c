/* face_detect.c - see face_detect.h. */
#include "services/emotion/face_detect.h"

#include <math.h>
#include <stdlib.h>

#include "services/emotion/face_warp.h"

/* Measured thresholds are shares of the square that is looked at. */
#define SCORE_MIN 0.5F
#define PART_SCORE_MIN 0.6F /* in a part there is more that only looks like a face */
#define SAME_FACE 0.3F      /* of the two boxes' union that both cover */
#define NEAR 0.38F          /* wider: too near to be measured well */
#define WIDER 1.6F
#define SMALL 0.14F /* narrower: others may be too small to be seen */

enum { PARTS_MAX = 3 }; /* a side */

static float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

static float overlap(const struct face_box *a, const struct face_box *b)
{
    float width = fminf(a->x + a->width, b->x + b->width) - fmaxf(a->x, b->x);
    float height = fminf(a->y + a->height, b->y + b->height) - fmaxf(a->y, b->y);

    return width > 0 && height > 0 ? width * height : 0;
}

static float area(const struct face_box *box)
{
    return box->width * box->height;
}

static bool same_face(const struct face_box *a, const struct face_box *b)
{
    float both = overlap(a, b);

    return both > SAME_FACE * (area(a) + area(b) - both);
}

static int by_score(const void *a, const void *b)
{
    float x = ((const struct face_box *)a)->score, y = ((const struct face_box *)b)->score;

    return (x < y) - (x > y);
}

static int by_area(const void *a, const void *b)
{
    float x = area(a), y = area(b);

    return (x < y) - (x > y);
}

/* -- from the net's rows to boxes ------------------------------------------------------------
 */

/* In the net's pixels. */
static struct face_box box_of(const struct net_detection *row, struct net_anchor anchor)
{
    struct face_box box = {
        .score = sigmoid(row->score),
        .x = row->x + anchor.x - row->width / 2,
        .y = row->y + anchor.y - row->height / 2,
        .width = row->width,
        .height = row->height,
    };

    for (size_t i = 0; i < DETECT_POINTS; i++) {
        box.points[i][0] = row->points[i][0] + anchor.x;
        box.points[i][1] = row->points[i][1] + anchor.y;
    }
    return box;
}

/* to += box * share */
static void add_share(struct face_box *to, const struct face_box *box, float share)
{
    to->x += box->x * share;
    to->y += box->y * share;
    to->width += box->width * share;
    to->height += box->height * share;
    for (size_t i = 0; i < DETECT_POINTS; i++)
        for (size_t c = 0; c < 2; c++)
            to->points[i][c] += box->points[i][c] * share;
}

/* The average of all that show the same face as the first, which is the best; the others are
 * moved to the front. Returns how many these are. */
static size_t take_face(struct face_box *boxes, size_t count, struct face_box *ret_face)
{
    struct face_box best = boxes[0], face = {.score = best.score};
    float total = 0;
    size_t left = 0;

    for (size_t i = 0; i < count; i++)
        if (same_face(&boxes[i], &best))
            total += boxes[i].score;
    for (size_t i = 0; i < count; i++) {
        if (same_face(&boxes[i], &best))
            add_share(&face, &boxes[i], boxes[i].score / total);
        else
            boxes[left++] = boxes[i];
    }
    *ret_face = face;
    return left;
}

/* From the net's pixels to the picture's. */
static void place(struct face_box *box, float x, float y, float side)
{
    float scale = side / DETECT_SIDE, left = x - side / 2, top = y - side / 2;

    box->seen = box->width / DETECT_SIDE;
    box->x = box->x * scale + left;
    box->y = box->y * scale + top;
    box->width *= scale;
    box->height *= scale;
    for (size_t i = 0; i < DETECT_POINTS; i++) {
        box->points[i][0] = box->points[i][0] * scale + left;
        box->points[i][1] = box->points[i][1] * scale + top;
    }
}

void face_boxes_read(const struct net_detection rows[DETECT_ROWS], float x, float y, float side,
                     struct face_boxes *ret_boxes)
{
    struct face_box boxes[DETECT_ROWS];
    size_t count = 0;

    for (size_t i = 0; i < DETECT_ROWS; i++) {
        struct face_box box = box_of(&rows[i], nets_anchor(i));

        if (box.score >= SCORE_MIN && box.width > 0 && box.height > 0)
            boxes[count++] = box;
    }
    qsort(boxes, count, sizeof *boxes, by_score);
    ret_boxes->count = 0;
    while (count && ret_boxes->count < FACES_MAX) {
        count = take_face(boxes, count, &ret_boxes->boxes[ret_boxes->count]);
        place(&ret_boxes->boxes[ret_boxes->count++], x, y, side);
    }
    ret_boxes->more = count > 0;
}

/* -- where to look ----------------------------------------------------------------------------
 */

struct search {
    struct nets *nets;
    struct face_picture *picture;
    int threads;
    struct face_boxes *found;
};

static int look(const struct search *search, float x, float y, float side,
                struct face_boxes *ret_boxes, struct err *err)
{
    struct face_region region = face_region_square(x, y, side, 0);
    struct net_detection rows[DETECT_ROWS];
    float *pixels = search->picture->crops->detect;
    int r;

    face_warp(search->picture, &region, DETECT_SIDE, search->threads, pixels);
    r = nets_detect(search->nets, pixels, rows, err);
    if (r == 0)
        face_boxes_read(rows, x, y, side, ret_boxes);
    return r;
}

/* A face of a part takes the place of what was seen less well of it as a whole. */
static void merge(struct face_boxes *found, const struct face_box *box)
{
    for (size_t i = 0; i < found->count; i++) {
        struct face_box *known = &found->boxes[i];
        float smaller = fminf(area(known), area(box));

        if (overlap(known, box) <= SAME_FACE * smaller)
            continue;
        if (known->seen < SMALL && same_face(known, box))
            *known = *box;
        return;
    }
    if (found->count == FACES_MAX)
        found->more = true;
    else
        found->boxes[found->count++] = *box;
}

/* A part: a cell of the picture and as much around it that a face in its middle is whole. */
static int look_at_part(const struct search *search, float x, float y, const float cell[2],
                        struct err *err)
{
    float side = fmaxf(cell[0], cell[1]) * 1.25F;
    struct face_boxes boxes;
    int r = look(search, x, y, side, &boxes, err);

    for (size_t i = 0; r == 0 && i < boxes.count; i++) {
        const struct face_box *box = &boxes.boxes[i];
        bool inside = fabsf(box->x + box->width / 2 - x) <= cell[0] / 2 &&
                      fabsf(box->y + box->height / 2 - y) <= cell[1] / 2;

        if (inside && box->score >= PART_SCORE_MIN)
            merge(search->found, box);
    }
    return r;
}

/* In as many columns, or rows, of about square cells. */
static int look_at_parts(const struct search *search, int parts, struct err *err)
{
    float width = (float)search->picture->width, height = (float)search->picture->height;
    float side = fmaxf(width, height) / (float)parts;
    int columns = (int)ceilf(width / side - 0.01F), rows = (int)ceilf(height / side - 0.01F);
    float cell[2] = {width / (float)columns, height / (float)rows};
    int r = 0;

    for (int y = 0; r == 0 && y < rows; y++)
        for (int x = 0; r == 0 && x < columns; x++)
            r = look_at_part(search, ((float)x + 0.5F) * cell[0], ((float)y + 0.5F) * cell[1],
                             cell, err);
    return r;
}

/* One visitor far away is seen well enough; in a group others may be missed. */
static bool is_group_of_small(const struct face_boxes *boxes)
{
    for (size_t i = 0; boxes->count > 1 && i < boxes->count; i++)
        if (boxes->boxes[i].seen < SMALL)
            return true;
    return false;
}

static bool is_near(const struct face_boxes *boxes)
{
    for (size_t i = 0; i < boxes->count; i++)
        if (boxes->boxes[i].seen > NEAR)
            return true;
    return false;
}

int face_detect(struct nets *nets, struct face_picture *picture, int threads,
                struct face_boxes *ret_boxes, struct err *err)
{
    float x = (float)picture->width / 2, y = (float)picture->height / 2;
    float side = fmaxf((float)picture->width, (float)picture->height);
    struct search search = {nets, picture, threads, ret_boxes};
    struct face_boxes wider;
    int r = look(&search, x, y, side, ret_boxes, err);

    if (r == 0 && (ret_boxes->count == 0 || is_near(ret_boxes))) {
        r = look(&search, x, y, side * WIDER, &wider, err);
        if (r == 0 && wider.count > 0)
            *ret_boxes = wider;
    }
    for (int parts = 2; r == 0 && parts <= PARTS_MAX; parts++)
        if ((ret_boxes->count == 0 && parts == 2) || is_group_of_small(ret_boxes))
            r = look_at_parts(&search, parts, err);
    if (r == 0)
        qsort(ret_boxes->boxes, ret_boxes->count, sizeof *ret_boxes->boxes, by_area);
    return r;
}
