/*
 * sim/scenario/scenario_set.c - values of keys: parsing, formatting and bounds, for files and
 * --set.
 */
#include "base/assert.h"
#include "base/checked.h"
#include "base/words.h"
#include "sim/scenario/scenario_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum assay_status assay_scenario_refuse(char message[static ASSAY_SIM_MESSAGE_MAX],
                                        enum assay_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, ASSAY_SIM_MESSAGE_MAX, format, args);
    va_end(args);
    return status;
}

/* ------------------------------------------------------------ parts */

const void *assay_scenario_part_const(const struct assay_scenario *scenario,
                                      const struct assay_scenario_section *section, uint32_t index)
{
    ASSAY_ASSERT(index < (section->is_list ? section->max : 1));
    return (const uint8_t *)scenario + section->offset + (size_t)index * section->element_len;
}

void *assay_scenario_part(struct assay_scenario *scenario,
                          const struct assay_scenario_section *section, uint32_t index)
{
    ASSAY_ASSERT(index < (section->is_list ? section->max : 1));
    return (uint8_t *)scenario + section->offset + (size_t)index * section->element_len;
}

static uint32_t get_u32(const void *part, uint32_t offset)
{
    uint32_t value = 0;
    assay_bytes_copy(&value, sizeof value, (const uint8_t *)part + offset, sizeof value);
    return value;
}

static void put_u32(void *part, uint32_t offset, uint32_t value)
{
    assay_bytes_copy((uint8_t *)part + offset, sizeof value, &value, sizeof value);
}

static uint64_t get_number(const void *part, const struct assay_scenario_key *key)
{
    uint64_t value = 0;
    if (key->kind != ASSAY_SCENARIO_U64) return get_u32(part, key->offset);
    assay_bytes_copy(&value, sizeof value, (const uint8_t *)part + key->offset, sizeof value);
    return value;
}

static bool get_bool(const void *part, uint32_t offset)
{
    bool value = false;
    assay_bytes_copy(&value, sizeof value, (const uint8_t *)part + offset, sizeof value);
    return value;
}

static void put_bool(void *part, uint32_t offset, bool value)
{
    assay_bytes_copy((uint8_t *)part + offset, sizeof value, &value, sizeof value);
}

uint32_t assay_scenario_part_count(const struct assay_scenario *scenario,
                                   const struct assay_scenario_section *section)
{
    return section->is_list ? get_u32(scenario, section->count_offset) : 1;
}

bool assay_scenario_append(struct assay_scenario *scenario,
                           const struct assay_scenario_section *section)
{
    const uint32_t count = assay_scenario_part_count(scenario, section);
    if (count == section->max) return false;
    void *part = assay_scenario_part(scenario, section, count);
    assay_bytes_zero(part, section->element_len);
    if (strcmp(section->name, "adversaries") == 0)
        *(struct assay_sim_adversary *)part = (struct assay_sim_adversary){
            .start_epoch = 1, .rate_permille = 1000, .on_epochs = 1, .off_epochs = 1
        };
    else if (strcmp(section->name, "partitions") == 0)
        *(struct assay_sim_partition *)part = (struct assay_sim_partition){ .start_epoch = 1 };
    else if (strcmp(section->name, "crashes") == 0)
        *(struct assay_sim_crash *)part =
            (struct assay_sim_crash){ .down_ms = 1000, .kill_ms = 100 };
    else if (strcmp(section->name, "recovers") == 0)
        *(struct assay_sim_recover *)part =
            (struct assay_sim_recover){ .at_epoch = 1, .after_epochs = 2, .drains_stopped = true };
    else if (strcmp(section->name, "changes") == 0)
        *(struct assay_sim_change *)part = (struct assay_sim_change){
            .at_epoch = 1,
            .ahead_epochs = 2,
            .epochs = 1,
            .vendor_cap_num = 33,
            .vendor_cap_den = 100,
            .given_to = 1
        };
    else if (strcmp(section->name, "collateral") == 0)
        *(struct assay_sim_day *)part = (struct assay_sim_day){ .at_epoch = 1, .given_to = 1 };
    put_u32(scenario, section->count_offset, count + 1);
    return true;
}

/* ------------------------------------------------------------ expected values */

static void list_words(const struct assay_scenario_key *key, char *text)
{
    size_t used = 0;
    for (uint32_t v = key->word_min; v <= key->word_max && used < ASSAY_SCENARIO_VALUE_MAX; v++) {
        const int more = snprintf(text + used, ASSAY_SCENARIO_VALUE_MAX - used, "%s%s",
                                  v == key->word_min   ? ""
                                  : v == key->word_max ? " or "
                                                       : ", ",
                                  key->word(v));
        ASSAY_ASSERT(more > 0);
        used += (size_t)more;
    }
}

void assay_scenario_expects(const struct assay_scenario_key *key,
                            char text[static ASSAY_SCENARIO_VALUE_MAX])
{
    const char *fixed = NULL;
    switch (key->kind) {
    case ASSAY_SCENARIO_U32:
    case ASSAY_SCENARIO_U64:
        (void)snprintf(text, ASSAY_SCENARIO_VALUE_MAX, "%" PRIu64 " .. %" PRIu64, key->min,
                       key->max);
        return;
    case ASSAY_SCENARIO_WORD:
        if (key->word_max - key->word_min < 8) list_words(key, text);
        else (void)snprintf(text, ASSAY_SCENARIO_VALUE_MAX, "a word of `assay-sim keys`");
        return;
    case ASSAY_SCENARIO_BOOL: fixed = "true or false"; break;
    case ASSAY_SCENARIO_NAME: fixed = "a name of a-z, 0-9, - and _"; break;
    case ASSAY_SCENARIO_TEXT: fixed = "one line of up to 160 bytes"; break;
    case ASSAY_SCENARIO_COHORT: fixed = "the name of a cohort"; break;
    case ASSAY_SCENARIO_CAP: fixed = "NUM/DEN, as 33/100"; break;
    case ASSAY_SCENARIO_SHARES: fixed = "a share of each vendor, as 5000,3000,2000"; break;
    case ASSAY_SCENARIO_ASSERTION: fixed = "FIGURE [COHORT] COMPARE NUMBER"; break;
    }
    (void)snprintf(text, ASSAY_SCENARIO_VALUE_MAX, "%s", fixed);
}

static enum assay_status report_expected(const struct assay_scenario_key *key,
                                         enum assay_status status, const char *found,
                                         const char *hint, char *message)
{
    char expects[ASSAY_SCENARIO_VALUE_MAX];
    assay_scenario_expects(key, expects);
    return assay_scenario_refuse(message, status, "expected %s, found \"%.60s\"%s%s%s", expects,
                                 found, hint != NULL ? "; is \"" : "", hint != NULL ? hint : "",
                                 hint != NULL ? "\" meant?" : "");
}

/* ------------------------------------------------------------ from text */

bool assay_scenario_number(const char *text, size_t len, uint64_t *out)
{
    uint64_t value = 0;
    if (len == 0 || (len > 1 && text[0] == '0')) return false; /* no octal */
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        if (assay_mul_u64(value, 10, &value) != ASSAY_OK) return false;
        if (assay_add_u64(value, (uint64_t)(text[i] - '0'), &value) != ASSAY_OK) return false;
    }
    *out = value;
    return true;
}

static enum assay_status take_number(void *part, const struct assay_scenario_key *key,
                                     const char *text, char *message)
{
    uint64_t value = 0;
    if (!assay_scenario_number(text, strlen(text), &value))
        return report_expected(key, ASSAY_E_SYNTAX, text, NULL, message);
    if (value < key->min || value > key->max)
        return report_expected(key, ASSAY_E_RANGE, text, NULL, message);
    if (key->kind == ASSAY_SCENARIO_U32) put_u32(part, key->offset, (uint32_t)value);
    else assay_bytes_copy((uint8_t *)part + key->offset, sizeof value, &value, sizeof value);
    return ASSAY_OK;
}

static enum assay_status take_bool(void *part, const struct assay_scenario_key *key,
                                   const char *text, char *message)
{
    const bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return report_expected(key, ASSAY_E_SYNTAX, text, NULL, message);
    put_bool(part, key->offset, yes);
    return ASSAY_OK;
}

static enum assay_status take_word(void *part, const struct assay_scenario_key *key,
                                   const char *text, char *message)
{
    const char *hint = NULL;
    unsigned best = ASSAY_WORDS_APART_MAX;
    for (uint32_t v = key->word_min; v <= key->word_max; v++) {
        if (strcmp(text, key->word(v)) == 0) {
            put_u32(part, key->offset, v);
            return ASSAY_OK;
        }
        assay_words_nearest(text, key->word(v), &best, &hint);
    }
    return report_expected(key, ASSAY_E_SYNTAX, text, hint, message);
}

bool assay_scenario_is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    const size_t len = strlen(text);
    return len > 0 && len <= ASSAY_SIM_NAME_MAX && strspn(text, letters) == len;
}

static enum assay_status take_name(void *part, const struct assay_scenario_key *key,
                                   const char *text, char *message)
{
    if (!assay_scenario_is_name(text))
        return report_expected(key, ASSAY_E_SYNTAX, text, NULL, message);
    char *to = (char *)part + key->offset;
    (void)snprintf(to, ASSAY_SIM_NAME_MAX + 1, "%s", text);
    return ASSAY_OK;
}

size_t assay_scenario_character_len(const char *text)
{
    const uint8_t *const c = (const uint8_t *)text;
    if (c[0] >= 0x20 && c[0] < 0x7f) return 1;
    if (c[0] == 0xc2) return c[1] >= 0xa0 && c[1] <= 0xbf ? 2 : 0; /* C1 controls before */
    if (c[0] > 0xc2 && c[0] < 0xe0) return (c[1] & 0xc0) == 0x80 ? 2 : 0;
    if ((c[0] & 0xf0) != 0xe0 || (c[1] & 0xc0) != 0x80 || (c[2] & 0xc0) != 0x80) return 0;
    const uint32_t point =
        (uint32_t)(c[0] & 0x0f) << 12 | (uint32_t)(c[1] & 0x3f) << 6 | (uint32_t)(c[2] & 0x3f);
    const bool fits = point >= 0x800 && (point < 0x2028 || point > 0x202e) &&
                      (point < 0xd800 || point > 0xdfff) && point != 0xfeff && point < 0xfffe;
    return fits ? 3 : 0;
}

bool assay_scenario_is_line(const char *text)
{
    if (strlen(text) > ASSAY_SIM_TITLE_MAX) return false;
    while (*text != '\0') {
        const size_t len = assay_scenario_character_len(text);
        if (len == 0) return false;
        text += len;
    }
    return true;
}

static enum assay_status take_text(void *part, const struct assay_scenario_key *key,
                                   const char *text, char *message)
{
    if (!assay_scenario_is_line(text))
        return report_expected(key, ASSAY_E_SYNTAX, text, NULL, message);
    (void)snprintf((char *)part + key->offset, ASSAY_SIM_TITLE_MAX + 1, "%s", text);
    return ASSAY_OK;
}

bool assay_scenario_find_cohort(const struct assay_scenario *scenario, const char *name, size_t len,
                                uint32_t *out)
{
    for (uint32_t i = 0; i < scenario->cohort_count; i++) {
        if (strlen(scenario->cohorts[i].name) != len) continue;
        if (!assay_bytes_equal(scenario->cohorts[i].name, name, len)) continue;
        *out = i;
        return true;
    }
    return false;
}

static enum assay_status take_cohort(const struct assay_scenario *scenario, void *part,
                                     const struct assay_scenario_key *key, const char *text,
                                     char *message)
{
    uint32_t index = 0;
    if (assay_scenario_find_cohort(scenario, text, strlen(text), &index)) {
        put_u32(part, key->offset, index);
        return ASSAY_OK;
    }
    const char *hint = NULL;
    unsigned best = ASSAY_WORDS_APART_MAX;
    for (uint32_t i = 0; i < scenario->cohort_count; i++)
        assay_words_nearest(text, scenario->cohorts[i].name, &best, &hint);
    return report_expected(key, ASSAY_E_NOT_FOUND, text, hint, message);
}

static enum assay_status take_cap(void *part, const struct assay_scenario_key *key,
                                  const char *text, char *message)
{
    uint64_t num = 0, den = 0;
    const char *stroke = strchr(text, '/');
    if (stroke == NULL || !assay_scenario_number(text, (size_t)(stroke - text), &num) ||
        !assay_scenario_number(stroke + 1, strlen(stroke + 1), &den))
        return report_expected(key, ASSAY_E_SYNTAX, text, NULL, message);
    if (num == 0 || num > den || den > 10000)
        return report_expected(key, ASSAY_E_RANGE, text, NULL, message);
    put_u32(part, key->offset, (uint32_t)num);
    put_u32(part, key->offset + (uint32_t)sizeof(uint32_t), (uint32_t)den);
    return ASSAY_OK;
}

static enum assay_status take_shares(struct assay_scenario *scenario,
                                     const struct assay_scenario_key *key, const char *text,
                                     char *message)
{
    uint32_t shares[ASSAY_SIM_VENDORS_MAX] = { 0 };
    const char *at = text;
    for (size_t i = 0;; i++) {
        uint64_t value = 0;
        const size_t len = strcspn(at, ",");
        if (i == ASSAY_SIM_VENDORS_MAX || !assay_scenario_number(at, len, &value))
            return report_expected(key, ASSAY_E_SYNTAX, text, NULL, message);
        if (value > 10000) return report_expected(key, ASSAY_E_RANGE, text, NULL, message);
        shares[i] = (uint32_t)value;
        at += len;
        if (*at == '\0') break;
        at++;
    }
    assay_bytes_copy(scenario->vendor_share_bp, sizeof scenario->vendor_share_bp, shares,
                     sizeof shares);
    return ASSAY_OK;
}

/* An empty value of a number, a share or a choice is zero. */
static void empty_other(void *part, const struct assay_scenario_key *key)
{
    for (size_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++) {
        const struct assay_scenario_section *section = &assay_scenario_sections[s];
        if (key < section->keys || key >= section->keys + section->key_count) continue;
        for (uint32_t k = 0; k < section->key_count; k++) {
            const struct assay_scenario_key *other = &section->keys[k];
            if (strcmp(other->name, key->instead) != 0) continue;
            const size_t len = other->kind == ASSAY_SCENARIO_U64 ? 8 : 4;
            assay_bytes_zero((uint8_t *)part + other->offset, len);
        }
    }
}

static enum assay_status take_value(struct assay_scenario *scenario, void *part,
                                    const struct assay_scenario_key *key, const char *text,
                                    char *message)
{
    switch (key->kind) {
    case ASSAY_SCENARIO_U32:
    case ASSAY_SCENARIO_U64: return take_number(part, key, text, message);
    case ASSAY_SCENARIO_BOOL: return take_bool(part, key, text, message);
    case ASSAY_SCENARIO_NAME: return take_name(part, key, text, message);
    case ASSAY_SCENARIO_TEXT: return take_text(part, key, text, message);
    case ASSAY_SCENARIO_WORD: return take_word(part, key, text, message);
    case ASSAY_SCENARIO_COHORT: return take_cohort(scenario, part, key, text, message);
    case ASSAY_SCENARIO_CAP: return take_cap(part, key, text, message);
    case ASSAY_SCENARIO_SHARES: return take_shares(scenario, key, text, message);
    case ASSAY_SCENARIO_ASSERTION: return assay_assertion_take(scenario, part, text, message);
    }
    ASSAY_UNREACHABLE("every kind returns");
}

enum assay_status assay_scenario_take(struct assay_scenario *scenario, void *part,
                                      const struct assay_scenario_key *key, const char *text,
                                      char *message)
{
    ASSAY_TRY(take_value(scenario, part, key, text, message));
    if (key->flag_offset != 0) put_bool(part, key->flag_offset, key->flag_when);
    if (key->instead != NULL) empty_other(part, key);
    if (key->kind == ASSAY_SCENARIO_NAME) /* assertions name cohorts */
        for (uint32_t i = 0; i < scenario->assertion_count; i++)
            assay_assertion_name(scenario, &scenario->assertions[i]);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ within bounds */

void assay_scenario_look(const void *part, const struct assay_scenario_key *key,
                         struct assay_scenario_found *found)
{
    const char *text = (const char *)part + key->offset;
    *found = (struct assay_scenario_found){ .fits = true };
    switch (key->kind) {
    case ASSAY_SCENARIO_U32:
    case ASSAY_SCENARIO_U64:
        found->value = get_number(part, key);
        /* A disabled key is zero, whatever its bounds. */
        found->fits = found->value >= key->min && found->value <= key->max;
        return;
    case ASSAY_SCENARIO_WORD:
        found->value = get_u32(part, key->offset);
        found->fits = found->value >= key->word_min && found->value <= key->word_max;
        return;
    case ASSAY_SCENARIO_CAP: {
        const uint32_t den = get_u32(part, key->offset + (uint32_t)sizeof(uint32_t));
        found->value = get_u32(part, key->offset);
        found->fits = den >= 1 && den <= 10000 && found->value >= 1 && found->value <= den;
        return;
    }
    case ASSAY_SCENARIO_COHORT: found->value = get_u32(part, key->offset); return;
    case ASSAY_SCENARIO_NAME: found->fits = assay_scenario_is_name(text); return;
    case ASSAY_SCENARIO_TEXT: found->fits = assay_scenario_is_line(text); return;
    case ASSAY_SCENARIO_BOOL:
    case ASSAY_SCENARIO_SHARES:
    case ASSAY_SCENARIO_ASSERTION: return;
    }
}

/* ------------------------------------------------------------ to text */

static void give_shares(const struct assay_scenario *scenario, char *text)
{
    size_t used = 0;
    for (uint32_t v = 0; v < scenario->vendors && v < ASSAY_SIM_VENDORS_MAX; v++) {
        const int more = snprintf(text + used, ASSAY_SCENARIO_VALUE_MAX - used, "%s%u",
                                  v == 0 ? "" : ",", (unsigned)scenario->vendor_share_bp[v]);
        ASSAY_ASSERT(more > 0 && used + (size_t)more < ASSAY_SCENARIO_VALUE_MAX);
        used += (size_t)more;
    }
}

bool assay_scenario_give(const struct assay_scenario *scenario, const void *part,
                         const struct assay_scenario_key *key,
                         char text[static ASSAY_SCENARIO_VALUE_MAX])
{
    if (key->flag_offset != 0 && get_bool(part, key->flag_offset) != key->flag_when) return false;
    const char *fixed = (const char *)part + key->offset; /* of a text */
    switch (key->kind) {
    case ASSAY_SCENARIO_U32:
    case ASSAY_SCENARIO_U64:
        if (key->instead != NULL && key->flag_offset == 0 && get_number(part, key) == 0)
            return false;
        (void)snprintf(text, ASSAY_SCENARIO_VALUE_MAX, "%" PRIu64, get_number(part, key));
        return true;
    case ASSAY_SCENARIO_CAP:
        (void)snprintf(text, ASSAY_SCENARIO_VALUE_MAX, "%u/%u",
                       (unsigned)get_u32(part, key->offset),
                       (unsigned)get_u32(part, key->offset + (uint32_t)sizeof(uint32_t)));
        return true;
    case ASSAY_SCENARIO_SHARES: give_shares(scenario, text); return true;
    case ASSAY_SCENARIO_BOOL: fixed = get_bool(part, key->offset) ? "true" : "false"; break;
    case ASSAY_SCENARIO_WORD: fixed = key->word(get_u32(part, key->offset)); break;
    case ASSAY_SCENARIO_COHORT: fixed = scenario->cohorts[get_u32(part, key->offset)].name; break;
    case ASSAY_SCENARIO_NAME:
    case ASSAY_SCENARIO_TEXT: break;
    case ASSAY_SCENARIO_ASSERTION: fixed = ((const struct assay_sim_assertion *)part)->text; break;
    }
    if (fixed == NULL) return false; /* an attack that is not set */
    (void)snprintf(text, ASSAY_SCENARIO_VALUE_MAX, "%s", fixed);
    return true;
}
