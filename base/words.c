/* base/words.c - edit distance of words (base/words.h). */
#include "base/words.h"

#include <string.h>

unsigned assay_words_distance(const char *a, const char *b)
{
    unsigned row[ASSAY_WORDS_LEN_MAX + 1];
    const size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len > ASSAY_WORDS_LEN_MAX || b_len > ASSAY_WORDS_LEN_MAX) return ASSAY_WORDS_LEN_MAX;
    for (unsigned k = 0; k <= b_len; k++)
        row[k] = k;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned corner = row[0]++;
        for (size_t k = 1; k <= b_len; k++) {
            const unsigned swap = corner + (a[i - 1] != b[k - 1]);
            const unsigned step = 1 + (row[k] < row[k - 1] ? row[k] : row[k - 1]);
            corner = row[k];
            row[k] = swap < step ? swap : step;
        }
    }
    return row[b_len];
}

void assay_words_nearest(const char *word, const char *candidate, unsigned *best, const char **hint)
{
    const unsigned apart = assay_words_distance(word, candidate);
    if (apart >= *best) return;
    *best = apart;
    *hint = candidate;
}
