/*
 * apps/flags.c - usage errors of getopt_long programs (flags.h).
 */
#include "apps/flags.h"

#include "base/words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX = 64 };

const char *assay_flags_near(const char *word, const struct option *known)
{
    char name[NAME_MAX];
    unsigned best = ASSAY_WORDS_APART_MAX;
    const char *hint = NULL;
    while (*word == '-')
        word++;
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    const struct option *begun = NULL; /* an option that begins so */
    for (; known->name != NULL; known++) {
        assay_words_nearest(name, known->name, &best, &hint);
        if (name[0] != '\0' && strncmp(known->name, name, strlen(name)) == 0) begun = known;
    }
    return hint != NULL || begun == NULL ? hint : begun->name;
}

static bool is_known(const char *word, const struct option *known)
{
    const size_t len = strcspn(word + 2, "=");
    for (; known->name != NULL; known++)
        if (strlen(known->name) == len && strncmp(known->name, word + 2, len) == 0) return true;
    return false;
}

int assay_flags_next(int argc, char *const *argv, const char *letters, const struct option *known,
                     int *index)
{
    int at = -1; /* of a long option */
    const int code = getopt_long(argc, argv, letters, known, &at);
    if (index != NULL && at >= 0) *index = at;
    if (code == -1 || code == '?' || code == ':' || at < 0) return code;
    /* Its value may be a word of its own. */
    const bool is_apart = known[at].has_arg == required_argument && optarg == argv[optind - 1];
    if (is_known(argv[optind - (is_apart ? 2 : 1)], known)) return code;
    if (is_apart) optind--; /* the word at fault is the last one that was taken */
    return '?';
}

void assay_flags_wrong(int argc, char *const *argv, int code, const struct option *known,
                       char message[static ASSAY_FLAGS_MESSAGE_MAX])
{
    /* getopt has passed the word; within a bundle of letters ("-ab") it still stands at it. */
    const char *word = argv[optind - 1];
    if (word[0] != '-' && optind < argc) word = argv[optind];
    const int shown = (int)strcspn(word, "=");
    const bool is_long = strncmp(word, "--", 2) == 0;
    const char *const near = is_long ? assay_flags_near(word, known) : NULL;
    if (code == ':')
        (void)snprintf(message, ASSAY_FLAGS_MESSAGE_MAX, "%.100s: expected a value behind it",
                       word);
    else if (is_long && is_known(word, known))
        (void)snprintf(message, ASSAY_FLAGS_MESSAGE_MAX, "%.*s: it takes no value",
                       shown < 100 ? shown : 100, word);
    else
        (void)snprintf(message, ASSAY_FLAGS_MESSAGE_MAX, "%.*s: there is no such option%s%s%s",
                       shown < 100 ? shown : 100, word, near != NULL ? "; is \"--" : "",
                       near != NULL ? near : "", near != NULL ? "\" meant?" : "");
}

void assay_flags_misuse(const char *program, const char *usage, const char *wrong)
{
    const char *const end = strstr(usage, "\n\n");
    const size_t len = end != NULL ? (size_t)(end - usage) + 1 : strlen(usage);
    (void)fprintf(stderr, "%s: %s\n", program, wrong);
    (void)fwrite(usage, 1, len, stderr);
    (void)fprintf(stderr, "`%s --help` has details\n", program);
}
