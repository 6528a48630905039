/*
 * apps/assay/core/option_values.c - values of options by their kind: texts, numbers, times.
 */
#include "apps/assay/core/option_values.h"

#include "apps/assay/core/options.h"
#include "base/assert.h"
#include "base/rfc3339.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS_MAX = 3600000 };

static const struct cli_option_target *find_target(const struct cli_option_target *targets,
                                                   const char *name)
{
    while (targets->name != NULL && targets->name[0] != '\0' && strcmp(targets->name, name) != 0)
        targets++;
    return targets->name != NULL ? targets : NULL;
}

/* Every option of the verb has a place for what it takes, also those that the line has not. */
static void check_targets(const struct cli_option_target *targets)
{
    for (const struct assay_option *o = cli_line_verb()->options; o->name != NULL; o++) {
        const struct cli_option_target *const t = find_target(targets, o->name);
        ASSAY_ASSERT(t != NULL || strcmp(o->name, "json") == 0);
        ASSAY_ASSERT(t == NULL || (t->flag != NULL) == (o->value == NULL));
        ASSAY_ASSERT(t == NULL || t->take != NULL ||
                     (t->count != NULL) == ((o->flags & ASSAY_OPTION_MANY) != 0));
    }
}

int cli_option_number(const char *option, const char *text, uint64_t low, uint64_t high,
                      const char *unit, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && errno == 0 && *end == '\0' && value >= low &&
        value <= high) {
        *out = value;
        return -1;
    }
    if (high >= INT64_MAX)
        return cli_misuse("--%s: expected a number from %llu, found \"%s\"", option,
                          (unsigned long long)low, text);
    return cli_misuse("--%s: expected %llu to %llu%s%s, found \"%s\"", option,
                      (unsigned long long)low, (unsigned long long)high, unit != NULL ? " " : "",
                      unit != NULL ? unit : "", text);
}

static int take_ms(unsigned *ms, const char *name, const char *value)
{
    uint64_t number = 0;
    const int status = cli_option_number(name, value, 1, TIMEOUT_MS_MAX, "milliseconds", &number);
    if (status < 0) *ms = (unsigned)number;
    return status;
}

static int take_time(int64_t *time, const char *name, const char *value)
{
    if (assay_rfc3339_parse(value, strlen(value), time) == ASSAY_OK && *time > 0) return -1;
    return cli_misuse("--%s: \"%s\" is no RFC 3339 time after 1970 (2026-01-31T12:00:00Z)", name,
                      value);
}

static int take_text(const struct cli_option_target *t, const char *value)
{
    if (t->count != NULL && *t->count == t->most)
        return cli_misuse("--%s can be given %zu times", t->name, t->most);
    t->text[t->count != NULL ? (*t->count)++ : 0] = value;
    return -1;
}

static int take_value(const struct cli_option_target *t, const char *name, const char *value)
{
    if (t->take != NULL) return t->take(t->context, name, value);
    if (t->ms != NULL) return take_ms(t->ms, name, value);
    if (t->time != NULL) return take_time(t->time, name, value);
    if (t->number != NULL)
        return cli_option_number(name, value, t->low, t->high, t->unit, t->number);
    if (t->text != NULL) return take_text(t, value);
    *t->flag = true;
    return -1;
}

int cli_options_read(int argc, char **argv, const struct cli_option_target *targets)
{
    struct cli_line_part part = { .at = 0 };
    int words = 1;
    check_targets(targets);
    while (cli_line_next(argc, argv, &part)) {
        if (!part.is_option) {
            argv[words++] = part.word; /* in front of what is read next */
            continue;
        }
        const char *const name = part.option->name;
        const struct cli_option_target *const t = find_target(targets, name);
        const int status = t != NULL ? take_value(t, name, part.value) : -1;
        if (status >= 0) return status;
    }
    argv[words] = NULL;
    return -1;
}
