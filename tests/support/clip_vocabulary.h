/* clip_vocabulary.h - CLIP's vocab.json, made from its merges: that is where it comes from, and
 * so the tree need not hold its 0.9 MB. */
#ifndef TESTS_SUPPORT_CLIP_VOCABULARY_H
#define TESTS_SUPPORT_CLIP_VOCABULARY_H

#define CLIP_FOLDER "tests/golden/tokenizer-clip"

/* Writes folder/vocab.json: the letters of the 256 bytes, the same at the end of a word, a
 * token for each line of CLIP_FOLDER/merges.txt, then start and end. */
void clip_vocabulary_write(const char *folder);

#endif
