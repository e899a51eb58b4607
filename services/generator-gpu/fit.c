/* fit.c - see fit.h. */
#include "services/generator-gpu/fit.h"

#include <math.h>
#include <string.h>

enum { RGB = 3, PREVIEW_SCALE = 8 };

/* How far from its own sizes a model is asked to draw: by aspect, and by area. What is beyond
 * is cropped and resampled. */
static const double ASPECT_RANGE = 1.25, AREA_RANGE = 1.25;
/* What a size off the model's own counts beside one that has to be cropped, both as ratios. */
static const double AREA_WEIGHT = 0.25;

/* -- which size -- */

/* How far apart two numbers are as a ratio: 0 for the same. */
static double apart(double a, double b)
{
    return fabs(log(a / b));
}

static double aspect_of(struct engine_size size)
{
    return (double)size.width / size.height;
}

static double area_of(struct engine_size size)
{
    return (double)size.width * size.height;
}

/* Of two that are as near, as for a square, the first. */
static struct engine_size nearest(const struct engine_info *info, double aspect)
{
    const double rounding = 1e-9;
    struct engine_size best = info->sizes[0];

    for (size_t i = 1; i < info->size_count; i++)
        if (apart(aspect_of(info->sizes[i]), aspect) + rounding <
            apart(aspect_of(best), aspect))
            best = info->sizes[i];
    return best;
}

static bool has_area(struct engine_size size, struct engine_size own)
{
    return apart(area_of(size), area_of(own)) <= log(AREA_RANGE);
}

static bool has_aspect(struct engine_size size, struct engine_size own)
{
    return apart(aspect_of(size), aspect_of(own)) <= log(ASPECT_RANGE);
}

struct search {
    struct engine_size own, best;
    double aspect; /* that is looked for */
};

static double cost_of(const struct search *search, struct engine_size size)
{
    return apart(aspect_of(size), search->aspect) +
           AREA_WEIGHT * apart(area_of(size), area_of(search->own));
}

static void consider(struct search *search, uint32_t width, uint32_t height)
{
    const struct engine_size size = {width, height};

    if (width >= GENERATION_SIDE_MIN && width <= GENERATION_SIDE_MAX &&
        has_area(size, search->own) && cost_of(search, size) < cost_of(search, search->best))
        search->best = size;
}

struct engine_size fit_choose(const struct engine_info *info, struct engine_size asked)
{
    const uint32_t grid = info->size_grid ? info->size_grid : 8;
    struct search search;
    double own;

    if (info->size_count == 0)
        return asked;
    search.own = search.best = nearest(info, aspect_of(asked));
    if (has_area(asked, search.own) && has_aspect(asked, search.own))
        return asked;
    own = aspect_of(search.own);
    search.aspect = fmin(fmax(aspect_of(asked), own / ASPECT_RANGE), own * ASPECT_RANGE);
    for (uint32_t height = grid; height <= GENERATION_SIDE_MAX; height += grid) {
        uint32_t width = (uint32_t)(height * search.aspect) / grid * grid;

        if (height < GENERATION_SIDE_MIN)
            continue;
        consider(&search, width, height);
        consider(&search, width + grid, height);
    }
    return search.best;
}

/* -- cropping and resampling -- */

/* The largest part of the picture that has the aspect of asked. */
static struct engine_size part_of(const struct image *image, struct engine_size asked)
{
    const uint64_t across = (uint64_t)image->width * asked.height;
    const uint64_t down = (uint64_t)image->height * asked.width;
    struct engine_size part = {image->width, image->height};

    if (across > down)
        part.width = (uint32_t)((down + asked.height / 2) / asked.height);
    else if (down > across)
        part.height = (uint32_t)((across + asked.width / 2) / asked.width);
    part.width += part.width == 0;
    part.height += part.height == 0;
    return part;
}

static void crop(struct image *image, struct engine_size part)
{
    const size_t left = (image->width - part.width) / 2;
    const size_t top = (image->height - part.height) / 2;

    for (size_t y = 0; y < part.height; y++)
        memmove(image->rgb + y * part.width * RGB,
                image->rgb + ((y + top) * image->width + left) * RGB, (size_t)part.width * RGB);
    image->width = part.width;
    image->height = part.height;
}

int fit_image(struct image *image, struct engine_size asked, struct err *err)
{
    struct image fitted = {0};

    crop(image, part_of(image, asked));
    if (image->width == asked.width && image->height == asked.height)
        return 0;
    if (image_resize(image, asked.width, asked.height, &fitted, err) < 0)
        return err->code;
    image_done(image);
    *image = fitted;
    return 0;
}

/* -- drawing -- */

/* What a step's preview needs. */
struct fitted_step {
    const struct fit_draw *fit;
    const struct draw_progress *progress; /* the drawer's own */
};

static int preview(const struct draw_progress *progress, uint32_t i, struct image *ret_image,
                   struct err *err)
{
    const struct fitted_step *step = progress->ctx;
    const struct draw *draw = step->fit->draw;
    const struct engine_size small = {draw->width / PREVIEW_SCALE,
                                      draw->height / PREVIEW_SCALE};
    OWNED_VALUE(image) image = {0};

    if (step->progress->preview(step->progress, i, &image, err) < 0 ||
        fit_image(&image, small, err) < 0)
        return err->code;
    *ret_image = image;
    image = (struct image){0};
    return 0;
}

static bool on_step(void *ctx, const struct draw_progress *progress)
{
    const struct fit_draw *fit = ctx;
    struct fitted_step step = {fit, progress};
    struct draw_progress fitted = *progress;

    fitted.preview = progress->preview ? preview : NULL;
    fitted.ctx = &step;
    return fit->on_step(fit->ctx, &fitted);
}

int fit_draw(const struct fit_draw *fit, struct image *ret_image, struct draw_notes *ret_notes,
             struct err *err)
{
    const struct engine_size asked = {fit->draw->width, fit->draw->height};
    const struct drawer *drawer = fit->drawer;
    struct draw draw = *fit->draw;
    OWNED_VALUE(image) image = {0};
    int drawn;

    draw.width = fit->drawn.width;
    draw.height = fit->drawn.height;
    drawn = drawer->draw(drawer->ctx, &draw, on_step, (void *)fit, &image, ret_notes, err);
    if (drawn <= 0)
        return drawn;
    if (fit_image(&image, asked, err) < 0)
        return err->code;
    *ret_image = image;
    image = (struct image){0};
    return drawn;
}
