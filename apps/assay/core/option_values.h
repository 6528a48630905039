/*
 * apps/assay/core/option_values.h - reader of the options of a command line.
 *
 * A group lists its options, each with the variable that its value goes to; the table of verbs
 * (options.h) has refused every other option and says which take a value.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_OPTION_VALUES_H
#define ASSAY_APPS_ASSAY_CORE_OPTION_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An option of some verb of the group, and where its value goes: one of the pointers is set. A
 * variable whose option is absent is left as it is; of repeated values the last one counts. */
struct cli_option_target {
    const char *name; /* without dashes; "": every option that is not listed; NULL ends a list */
    bool *flag;
    const char **text;
    size_t *count; /* of a list of texts, which is repeated, and how many text has room for */
    size_t most;
    uint64_t *number;
    uint64_t low, high; /* what it may be; high from INT64_MAX on: anything above low */
    const char *unit;   /* plural; NULL: none */
    unsigned *ms;       /* milliseconds of a timeout, 1 to 3600000 */
    int64_t *time;      /* Unix seconds of an RFC 3339 time, above 0 */
    /* Takes a value in the order of the line. Returns: -1 to go on, else the exit status. */
    int (*take)(void *context, const char *name, const char *value);
    void *context;
};

/*
 * cli_options_read - values of the options of the line that cli_options_check has let through.
 * In:      targets: at least those of the verb; --json may be absent (json_mode.h knows it)
 * Out:     the variables; argv: its words alone, the verb at [1] where there is one, then NULL
 * Returns: -1 to go on, else the exit status, after printing what is wrong with a value
 */
int cli_options_read(int argc, char **argv, const struct cli_option_target *targets);
/* A plain number from low to high, of an option; unit NULL: none. Reports errors. Returns: -1 to go
 * on, else the exit status. */
int cli_option_number(const char *option, const char *text, uint64_t low, uint64_t high,
                      const char *unit, uint64_t *out);

#endif
