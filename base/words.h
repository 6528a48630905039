/*
 * base/words.h - edit distance of words, for suggestions in error messages.
 */
#ifndef ASSAY_BASE_WORDS_H
#define ASSAY_BASE_WORDS_H

enum {
    ASSAY_WORDS_LEN_MAX = 32,  /* longer words are alike to none */
    ASSAY_WORDS_APART_MAX = 3, /* from here on a word is no hint */
};

/* Returns: letters to change, leave out or put in to make one of the other. */
unsigned assay_words_distance(const char *a, const char *b);
/* Is this candidate closer to word than the best so far? In and out: *best, from
 * ASSAY_WORDS_APART_MAX, and *hint. */
void assay_words_nearest(const char *word, const char *candidate, unsigned *best,
                         const char **hint);

#endif
