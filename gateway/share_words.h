/* share_words.h - a search key in words, in both languages of the pages. */
#ifndef GATEWAY_SHARE_WORDS_H
#define GATEWAY_SHARE_WORDS_H

enum { SHARE_EN, SHARE_KO, SHARE_LANGUAGES };
/* Room for the longest favourite, each part with its word and a space before it. */
enum { SHARE_WORDS = 3100 };

struct share_words {
    char emotion[16];                             /* "happy" */
    const char *mood[SHARE_LANGUAGES];            /* "Happy"; lives for ever */
    char favourite[SHARE_LANGUAGES][SHARE_WORDS]; /* "spring, sunny, day", or "" */
};

/* search_key: one that key_parse has let through. Parts of a favourite that have no word of
 * their own stay as they are. */
void share_words(const char *search_key, struct share_words *ret_words);

#endif
