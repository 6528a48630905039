/*
 * apps/assay/core/options.c - validation of command lines against the table of verbs, help, and
 * usage errors.
 *
 * An error names the word that is wrong, where there is one the name that it was probably meant to
 * be, and the verb's synopsis.
 */
#include "apps/assay/core/options.h"

#include "apps/assay/core/command.h"
#include "base/assert.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

enum { NAMES_MAX = 64, WORD_MAX = 48, HELP_COLUMNS = 79, CHOICES_SHOWN = 40, EXITS_MAX = 20 };

/* Subject of the line, for later parts and error messages. */
static const struct assay_verb *running;

const struct assay_verb *cli_verb_at(size_t index)
{
    if (index < assay_verbs_evidence_count) return &assay_verbs_evidence[index];
    index -= assay_verbs_evidence_count;
    if (index < assay_verbs_network_count) return &assay_verbs_network[index];
    index -= assay_verbs_network_count;
    if (index < assay_verbs_node_count) return &assay_verbs_node[index];
    index -= assay_verbs_node_count;
    if (index < assay_verbs_services_count) return &assay_verbs_services[index];
    index -= assay_verbs_services_count;
    return index < assay_verbs_anchor_count ? &assay_verbs_anchor[index] : NULL;
}

/* ------------------------------------------------------------ near names */

static unsigned get_minimum(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters that must be put in, taken out, changed or swapped. */
static unsigned get_edit_distance(const char *a, const char *b)
{
    const size_t a_len = strlen(a), b_len = strlen(b);
    unsigned rows[3][WORD_MAX + 1];
    if (a_len > WORD_MAX || b_len > WORD_MAX) return WORD_MAX;
    for (unsigned k = 0; k <= b_len; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *const row = rows[i % 3], *const up = rows[(i + 2) % 3];
        const unsigned *const before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= b_len; k++) {
            row[k] = get_minimum(get_minimum(up[k], row[k - 1]) + 1,
                                 up[k - 1] + (a[i - 1] == b[k - 1] ? 0U : 1U));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = get_minimum(row[k], before[k - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

const char *cli_nearest(const char *word, const char *const *candidates)
{
    const size_t len = strlen(word);
    const char *best = NULL;
    unsigned best_distance = len < 4 ? 2 : len < 8 ? 3 : 4; /* less than this */
    for (; *candidates != NULL; candidates++) {
        const unsigned d = get_edit_distance(word, *candidates);
        if (d < best_distance) {
            best = *candidates;
            best_distance = d;
        } else if (best == NULL && len >= 2 && strncmp(*candidates, word, len) == 0) {
            best = *candidates; /* the beginning of a name */
        }
    }
    return best;
}

/* ------------------------------------------------------------ synopsis and help */

struct column {
    FILE *out;
    int at, indent;
};

/* A piece that is not broken, on this line or the next. */
static void put_piece(struct column *c, const char *text, size_t len)
{
    if (c->at + 1 + (int)len > HELP_COLUMNS && c->at > c->indent) {
        (void)fprintf(c->out, "\n%*s", c->indent, "");
        c->at = c->indent;
    } else if (c->at > c->indent) {
        (void)fputc(' ', c->out);
        c->at++;
    }
    (void)fwrite(text, 1, len, c->out);
    c->at += (int)len;
}

static void put_words(struct column *c, const char *text)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, " ");
        put_piece(c, text, len);
        text += len + (text[len] == ' ' ? 1 : 0);
    }
}

const char *cli_option_value(const struct assay_option *option)
{
    if (option->value == NULL) return "";
    return strlen(option->value) > CHOICES_SHOWN ? "KIND" : option->value;
}

static void put_synopsis(const struct assay_verb *v, const char *before, FILE *out)
{
    char piece[256];
    const int len = snprintf(piece, sizeof piece, "%sassay %s%s%s", before, v->group,
                             v->verb[0] != '\0' ? " " : "", v->verb);
    struct column c = { .out = out, .at = len, .indent = 11 };
    (void)fputs(piece, out);
    if (v->arguments[0] != '\0') put_words(&c, v->arguments);
    for (const struct assay_option *o = v->options; o->name != NULL; o++) {
        const bool must = (o->flags & ASSAY_OPTION_MUST) != 0;
        (void)snprintf(piece, sizeof piece, "%s--%s%s%s%s%s", must ? "" : "[", o->name,
                       o->value != NULL ? " " : "", cli_option_value(o), must ? "" : "]",
                       (o->flags & ASSAY_OPTION_MANY) != 0 ? "..." : "");
        put_piece(&c, piece, strlen(piece));
    }
    (void)fputc('\n', out);
}

static void put_option(const struct assay_option *o, FILE *out)
{
    struct column c = { .out = out, .indent = 22 };
    c.at = fprintf(out, "  --%s%s%s", o->name, o->value != NULL ? " " : "", cli_option_value(o));
    if (c.at + 2 > c.indent) c.at = fprintf(out, "\n") - 1;
    c.at += fprintf(out, "%*s", c.indent - c.at, "");
    put_words(&c, o->help);
    if (o->value != NULL && cli_option_value(o) != o->value) {
        put_words(&c, "KIND:");
        for (const char *w = o->value; *w != '\0'; w += strspn(w, "|")) {
            const size_t len = strcspn(w, "|");
            put_piece(&c, w, len);
            w += len;
        }
    }
    (void)fputc('\n', out);
}

static void put_lines(const char *text, FILE *out)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");
        (void)fprintf(out, "  %.*s\n", (int)len, text);
        text += len + (text[len] == '\n' ? 1 : 0);
    }
}

/* A status with its meaning: "10 a warning". */
struct exit_entry {
    unsigned status;
    const char *text;
    size_t len;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* In ascending order; the first meaning of a status wins. Returns: the new count. */
static size_t add_exit(struct exit_entry entries[static EXITS_MAX], size_t count, const char *text,
                       size_t len)
{
    struct exit_entry entry = { .text = text, .len = len };
    size_t at = count;
    for (const char *c = text; is_digit(*c); c++)
        entry.status = 10 * entry.status + (unsigned)(*c - '0');
    for (size_t i = 0; i < count; i++)
        if (entries[i].status == entry.status) return count;
    ASSAY_ASSERT(count < EXITS_MAX);
    for (; at > 0 && entries[at - 1].status > entry.status; at--)
        entries[at] = entries[at - 1];
    entries[at] = entry;
    return count + 1;
}

/* Adds each entry of "10 a warning, 11 a failure". Returns: the new count. */
static size_t add_exits(struct exit_entry entries[static EXITS_MAX], size_t count, const char *text)
{
    while (*text != '\0') {
        size_t len = 0;
        while (text[len] != '\0' &&
               !(text[len] == ',' && text[len + 1] == ' ' && is_digit(text[len + 2])))
            len++;
        count = add_exit(entries, count, text, len);
        text += len + (text[len] == ',' ? 2 : 0);
    }
    return count;
}

static bool has_option(const struct assay_verb *v, const char *name)
{
    for (const struct assay_option *o = v->options; o->name != NULL; o++)
        if (strcmp(o->name, name) == 0) return true;
    return false;
}

/* Whether a name or a file may be missing, status 5. A missing configuration is status 2. */
static bool has_input(const struct assay_verb *v)
{
    static const char *const others[] = { "out", "html", "config", NULL };
    bool found = v->arguments[0] != '\0';
    for (const struct assay_option *o = v->options; !found && o->name != NULL; o++) {
        found = o->value != NULL && strcmp(o->value, "FILE") == 0;
        for (size_t i = 0; others[i] != NULL; i++)
            found = found && strcmp(o->name, others[i]) != 0;
    }
    return found;
}

/* The verb's own exit statuses, behind "never 3 7; ". */
static const char *own_exits(const struct assay_verb *v)
{
    const char *const end = strncmp(v->exit, "never ", 6) == 0 ? strstr(v->exit, "; ") : NULL;
    return end != NULL ? end + 2 : v->exit;
}

/* Adds a shared status, "3 no daemon answers", unless the verb never ends with it. Returns: the new
 * count. */
static size_t add_shared(struct exit_entry entries[static EXITS_MAX], size_t count,
                         const struct assay_verb *v, const char *text)
{
    const size_t digits = strcspn(text, " ");
    for (const char *c = v->exit; c < own_exits(v); c++)
        if (strncmp(c, text, digits) == 0 && !is_digit(c[digits]) && c > v->exit && c[-1] == ' ')
            return count;
    return add_exit(entries, count, text, strlen(text));
}

/* Those of the verb and the shared ones that it can end with, in ascending order. */
void cli_options_exit(const struct assay_verb *v, FILE *out)
{
    struct exit_entry entries[EXITS_MAX];
    struct column c = { .out = out, .indent = 13 };
    size_t count = add_exits(entries, 0, own_exits(v));
    count = add_exits(entries, count, "0 done, 1 system error, 2 usage");
    if (has_option(v, "socket")) {
        count = add_shared(entries, count, v, "3 no daemon answers");
        count = add_shared(entries, count, v, "7 timeout");
    }
    if (has_input(v)) count = add_shared(entries, count, v, "5 not found");
    c.at = fprintf(out, "exit status: ");
    for (size_t i = 0; i < count; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "%.*s%s", (int)entries[i].len, entries[i].text,
                       i + 1 < count ? "," : "");
        /* No line ends in a number. */
        const size_t number = strcspn(text, " ") + 1, head = number + strcspn(text + number, " ");
        put_piece(&c, text, head);
        if (text[head] != '\0') put_words(&c, text + head + 1);
    }
    (void)fputc('\n', out);
}

static void put_verb(const struct assay_verb *v, FILE *out)
{
    struct column c = { .out = out };
    put_synopsis(v, "usage: ", out);
    (void)fputc('\n', out);
    put_words(&c, v->summary);
    (void)fputs("\n\n", out);
    for (const struct assay_option *o = v->options; o->name != NULL; o++)
        put_option(o, out);
    (void)fputs(v->options[0].name != NULL ? "\nexamples:\n" : "examples:\n", out);
    put_lines(v->examples, out);
    cli_options_exit(v, out);
}

/* A group that is also a command has further verbs: `assay proof`, `proof verify`. */
static void put_other_verbs(const char *group, FILE *out)
{
    const struct assay_verb *v = NULL;
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++) {
        if (strcmp(v->group, group) != 0 || v->verb[0] == '\0') continue;
        struct column c = { .out = out, .at = 11, .indent = 11 };
        (void)fputc('\n', out);
        put_synopsis(v, "also:  ", out);
        (void)fputs("           ", out);
        put_words(&c, v->summary);
        (void)fprintf(out, "\n           `assay %s %s --help` has its options\n", group, v->verb);
    }
}

void cli_options_help(const char *group, const char *verb, FILE *out)
{
    const struct assay_verb *v = NULL;
    const char *before = "usage: ";
    size_t verbs = 0;
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++)
        if (strcmp(v->group, group) == 0) verbs++;
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++) {
        if (strcmp(v->group, group) != 0) continue;
        if (verbs == 1 || (verb != NULL && strcmp(v->verb, verb) == 0)) {
            put_verb(v, out);
            if (v->verb[0] == '\0' && verbs > 1) put_other_verbs(group, out);
            return;
        }
    }
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++) {
        if (strcmp(v->group, group) != 0) continue;
        struct column c = { .out = out, .at = 11, .indent = 11 };
        put_synopsis(v, before, out);
        (void)fputs("           ", out);
        put_words(&c, v->summary);
        (void)fputc('\n', out);
        before = "       ";
    }
    (void)fprintf(out, "\n`assay %s SUBCOMMAND --help` has options, examples and exit statuses.\n",
                  group);
}

/* ------------------------------------------------------------ what is wrong */

static void begin_error(const char *group, const char *verb)
{
    (void)fprintf(stderr, "assay %s%s%s: ", group, verb != NULL && verb[0] != '\0' ? " " : "",
                  verb != NULL ? verb : "");
}

static int end_error(const struct assay_verb *v, const char *nearest, const char *dashes)
{
    if (nearest != NULL) (void)fprintf(stderr, "; did you mean \"%s%s\"?", dashes, nearest);
    (void)fputc('\n', stderr);
    if (v != NULL) {
        put_synopsis(v, "usage: ", stderr);
        (void)fprintf(stderr, "`assay %s%s%s --help` has details\n", v->group,
                      v->verb[0] != '\0' ? " " : "", v->verb);
    }
    return ASSAY_EXIT_USAGE;
}

int cli_misuse(const char *format, ...)
{
    va_list args;
    ASSAY_ASSERT(running != NULL);
    begin_error(running->group, running->verb);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    return end_error(running, NULL, "");
}

/* The option of a verb, or of any verb of the group when v is NULL. len: without "=VALUE". */
static const struct assay_option *find_option(const char *group, const struct assay_verb *v,
                                              const char *name, size_t len)
{
    const struct assay_verb *at = NULL;
    for (size_t i = 0; (at = cli_verb_at(i)) != NULL; i++) {
        if (v != NULL ? at != v : strcmp(at->group, group) != 0) continue;
        for (const struct assay_option *o = at->options; o->name != NULL; o++)
            if (strlen(o->name) == len && strncmp(o->name, name, len) == 0) return o;
    }
    return NULL;
}

static int wrong_option(const struct assay_verb *v, const char *word, size_t len)
{
    const char *names[NAMES_MAX + 1] = { NULL };
    const struct assay_verb *other = NULL;
    size_t count = 0;
    char name[WORD_MAX + 1];
    for (const struct assay_option *o = v->options; o->name != NULL && count < NAMES_MAX; o++)
        names[count++] = o->name;
    (void)snprintf(name, sizeof name, "%.*s", (int)(len < WORD_MAX ? len : WORD_MAX), word);
    begin_error(v->group, v->verb);
    (void)fprintf(stderr, "there is no option \"--%s\"", name);
    for (size_t i = 0; (other = cli_verb_at(i)) != NULL; i++)
        if (strcmp(other->group, v->group) == 0 &&
            find_option(v->group, other, word, len) != NULL) {
            (void)fprintf(stderr, " here; `assay %s%s%s` has it", other->group,
                          other->verb[0] != '\0' ? " " : "", other->verb);
            return end_error(v, NULL, "");
        }
    return end_error(v, cli_nearest(name, names), "--");
}

/* "a|b|c" as names. Returns: whether value is one; names are in room. */
static bool is_choice(const char *choices, const char *value, char *room, size_t room_len,
                      const char **names)
{
    size_t count = 0, at = 0;
    bool found = false;
    (void)snprintf(room, room_len, "%s", choices);
    while (room[at] != '\0' && count < NAMES_MAX) {
        const size_t len = strcspn(room + at, "|");
        const bool last = room[at + len] == '\0';
        room[at + len] = '\0';
        found = found || strcmp(room + at, value) == 0;
        names[count++] = room + at;
        at += len + (last ? 0 : 1);
    }
    names[count] = NULL;
    return found;
}

static int wrong_value(const struct assay_verb *v, const struct assay_option *o, const char *value)
{
    char room[256];
    const char *names[NAMES_MAX + 1];
    /* "+N|EPOCH" names two forms, not two words. */
    if (o->value == NULL || strchr(o->value, '|') == NULL) return -1;
    if (o->value[0] < 'a' || o->value[0] > 'z') return -1;
    if (is_choice(o->value, value, room, sizeof room, names)) return -1;
    begin_error(v->group, v->verb);
    (void)fprintf(stderr, "--%s: expected one of", o->name);
    for (size_t i = 0; names[i] != NULL; i++)
        (void)fprintf(stderr, "%s %s", i > 0 ? "," : "", names[i]);
    (void)fprintf(stderr, ", found \"%s\"", value);
    return end_error(v, cli_nearest(value, names), "");
}

/* ------------------------------------------------------------ a line */

struct line {
    const char *group;
    const struct assay_verb *verb;
    int argc;
    char **argv;
    int word_count; /* positional, without the verb */
    bool help;
};

static bool has_verbs(const char *group)
{
    const struct assay_verb *v = NULL;
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++)
        if (strcmp(v->group, group) == 0 && v->verb[0] != '\0') return true;
    return false;
}

static const struct assay_verb *find_verb(const char *group, const char *verb)
{
    const struct assay_verb *v = NULL;
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++)
        if (strcmp(v->group, group) == 0 && strcmp(v->verb, verb) == 0) return v;
    return NULL;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* Whether argv[*i] is an option of the group that takes the next word; *i is moved behind both. */
static void skip_option(const struct line *line, int *i)
{
    const char *const word = line->argv[*i];
    if (strncmp(word, "--", 2) != 0 || strchr(word, '=') != NULL) return;
    const struct assay_option *const o = find_option(line->group, NULL, word + 2, strlen(word + 2));
    if (o != NULL && o->value != NULL) *i += 1;
}

/* Where the first word is, and whether help is asked for. Returns: its place, 0 for none. */
static int first_word(struct line *line)
{
    int first = 0;
    for (int i = 1; i < line->argc; i++) {
        const char *const word = line->argv[i];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) line->help = true;
        if (strcmp(word, "--") == 0) break;
        if (is_option(word)) skip_option(line, &i);
        else if (first == 0) first = i;
    }
    return first;
}

static int wrong_verb(const struct line *line, const char *word)
{
    const char *names[NAMES_MAX + 1] = { NULL };
    const struct assay_verb *v = NULL;
    size_t count = 0;
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL && count < NAMES_MAX; i++)
        if (strcmp(v->group, line->group) == 0) names[count++] = v->verb;
    begin_error(line->group, NULL);
    if (word != NULL) (void)fprintf(stderr, "\"%s\" is not a subcommand", word);
    else (void)fputs("expected a subcommand", stderr);
    (void)end_error(NULL, word != NULL ? cli_nearest(word, names) : NULL, "");
    (void)fprintf(stderr, "usage: assay %s", line->group);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(stderr, "%s%s", i > 0 ? "|" : " ", names[i]);
    (void)fprintf(stderr, " ...\n`assay %s --help` has details\n", line->group);
    return ASSAY_EXIT_USAGE;
}

/* Verifiers, whose verdict depends on every option: the last of two must not win silently. */
static bool is_verifier(const struct assay_verb *v)
{
    static const char *const groups[] = { "evidence",   "ear",    "result", "tcb",
                                          "collateral", "policy", "proof",  "audit", "forensics" };
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (strcmp(groups[i], v->group) == 0) return true;
    return false;
}

/* Returns: -1, or the exit status. */
static int check_option(const struct line *line, const struct cli_line_part *part, uint64_t *seen)
{
    const struct assay_verb *const v = line->verb;
    const struct assay_option *const o = part->option;
    if (part->word[1] != '-') {
        begin_error(v->group, v->verb);
        (void)fprintf(stderr, "there is no option \"%s\": names of options have two dashes",
                      part->word);
        return end_error(v, NULL, "");
    }
    if (o == NULL) return wrong_option(v, part->word + 2, part->name_len);
    const bool is_seen = (*seen >> (o - v->options) & 1) != 0;
    if (is_seen && o->value != NULL && (o->flags & ASSAY_OPTION_MANY) == 0 &&
        (is_verifier(v) || strcmp(o->name, "socket") == 0))
        return cli_misuse("--%s is given twice: which one counts?", o->name);
    *seen |= (uint64_t)1 << (o - v->options);
    if (o->value == NULL && part->value != NULL)
        return cli_misuse("--%s takes no value, found \"%s\"", o->name, part->value);
    if (o->value != NULL && part->value == NULL)
        return cli_misuse("--%s wants a value: %s", o->name, o->help);
    return o->value != NULL ? wrong_value(v, o, part->value) : -1;
}

const struct assay_verb *cli_line_verb(void)
{
    ASSAY_ASSERT(running != NULL);
    return running;
}

bool cli_line_next(int argc, char **argv, struct cli_line_part *part)
{
    const struct assay_verb *const v = cli_line_verb();
    const struct cli_line_part before = *part;
    int at = before.at + 1;
    *part = (struct cli_line_part){ .plain = before.plain };
    if (!part->plain && at < argc && strcmp(argv[at], "--") == 0) {
        part->plain = true;
        at++;
    }
    if (at >= argc) return false;
    part->at = at;
    part->word = argv[at];
    part->is_option = !part->plain && is_option(part->word);
    if (!part->is_option || part->word[1] != '-') return true;
    const char *const name = part->word + 2;
    part->name_len = strcspn(name, "=");
    part->option = find_option(v->group, v, name, part->name_len);
    if (name[part->name_len] == '=') part->value = name + part->name_len + 1;
    else if (part->option != NULL && part->option->value != NULL && at + 1 < argc)
        part->value = argv[++part->at];
    return true;
}

static void parse_bounds(const char *arguments, int *low, int *high)
{
    *low = *high = 0;
    for (const char *at = arguments; *at != '\0';) {
        const size_t len = strcspn(at, " ");
        if (strncmp(at, "...", 3) == 0) *high = INT32_MAX;
        else if (*high < INT32_MAX) {
            *high += 1;
            *low += at[0] == '[' ? 0 : 1;
        }
        at += len + (at[len] == ' ' ? 1 : 0);
    }
}

/* Reports all missing options at once. */
static int check_words(const struct line *line, uint64_t seen)
{
    const struct assay_verb *const v = line->verb;
    int low = 0, high = 0, faults = 0;
    for (const struct assay_option *o = v->options; o->name != NULL; o++) {
        if ((o->flags & ASSAY_OPTION_MUST) == 0 || (seen >> (o - v->options) & 1) != 0) continue;
        if (faults++ == 0) begin_error(v->group, v->verb);
        (void)fprintf(stderr, "%s--%s %s is missing: %s", faults > 1 ? "; " : "", o->name, o->value,
                      o->help);
    }
    parse_bounds(v->arguments, &low, &high);
    if (line->word_count >= low && line->word_count <= high)
        return faults == 0 ? -1 : end_error(v, NULL, "");
    if (faults == 0) begin_error(v->group, v->verb);
    else (void)fputs("; ", stderr);
    if (high == 0) (void)fprintf(stderr, "expected options only");
    else (void)fprintf(stderr, "expected %s", v->arguments);
    if (line->word_count == 0) (void)fputs(", found no argument", stderr);
    else
        (void)fprintf(stderr, ", found %d argument%s", line->word_count,
                      line->word_count == 1 ? "" : "s");
    return end_error(v, NULL, "");
}

static int check_line(struct line *line)
{
    struct cli_line_part part = { .at = 0 };
    uint64_t seen = 0;
    line->word_count = line->verb->verb[0] == '\0' ? 0 : -1;
    while (cli_line_next(line->argc, line->argv, &part)) {
        const int status = part.is_option ? check_option(line, &part, &seen) : -1;
        if (status >= 0) return status;
        if (!part.is_option) line->word_count++;
    }
    return check_words(line, seen);
}

int cli_options_check(int argc, char **argv)
{
    struct line line = { .group = argv[0], .argc = argc, .argv = argv };
    const int at = first_word(&line);
    const char *const first = at > 0 ? argv[at] : NULL;
    const bool verbs = has_verbs(line.group);
    const bool wants_help = first != NULL && strcmp(first, "help") == 0 && verbs;
    if (verbs && first != NULL) line.verb = find_verb(line.group, first);
    if (line.verb == NULL) line.verb = find_verb(line.group, "");
    if (line.help || wants_help) {
        cli_options_help(line.group, line.verb != NULL ? line.verb->verb : NULL, stdout);
        return ASSAY_EXIT_OK;
    }
    if (line.verb == NULL) return wrong_verb(&line, first);
    running = line.verb;
    const int status = check_line(&line);
    /* Options may stand before the verb; groups look for it in front. */
    for (int i = at; status < 0 && line.verb->verb[0] != '\0' && i > 1; i--) {
        char *const word = argv[i];
        argv[i] = argv[i - 1];
        argv[i - 1] = word;
    }
    return status;
}

bool cli_options_json(int argc, char **argv)
{
    struct line line = { .group = argv[0], .argc = argc, .argv = argv };
    (void)first_word(&line);
    if (find_option(line.group, NULL, "json", 4) == NULL) return false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) return false;
        if (strcmp(argv[i], "--json") == 0) return true;
        skip_option(&line, &i);
    }
    return false;
}
