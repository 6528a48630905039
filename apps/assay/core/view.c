/*
 * apps/assay/core/view.c - views over the documents of results (view.h).
 */
#include "apps/assay/core/view.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/text.h"
#include "base/assert.h"
#include "base/rfc3339.h"
#include "quote/yaml/document.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 128, NUMBER_LEN = 32 };

/* The current object, inside the whole document. */
struct scope {
    const struct assay_json *root, *object;
    size_t index;               /* of the item of a list */
    const struct scope *around; /* of that item; NULL: the whole document */
    FILE *out;
};

/* A value of a document, or a number about it. */
struct value {
    const struct assay_json *json;
    bool is_count;
    size_t count;
};

/* A list, or those of its items that a condition holds for. */
struct list {
    const struct assay_json *all;
    char condition[WORD_MAX]; /* "": every item */
};

static bool holds(const struct scope *s, const char *condition);

/* ------------------------------------------------------------ values */

static const struct assay_json *walk_path(const struct assay_json *object, const char *path)
{
    char key[WORD_MAX];
    while (*path != '\0' && strcmp(path, ".") != 0) {
        const size_t len = strcspn(path, ".");
        (void)snprintf(key, sizeof key, "%.*s", (int)len, path);
        object = assay_json_kind_of(object) == ASSAY_JSON_ARRAY
                     ? assay_json_at(object, strtoul(key, NULL, 10))
                     : assay_json_get(object, key);
        path += len + (path[len] == '.' ? 1 : 0);
    }
    return object;
}

/* "path", "path?condition" */
static struct list find_list(const struct scope *s, const char *key)
{
    char path[WORD_MAX];
    struct list list = { .condition = "" };
    const size_t len = strcspn(key, "?");
    (void)snprintf(path, sizeof path, "%.*s", (int)len, key);
    if (key[len] == '?') (void)snprintf(list.condition, WORD_MAX, "%s", key + len + 1);
    list.all = walk_path(path[0] == '^' ? s->root : s->object, path + (path[0] == '^'));
    return list;
}

/* Returns: whether the list has an item there, and it is one of those. */
static bool has_item(const struct scope *s, const struct list *list, size_t at)
{
    const struct scope item = { s->root, assay_json_at(list->all, at), at, s, s->out };
    return list->condition[0] == '\0' || holds(&item, list->condition);
}

static size_t count_items(const struct scope *s, const struct list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < assay_json_count(list->all); i++)
        count += has_item(s, list, i);
    return count;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as a key of this program
static struct value find_value(const struct scope *s, const char *key)
{
    if (key[0] == '<') {
        ASSAY_ASSERT(s->around != NULL);
        return find_value(s->around, key + 1);
    }
    if (strcmp(key, "#") == 0) return (struct value){ .is_count = true, .count = s->index };
    if (key[0] == '#') {
        const struct list list = find_list(s, key + 1);
        return (struct value){ .is_count = true, .count = count_items(s, &list) };
    }
    const bool is_whole = key[0] == '^';
    return (struct value){ .json = walk_path(is_whole ? s->root : s->object, key + is_whole) };
}

static bool is_true(const struct value *v)
{
    int64_t number = 0;
    const char *const text = assay_json_as_text(v->json);
    if (v->is_count) return v->count > 0;
    if (text != NULL) return text[0] != '\0';
    if (assay_json_as_int(v->json, &number)) return number != 0;
    return assay_json_as_bool(v->json) || assay_json_count(v->json) > 0 ||
           assay_json_kind_of(v->json) == ASSAY_JSON_OBJECT;
}

/* A single value as it is shown; "" for none. */
static const char *plain_text(const struct value *v, char number[static NUMBER_LEN])
{
    int64_t integer = 0;
    const char *const text = assay_json_as_text(v->json);
    if (v->is_count) (void)snprintf(number, NUMBER_LEN, "%zu", v->count);
    else if (assay_json_kind_of(v->json) == ASSAY_JSON_BOOL)
        return assay_json_as_bool(v->json) ? "yes" : "no";
    else if (assay_json_as_int(v->json, &integer))
        (void)snprintf(number, NUMBER_LEN, "%" PRId64, integer);
    else return text != NULL ? text : "";
    return number;
}

/* ------------------------------------------------------------ ways to show a value */

/* how: "1000", "1000.3": the divisor and how many decimals. */
static const char *format_quotient(int64_t number, const char *how)
{
    char text[NUMBER_LEN], *end = NULL;
    const long long divisor = strtoll(how, &end, 10);
    const int decimals = *end == '.' ? (int)strtol(end + 1, NULL, 10) : 1;
    ASSAY_ASSERT(divisor > 0);
    if (decimals == 0) (void)snprintf(text, sizeof text, "%lld", number / divisor);
    else (void)snprintf(text, sizeof text, "%.*f", decimals, (double)number / (double)divisor);
    return cli_text_sanitized(text);
}

static const char *format_epoch(const struct scope *s, int64_t epoch)
{
    char text[2 * NUMBER_LEN];
    (void)snprintf(text, sizeof text, "%" PRId64 "%s", epoch,
                   cli_when_of_epoch(s->root, (unsigned long long)epoch));
    return cli_text_sanitized(text);
}

static const char *format_period(uint64_t seconds)
{
    enum { DAY_S = 86400 };
    char text[NUMBER_LEN];
    const uint64_t days = seconds / DAY_S;
    if (days == 0 || seconds % DAY_S != 0)
        (void)snprintf(text, sizeof text, "%" PRIu64 " s", seconds);
    else (void)snprintf(text, sizeof text, "%" PRIu64 " day%s", days, days == 1 ? "" : "s");
    return cli_text_sanitized(text);
}

static const char *format_time(uint64_t unix_ms)
{
    char text[ASSAY_RFC3339_MS_LEN + 1];
    assay_rfc3339_format_ms(unix_ms, text);
    return cli_text_sanitized(text);
}

static const char *format_hex(uint64_t number)
{
    char text[NUMBER_LEN];
    (void)snprintf(text, sizeof text, "0x%08" PRIx64, number);
    return cli_text_sanitized(text);
}

static const char *format_lower(const char *from)
{
    char text[WORD_MAX] = "";
    for (size_t i = 0; i + 1 < sizeof text && from[i] != '\0'; i++)
        text[i] = (char)tolower((unsigned char)from[i]);
    return cli_text_sanitized(text);
}

static const char *format_value(const struct scope *s, const char *how, const struct value *v)
{
    char number[NUMBER_LEN];
    int64_t integer = 0;
    const bool is_number = assay_json_as_int(v->json, &integer);
    const char *const text = plain_text(v, number);
    if (how[0] == '\0') return cli_text_sanitized(text);
    if (strcmp(how, "condition") == 0) return cli_condition_of(v->json);
    if (strcmp(how, "stage") == 0) return cli_stage_of(v->json);
    if (strcmp(how, "recovery") == 0) return cli_recovery_of(v->json);
    if (strcmp(how, "period") == 0) return format_period((uint64_t)integer);
    if (strcmp(how, "time") == 0) return format_time((uint64_t)integer);
    if (strcmp(how, "hex") == 0) return format_hex((uint64_t)integer);
    if (strcmp(how, "reason") == 0) return cli_reason_of(text);
    if (strcmp(how, "lower") == 0) return format_lower(text);
    if (strcmp(how, "plural") == 0) return strcmp(text, "1") == 0 ? "" : "s";
    if (strcmp(how, "at") == 0) return cli_when_at(is_number ? (uint64_t)integer : 0);
    if (strcmp(how, "epoch") == 0) return format_epoch(s, integer);
    if (strcmp(how, "pct") == 0) return cli_percent(is_number ? (uint64_t)integer : 0);
    ASSAY_ASSERT(how[0] == '/');
    return format_quotient(integer < 0 ? -integer : integer, how + 1);
}

/* ------------------------------------------------------------ rendering */

/* Copies up to one of the ends. Returns: where that stands. */
static const char *take_word(const char *at, const char *ends, char word[static WORD_MAX])
{
    const size_t len = strcspn(at, ends);
    ASSAY_ASSERT(len < WORD_MAX && at[len] != '\0');
    (void)snprintf(word, WORD_MAX, "%.*s", (int)len, at);
    return at + len;
}

static void print_list(const struct scope *s, const struct assay_json *list)
{
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const struct value item = { .json = assay_json_at(list, i) };
        (void)fprintf(s->out, "%s%s", i > 0 ? ", " : "", format_value(s, "", &item));
    }
}

/* A text of any length; the formatted ones are short. */
static void print_text(const char *text, FILE *out)
{
    char *const copy = strdup(text);
    if (copy != NULL) assay_yaml_sanitize(copy);
    (void)fputs(copy != NULL ? copy : "(out of memory)", out);
    free(copy);
}

/* "key:how,width|fallback}" */
static const char *render_value(const struct scope *s, const char *at, bool shown)
{
    char key[WORD_MAX], how[WORD_MAX] = "", width[WORD_MAX] = "", fallback[WORD_MAX] = "?";
    at = take_word(at, ":,|}", key);
    if (*at == ':') at = take_word(at + 1, ",|}", how);
    if (*at == ',') at = take_word(at + 1, "|}", width);
    if (*at == '|') at = take_word(at + 1, "}", fallback);
    if (!shown) return at + 1;
    const struct value v = find_value(s, key);
    const enum assay_json_kind kind = assay_json_kind_of(v.json);
    const bool is_absent = kind == ASSAY_JSON_NOTHING || kind == ASSAY_JSON_NULL ||
                           (kind == ASSAY_JSON_TEXT && assay_json_as_text(v.json)[0] == '\0') ||
                           (kind == ASSAY_JSON_ARRAY && assay_json_count(v.json) == 0);
    const bool has_text = kind == ASSAY_JSON_TEXT || (!v.is_count && is_absent && how[0] == '\0');
    if (kind == ASSAY_JSON_ARRAY && !is_absent) print_list(s, v.json);
    else if (has_text && how[0] == '\0' && width[0] == '\0')
        print_text(is_absent ? fallback : assay_json_as_text(v.json), s->out);
    else {
        const char *const text = has_text && is_absent ? fallback : format_value(s, how, &v);
        const char *const cut = strchr(width, '.');
        const long most = cut != NULL ? strtol(cut + 1, NULL, 10) : -1;
        (void)fprintf(s->out, "%*.*s", (int)strtol(width, NULL, 10), (int)most, text);
    }
    return at + 1;
}

/* word: of a condition; "@key" is the value there, "begin*" what a text begins with. */
static bool has_word(const struct scope *s, const struct value *v, const char *word)
{
    char number[NUMBER_LEN], others[NUMBER_LEN];
    const char *const text = plain_text(v, number);
    if (word[0] == '@') {
        const struct value other = find_value(s, word + 1);
        return strcmp(text, plain_text(&other, others)) == 0;
    }
    const size_t len = strlen(word);
    if (len > 0 && word[len - 1] == '*') return strncmp(text, word, len - 1) == 0;
    return strcmp(text, word) == 0;
}

/* "12", "@key" */
static int64_t number_of(const struct scope *s, const char *word)
{
    const struct value v = find_value(s, word[0] == '@' ? word + 1 : ".");
    int64_t number = 0;
    if (word[0] != '@') return strtoll(word, NULL, 10);
    return assay_json_as_int(v.json, &number) ? number : 0;
}

/* "key", "!key", "key=word", "key!=word", "key<number" */
static bool holds_one(const struct scope *s, const char *condition)
{
    char key[WORD_MAX];
    const bool is_negated = condition[0] == '!';
    condition += is_negated;
    const size_t len =
        strchr(condition, '?') != NULL ? strlen(condition) : 1 + strcspn(condition + 1, "!=<");
    (void)snprintf(key, sizeof key, "%.*s", (int)len, condition);
    const struct value v = find_value(s, key);
    int64_t integer = 0;
    switch (condition[len]) {
    case '\0': return is_true(&v) != is_negated;
    case '=': return has_word(s, &v, condition + len + 1);
    case '<':
        return assay_json_as_int(v.json, &integer) && integer < number_of(s, condition + len + 1);
    default: return !has_word(s, &v, condition + len + 2);
    }
}

/* Those joined by "&", of which all hold, joined by "+". */
// NOLINTNEXTLINE(misc-no-recursion): as deep as a condition of this program
static bool holds(const struct scope *s, const char *condition)
{
    char one[WORD_MAX];
    bool all = true;
    while (*condition != '\0') {
        /* The condition of a list is the rest of the word. */
        const size_t len = condition[0] == '#' && strchr(condition, '?') != NULL
                               ? strlen(condition)
                               : strcspn(condition, "&+");
        (void)snprintf(one, sizeof one, "%.*s", (int)len, condition);
        all = all && holds_one(s, one);
        if (condition[len] == '+' && all) return true;
        if (condition[len] == '+') all = true;
        condition += len + (condition[len] != '\0' ? 1 : 0);
    }
    return all;
}

static const char *render_text(const struct scope *s, const char *at, bool shown);

/* Returns: behind the part. */
static const char *render_else(const struct scope *s, const char *at, bool shown)
{
    if (*at == '|') at = render_text(s, at + 1, shown);
    ASSAY_ASSERT(*at == ']');
    return at + 1;
}

/* "key TEXT|ELSE]", "key, TEXT]", "key:3 TEXT]" */
static const char *render_items(const struct scope *s, const char *at, bool shown)
{
    char word[WORD_MAX];
    const char *const text = take_word(at, " ", word) + 1, *end = render_text(s, text, false);
    char *const last = word + strlen(word) - 1, *const most = strchr(word, ':');
    const bool is_joined = *last == ',';
    const size_t limit = most != NULL ? strtoul(most + 1, NULL, 10) : SIZE_MAX;
    size_t count = 0;
    if (is_joined) *last = '\0';
    if (most != NULL) *most = '\0';
    const struct list list = find_list(s, word);
    for (size_t i = 0; shown && i < assay_json_count(list.all) && count < limit; i++) {
        const struct scope item = { s->root, assay_json_at(list.all, i), count, s, s->out };
        if (!has_item(s, &list, i)) continue;
        if (is_joined && count > 0) (void)fputs(", ", s->out);
        count++;
        (void)render_text(&item, text, true);
    }
    return render_else(s, end, shown && count == 0);
}

static const char *render_part(const struct scope *s, const char *at, bool shown)
{
    char condition[WORD_MAX];
    if (*at == '*') return render_items(s, at + 1, shown);
    ASSAY_ASSERT(*at == '?');
    at = take_word(at + 1, " ", condition) + 1;
    const bool is_met = shown && holds(s, condition);
    return render_else(s, render_text(s, at, is_met), shown && !is_met);
}

/* Up to the end of the part that it is. */
// NOLINTNEXTLINE(misc-no-recursion): as deep as a view of this program
static const char *render_text(const struct scope *s, const char *at, bool shown)
{
    while (*at != '\0' && *at != ']' && *at != '|') {
        if (*at == '{') at = render_value(s, at + 1, shown);
        else if (*at == '[') at = render_part(s, at + 1, shown);
        else {
            at += *at == '\\';
            if (shown) (void)fputc(*at, s->out);
            at++;
        }
    }
    return at;
}

void cli_view_print(const char *view, const struct assay_json *data, FILE *out)
{
    const struct scope whole = { data, data, 0, NULL, out };
    const char *const end = render_text(&whole, view, true);
    ASSAY_ASSERT(*end == '\0');
}

int cli_view_result(bool json, const char *schema, struct assay_json *data, const char *view)
{
    if (json) return cli_print_envelope(schema, data);
    cli_view_print(view, data, stdout);
    assay_json_free(&data);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}
