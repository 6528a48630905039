/*
 * apps/sim/report/number.c - numbers of the command line.
 */
#include "apps/sim/report/number.h"

#include <stdio.h>
#include <string.h>

bool sim_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') return false;
        const uint64_t digit = (uint64_t)(*c - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = 10 * value + digit;
    }
    if (value < min || value > max) return false;
    *out = value;
    return true;
}

const char *sim_expect_number(const char *text, uint64_t min, uint64_t max, uint64_t *out,
                              const char *expected)
{
    return sim_parse_number(text, min, max, out) ? NULL : expected;
}

bool sim_parse_pair(const char *text, const char *separator, bool one_is_both, uint64_t min,
                    uint64_t max, uint64_t pair[2])
{
    char first[24];
    const char *const at = strstr(text, separator);
    if (at == NULL && !one_is_both) return false;
    const size_t len = at == NULL ? strlen(text) : (size_t)(at - text);
    if (len >= sizeof first) return false;
    (void)snprintf(first, sizeof first, "%.*s", (int)len, text);
    if (!sim_parse_number(first, min, max, &pair[0])) return false;
    pair[1] = pair[0];
    return at == NULL || sim_parse_number(at + strlen(separator), min, max, &pair[1]);
}
