/* share_words.c - see share_words.h. */
#include "gateway/share_words.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct word {
    const char *name;
    const char *in[SHARE_LANGUAGES];
};

static const struct word moods[] = {
    {"happy", {"Happy", "행복"}},
    {"surprised", {"Surprised", "놀람"}},
    {"calm", {"Calm", "평온"}},
    {"angry", {"Angry", "화남"}},
    {"fear", {"Fear", "공포"}},
    {"confused", {"Confused", "혼란스러움"}},
    {"disgusted", {"Disgusted", "역겨움"}},
    {"sad", {"Sad", "슬픔"}},
};

static const struct word hours[] = {
    {"spring", {"spring", "봄"}},
    {"summer", {"summer", "여름"}},
    {"autumn", {"autumn", "가을"}},
    {"winter", {"winter", "겨울"}},
    {"sunny", {"sunny", "맑음"}},
    {"cloudy", {"cloudy", "흐림"}},
    {"rainy", {"rain", "비"}},
    {"snowy", {"snow", "눈"}},
    {"day", {"day", "낮"}},
    {"sunset", {"sunset", "해질녘"}},
    {"the-middle-of-the-night", {"midnight", "한밤"}},
    {"the-early-dawn", {"dawn", "새벽"}},
};

static const struct word *find(const struct word *words, size_t count, const char *name,
                               size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i].name) == size && memcmp(words[i].name, name, size) == 0)
            return &words[i];
    return NULL;
}

static void add_part(char *out, const char *part, size_t size)
{
    size_t used = strlen(out);

    (void)snprintf(out + used, SHARE_WORDS - used, "%s%.*s", used ? ", " : "", (int)size, part);
}

static void add_hour(struct share_words *words, const char *part, size_t size)
{
    const struct word *word = find(hours, sizeof hours / sizeof *hours, part, size);

    for (int language = 0; language < SHARE_LANGUAGES; language++)
        if (word)
            add_part(words->favourite[language], word->in[language],
                     strlen(word->in[language]));
        else
            add_part(words->favourite[language], part, size);
}

void share_words(const char *search_key, struct share_words *ret_words)
{
    size_t size = strcspn(search_key, "/");
    const struct word *mood = find(moods, sizeof moods / sizeof *moods, search_key, size);
    const char *part = search_key + size;

    memset(ret_words, 0, sizeof *ret_words);
    (void)snprintf(ret_words->emotion, sizeof ret_words->emotion, "%.*s", (int)size,
                   search_key);
    for (int language = 0; language < SHARE_LANGUAGES; language++)
        ret_words->mood[language] = mood ? mood->in[language] : ret_words->emotion;
    while (*part) {
        size = strcspn(++part, ",");
        if (size > 0)
            add_hour(ret_words, part, size);
        part += size;
    }
}
