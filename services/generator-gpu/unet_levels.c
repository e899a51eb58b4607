/* unet_levels.c - see unet_levels.h. */
#include "services/generator-gpu/unet_levels.h"

/* -- loading ----------------------------------------------------------------------------------
 */

/* Resnet i of a level, and the attention after it where there is one. */
static void load_pair(struct unet_level *level, struct layers *layers,
                      const struct resnet_def *resnet,
                      const struct transformer_def *transformer)
{
    size_t i = level->count;
    char name[32];

    (void)snprintf(name, sizeof(name), "resnets.%zu", i);
    resnet_load(&level->resnets[i], layers, name, resnet);
    (void)snprintf(name, sizeof(name), "attentions.%zu", i);
    if (level->attends)
        transformer_load(&level->transformers[i], layers, name, transformer);
    level->count++;
}

static struct resnet_def resnet_def_of(const struct unet_config *config, uint32_t in,
                                       uint32_t out)
{
    return (struct resnet_def){.in = in,
                               .out = out,
                               .time = 4 * config->level[0].channels,
                               .groups = config->groups,
                               .eps = config->eps};
}

static struct transformer_def transformer_def_of(const struct unet_config *config, size_t i)
{
    return (struct transformer_def){.channels = config->level[i].channels,
                                    .heads = config->level[i].heads,
                                    .blocks = config->level[i].blocks,
                                    .groups = config->groups,
                                    .text = config->text_dim};
}

static void load_down(struct unet_level *level, struct layers *layers,
                      const struct unet_config *config, size_t i)
{
    const struct unet_level_config *conf = &config->level[i];
    struct transformer_def transformer = transformer_def_of(config, i);
    size_t from = layers_enter(layers, "down_blocks.%zu", i);
    uint32_t in = config->level[i ? i - 1 : 0].channels;

    *level = (struct unet_level){.channels = conf->channels, .attends = conf->down_attention};
    for (uint32_t j = 0; j < conf->layers; j++) {
        struct resnet_def resnet =
            resnet_def_of(config, j ? conf->channels : in, conf->channels);

        load_pair(level, layers, &resnet, &transformer);
    }
    if (i + 1 < config->levels)
        level->sampler =
            layers_conv(layers, "downsamplers.0.conv", conf->channels, conf->channels, 3, 2);
    layers_leave(layers, from);
}

static void load_middle(struct unet_level *level, struct layers *layers,
                        const struct unet_config *config)
{
    size_t last = config->levels - 1, from = layers_enter(layers, "mid_block");
    uint32_t channels = config->level[last].channels;
    struct transformer_def transformer = transformer_def_of(config, last);
    struct resnet_def resnet = resnet_def_of(config, channels, channels);

    *level = (struct unet_level){.channels = channels, .attends = true};
    load_pair(level, layers, &resnet, &transformer);
    resnet_load(&level->resnets[1], layers, "resnets.1", &resnet);
    layers_leave(layers, from);
}

/* Up block u is of level i = levels - 1 - u. Resnet j takes what came before it, joined with
 * what the way down left: the level's own results from last to first, and at the end the input
 * of the level, which has the channels of the level before. */
static void load_up(struct unet_level *level, struct layers *layers,
                    const struct unet_config *config, size_t u)
{
    size_t i = config->levels - 1 - u, from = layers_enter(layers, "up_blocks.%zu", u);
    const struct unet_level_config *conf = &config->level[i];
    struct transformer_def transformer = transformer_def_of(config, i);
    uint32_t below = config->level[u ? i + 1 : i].channels;
    uint32_t above = config->level[i ? i - 1 : 0].channels;

    *level = (struct unet_level){.channels = conf->channels, .attends = conf->up_attention};
    for (uint32_t j = 0; j <= conf->layers; j++) {
        uint32_t skip = j == conf->layers ? above : conf->channels;
        struct resnet_def resnet =
            resnet_def_of(config, (j ? conf->channels : below) + skip, conf->channels);

        load_pair(level, layers, &resnet, &transformer);
    }
    if (i > 0)
        level->sampler =
            layers_conv(layers, "upsamplers.0.conv", conf->channels, conf->channels, 3, 1);
    layers_leave(layers, from);
}

void unet_levels_load(struct unet_levels *levels, struct layers *layers,
                      const struct unet_config *config)
{
    levels->count = config->levels;
    for (size_t i = 0; i < levels->count; i++)
        load_down(&levels->down[i], layers, config, i);
    load_middle(&levels->middle, layers, config);
    for (size_t u = 0; u < levels->count; u++)
        load_up(&levels->up[u], layers, config, u);
}

static void level_done(struct unet_level *level)
{
    for (size_t i = 0; i < UNET_LAYERS_MAX; i++)
        transformer_done(&level->transformers[i]);
}

void unet_levels_done(struct unet_levels *levels)
{
    level_done(&levels->middle);
    for (size_t i = 0; i < levels->count; i++) {
        level_done(&levels->down[i]);
        level_done(&levels->up[i]);
    }
}

/* -- the text ---------------------------------------------------------------------------------
 */

static void level_prepare(struct unet_level *level, struct run *run, struct tensor text)
{
    for (size_t i = 0; i < level->count && level->attends; i++)
        transformer_prepare(&level->transformers[i], run, text);
}

void unet_levels_prepare(struct unet_levels *levels, struct run *run, struct tensor text)
{
    for (size_t i = 0; i < levels->count; i++)
        level_prepare(&levels->down[i], run, text);
    level_prepare(&levels->middle, run, text);
    for (size_t i = 0; i < levels->count; i++)
        level_prepare(&levels->up[i], run, text);
}

/* -- running ----------------------------------------------------------------------------------
 */

/* What the way down leaves for the way up. */
struct skips {
    struct tensor tensor[MODEL_LEVELS_MAX * UNET_LAYERS_MAX + 1];
    size_t count;
};

static struct tensor push(struct skips *skips, struct tensor x)
{
    skips->tensor[skips->count++] = x;
    return x;
}

static struct tensor run_down(const struct unet_level *level, struct run *run, struct tensor x,
                              struct tensor time, struct skips *skips)
{
    for (size_t i = 0; i < level->count; i++) {
        struct tensor y = run_tensor(run, x.n, x.h, x.w, level->channels);

        resnet_run(&level->resnets[i], run, y, x, &time, false);
        if (level->attends)
            transformer_run(&level->transformers[i], run, y);
        x = push(skips, y);
    }
    if (level->sampler) {
        struct tensor y = run_tensor(run, x.n, (x.h + 1) / 2, (x.w + 1) / 2, x.c);

        run_conv(run, level->sampler, y, x, NULL, NULL);
        x = push(skips, y);
    }
    return x;
}

static struct tensor run_middle(const struct unet_level *level, struct run *run,
                                struct tensor x, struct tensor time)
{
    struct tensor y = run_tensor(run, x.n, x.h, x.w, x.c);

    resnet_run(&level->resnets[0], run, y, x, &time, false);
    transformer_run(&level->transformers[0], run, y);
    resnet_run(&level->resnets[1], run, y, y, &time, false);
    return y;
}

/* One result for the whole level: each resnet reads a joined copy, so that it can write over
 * what the one before wrote. */
static struct tensor run_up(const struct unet_level *level, struct run *run, struct tensor x,
                            struct tensor time, struct skips *skips)
{
    struct tensor y = run_tensor(run, x.n, x.h, x.w, level->channels), up, wide;
    size_t mark = run_mark(run);
    const struct tensor *next;

    for (size_t i = 0; i < level->count; i++) {
        struct tensor skip = skips->tensor[--skips->count];
        struct tensor both = run_tensor(run, x.n, x.h, x.w, x.c + skip.c);

        run_concat(run, both, x, skip);
        resnet_run(&level->resnets[i], run, y, both, &time, true);
        run_release(run, mark);
        if (level->attends)
            transformer_run(&level->transformers[i], run, y);
        x = y;
    }
    if (!level->sampler)
        return x;
    next = &skips->tensor[skips->count - 1];
    up = run_tensor(run, x.n, next->h, next->w, x.c);
    mark = run_mark(run);
    wide = run_tensor(run, x.n, next->h, next->w, x.c);
    run_upsample(run, wide, x);
    run_conv(run, level->sampler, up, wide, NULL, NULL);
    run_release(run, mark);
    return up;
}

struct tensor unet_levels_run(const struct unet_levels *levels, struct run *run,
                              struct tensor x, struct tensor time)
{
    struct skips skips = {.count = 0};

    push(&skips, x);
    for (size_t i = 0; i < levels->count; i++)
        x = run_down(&levels->down[i], run, x, time, &skips);
    x = run_middle(&levels->middle, run, x, time);
    for (size_t i = 0; i < levels->count; i++)
        x = run_up(&levels->up[i], run, x, time, &skips);
    return x;
}
