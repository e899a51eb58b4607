/* image_sink.c - see image_sink.h. A pixel of the result is the average of factor x factor
 * pixels, fewer at the right and lower edge. */
#include "lib/image/image_sink.h"

#include <string.h>

enum { WHITE = 255 };

static uint32_t divided(uint32_t length, uint32_t factor)
{
    return (length + factor - 1) / factor;
}

uint32_t image_sink_factor(const struct image_room *room, uint32_t width, uint32_t height)
{
    uint32_t factor = 1;

    while ((uint64_t)divided(width, factor) * divided(height, factor) > room->pixels)
        factor++;
    return factor;
}

/* As EXIF numbers them: 5 to 8 have rows for columns. */
static void set_steps(struct image_sink *sink, uint32_t width, uint32_t height)
{
    int o = sink->orientation;
    bool swap = o >= 5;
    bool flip_x = o == 2 || o == 3 || o == 7 || o == 8;
    bool flip_y = o == 3 || o == 4 || o == 6 || o == 7;
    ptrdiff_t line = (ptrdiff_t)(swap ? height : width);
    ptrdiff_t step_x = swap ? line : 1, step_y = swap ? 1 : line;

    sink->image.width = swap ? height : width;
    sink->image.height = swap ? width : height;
    sink->start = 0;
    sink->start += flip_x ? step_x * (ptrdiff_t)(width - 1) : 0;
    sink->start += flip_y ? step_y * (ptrdiff_t)(height - 1) : 0;
    sink->step_x = flip_x ? -step_x : step_x;
    sink->step_y = flip_y ? -step_y : step_y;
}

int image_sink_begin(struct image_sink *sink, uint32_t width, uint32_t height, struct err *err)
{
    sink->row_width = width;
    sink->row_height = height;
    sink->factor = image_sink_factor(&sink->room, width, height);
    sink->stored_width = divided(width, sink->factor);
    set_steps(sink, sink->stored_width, divided(height, sink->factor));
    sink->image.rgbx = sink->room.memory;
    sink->line = calloc(sink->stored_width, RGBA);
    sink->sums = calloc(sink->stored_width, RGBA * sizeof *sink->sums);
    if (!sink->line || !sink->sums)
        return err_set_nomem(err, "rows of a picture");
    return 0;
}

/* What a row's pixel adds to the sums. */
static void add_pixel(const struct image_sink *sink, uint32_t *sum, const uint8_t *pixel)
{
    for (size_t c = 0; c < RGB; c++)
        sum[c] += sink->alpha ? over_white(pixel[c], pixel[RGB]) : pixel[c];
}

static void place(const struct image_sink *sink, uint32_t y, const uint8_t *line)
{
    uint8_t *to = sink->image.rgbx + RGBA * (sink->start + sink->step_y * (ptrdiff_t)y);

    if (sink->step_x == 1) {
        memcpy(to, line, (size_t)RGBA * sink->stored_width);
        return;
    }
    for (uint32_t x = 0; x < sink->stored_width; x++)
        memcpy(to + RGBA * sink->step_x * (ptrdiff_t)x, line + (size_t)RGBA * x, RGBA);
}

/* The averages of the rows added so far, and nothing left of them. rows: how many they were. */
static void close_line(struct image_sink *sink, uint32_t rows)
{
    for (uint32_t x = 0; x < sink->stored_width; x++) {
        uint32_t left = sink->row_width - x * sink->factor;
        uint32_t count = rows * (left < sink->factor ? left : sink->factor);
        uint32_t *sum = sink->sums + (size_t)RGBA * x;

        if (count == 0)
            break; /* not reached: stored_width has no more columns than that */
        for (size_t c = 0; c < RGB; c++)
            sink->line[RGBA * (size_t)x + c] = (uint8_t)((sum[c] + count / 2) / count);
        sink->line[RGBA * (size_t)x + RGB] = WHITE;
        memset(sum, 0, RGBA * sizeof *sum);
    }
}

void image_sink_row(struct image_sink *sink, const uint8_t *row)
{
    uint32_t y = sink->next_row++, rows = y % sink->factor + 1;

    if (sink->factor == 1 && !sink->alpha) {
        place(sink, y, row);
        return;
    }
    for (uint32_t x = 0; x < sink->row_width; x++)
        add_pixel(sink, sink->sums + (size_t)RGBA * (x / sink->factor), row + (size_t)RGBA * x);
    if (rows < sink->factor && sink->next_row < sink->row_height)
        return;
    close_line(sink, rows);
    place(sink, y / sink->factor, sink->line);
}

void image_sink_done(struct image_sink *sink)
{
    if (sink->line)
        explicit_bzero(sink->line, (size_t)RGBA * sink->stored_width);
    if (sink->sums)
        explicit_bzero(sink->sums, RGBA * sizeof *sink->sums * sink->stored_width);
    free(sink->line);
    free(sink->sums);
}
