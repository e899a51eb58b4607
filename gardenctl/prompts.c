/* prompts.c - see prompts.h. */
#include "gardenctl/prompts.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "services/common/shipped.h"

#define FILE_NAME "web/prompts.json"

enum { FILE_MAX = 1 << 20 };

static int check(const json_t *json, struct err *err)
{
    json_t *templates = NULL, *words = NULL;
    const char *others = NULL;

    if (!json_is_object(json))
        return err_set(err, ERR_INVALID, "it is no object");
    if (json_get_array(json, "templates", &templates, err) < 0 ||
        json_get_object(json, "words", &words, err) < 0 ||
        json_get_str(json, "others", &others, err) < 0)
        return err->code;
    if (json_array_size(templates) == 0)
        return err_set(err, ERR_INVALID, "templates is empty");
    for (size_t i = 0; i < json_array_size(templates); i++)
        if (!json_is_string(json_array_get(templates, i)))
            return err_set(err, ERR_INVALID, "templates[%zu] is no string", i);
    return 0;
}

int prompts_load(struct prompts *prompts, struct err *err)
{
    const char *share = getenv("GARDEN_SHARE");
    char folder[PATH_MAX], path[PATH_MAX + sizeof FILE_NAME];
    OWNED_VALUE(buf) text = {0};
    OWNED_JSON json = NULL;

    if (shipped_find(share ? share : "", FILE_NAME, folder, err) < 0)
        return err_wrap(err, "the prompt templates");
    (void)snprintf(path, sizeof path, "%s/" FILE_NAME, folder);
    if (file_read(path, FILE_MAX, &text, err) < 0)
        return err->code;
    json = json_parse(buf_text(&text), text.size, err);
    if (!json || check(json, err) < 0)
        return err_wrap(err, "%s", path);
    prompts->json = json_incref(json);
    return 0;
}

void prompts_done(struct prompts *prompts)
{
    json_decref(prompts->json);
    prompts->json = NULL;
}

size_t prompts_count(const struct prompts *prompts)
{
    return json_array_size(json_object_get(prompts->json, "templates"));
}

const char *prompts_others(const struct prompts *prompts)
{
    return json_string_value(json_object_get(prompts->json, "others"));
}

/* -- filling in -- */

static const char *word_for(const struct prompts *prompts, const char *name, const char *choice)
{
    const json_t *words = json_object_get(json_object_get(prompts->json, "words"), name);
    const char *word = json_string_value(json_object_get(words, choice));

    return word ? word : choice;
}

/* The word that the placeholder at text stands for, and the placeholder's size; NULL: it is
 * none. */
static const char *placeholder(const struct prompts *prompts, const char *text,
                               const struct prompt_choice *choice, size_t *ret_size)
{
    const struct {
        const char *mark, *name, *choice;
    } all[] = {
        {"[EMOTION]", "EMOTION", choice->emotion}, {"[ANIMAL]", "ANIMAL", choice->animal},
        {"[WEATHER]", "WEATHER", choice->weather}, {"[SEASON]", "SEASON", choice->season},
        {"[TIME]", "TIME", choice->time},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strncmp(text, all[i].mark, strlen(all[i].mark)) == 0) {
            *ret_size = strlen(all[i].mark);
            return word_for(prompts, all[i].name, all[i].choice);
        }
    return NULL;
}

/* An empty word leaves commas and spaces behind: of those that meet, one is kept. */
static void append_tidy(struct buf *out, size_t start, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == ' ' && (out->size == start || out->data[out->size - 1] == ' '))
            continue;
        if (text[i] == ',') {
            while (out->size > start && out->data[out->size - 1] == ' ')
                out->size--;
            if (out->size == start || out->data[out->size - 1] == ',')
                continue;
        }
        buf_append_char(out, text[i]);
    }
}

void prompts_fill(const struct prompts *prompts, size_t i, const struct prompt_choice *choice,
                  struct buf *out)
{
    const json_t *templates = json_object_get(prompts->json, "templates");
    const char *text =
        json_string_value(json_array_get(templates, i % json_array_size(templates)));
    const size_t start = out->size;

    while (*text) {
        size_t size = 1;
        const char *word = placeholder(prompts, text, choice, &size);

        append_tidy(out, start, word ? word : text, word ? strlen(word) : 1);
        text += size;
    }
    while (out->size > start && strchr(" ,", out->data[out->size - 1]))
        out->data[--out->size] = '\0';
}
