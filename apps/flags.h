/*
 * apps/flags.h - usage errors of programs that parse options with getopt_long. (`assay` has its own
 * table: apps/assay/core/options.h.)
 */
#ifndef ASSAY_APPS_FLAGS_H
#define ASSAY_APPS_FLAGS_H

#include <getopt.h>
#include <stddef.h>

enum { ASSAY_FLAGS_MESSAGE_MAX = 256 };

/* word: with its dashes, perhaps with "=value" behind it.
 * Returns: the name of the option that it nearly is | NULL */
const char *assay_flags_near(const char *word, const struct option *known);
/*
 * assay_flags_next - getopt_long without abbreviations: a name that is cut short is refused, for a
 * later release may have another option that begins so.
 * Out:     *index: of a long option, in known; NULL: not wanted
 * Returns: as getopt_long; '?' for an abbreviation
 */
int assay_flags_next(int argc, char *const *argv, const char *letters, const struct option *known,
                     int *index);
/*
 * assay_flags_wrong - why assay_flags_next gave code, '?' or ':'; its letters begin with ':', so
 * that it says nothing itself.
 * Out:     message, on one line: the word, what was expected, the option that is nearly it
 */
void assay_flags_wrong(int argc, char *const *argv, int code, const struct option *known,
                       char message[static ASSAY_FLAGS_MESSAGE_MAX]);
/* wrong, the synopsis (usage up to its first empty line) and where more is, on stderr. */
void assay_flags_misuse(const char *program, const char *usage, const char *wrong);

#endif
